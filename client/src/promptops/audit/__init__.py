"""The audit log as an outsider checks it: its hash tree, its signed checkpoints, an export and the verdict over it.

Needs no server. The server uses the same functions to make what is checked here.
"""
