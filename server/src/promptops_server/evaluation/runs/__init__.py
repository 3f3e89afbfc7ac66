"""Test runs: planned, carried out durably within a budget, read again."""
