"""Suites of cases: found beside prompts in the repository, read, written without Git.

What a suite file may hold is `promptops.format.suite`. Other parts call `find`.
"""
