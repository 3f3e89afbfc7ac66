"""Exceptions: a rule set aside for a while, in a scope, with a compensating control, accepted by the control function.

Owns their rows and who may accept one. Leaves what an exception may concern, and its effect on a verdict, to `exempt`.
"""
