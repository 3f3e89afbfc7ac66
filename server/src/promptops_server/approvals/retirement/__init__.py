"""Retirement: the use of a prompt ends; its versions, releases and evidence stay readable.

Owns who ended it and why. Leaves refusing what is retired to the gate.
"""
