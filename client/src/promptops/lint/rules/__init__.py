"""The rules: one file each, named after its id. A new file here is a new rule.

Each file declares one function with `@rule(…)`; its docstring explains the rule and shows a `Bad:`
and a `Good:` prompt. Cases stand in a YAML file of the same name beside the tests.
"""
