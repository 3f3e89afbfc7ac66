"""Figures of DESIGN's table, each with its floor or peer in the same run: ``python -m benchmarks``."""
