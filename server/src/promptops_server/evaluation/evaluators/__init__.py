"""Evaluators, one file each: what is asked of an answer."""
