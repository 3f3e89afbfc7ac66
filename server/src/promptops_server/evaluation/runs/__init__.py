"""Test runs: planned, started as durable jobs, carried out within what they may cost, read and reported.

`plan` says which calls a run consists of, `start` writes them down, `carry_out` makes them, `read` and `report` tell.
"""
