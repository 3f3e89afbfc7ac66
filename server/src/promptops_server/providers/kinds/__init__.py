"""Providers, one file each: where they are, how they authenticate, which protocol they speak."""
