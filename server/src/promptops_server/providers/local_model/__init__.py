"""Model files of this machine, served to ourselves: each by a process of its own, on loopback, while it is used.

Owns finding the file, the process from its start to its end, and what the process runs. Leaves the requests to `wire`:
the process speaks the OpenAI protocol. Decision 0033 says why it is built so.
"""
