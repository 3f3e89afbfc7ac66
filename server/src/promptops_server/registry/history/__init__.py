"""Understanding what a prompt was and how it changed: its versions, and what differs between two of them.

Only reads. Which number a change gets is `registry.steps`; what is live is asked of `ports.LiveVersion`.
"""
