"""Suites: files of cases and evaluators beside the prompts, versioned with them."""
