"""The sample workspace of ``up --demo``: three projects of a bank, a hospital and a maker of machined parts.

`content/` is its text; `load` tells it to the product through the same use cases that people use, as those people.
"""
