"""Break-glass: a publish that waits for no approval, and must be ratified within 72 hours.

Owns its row, the ratification, and what the server does when nobody ratifies. Leaves the publish itself to `publish`
and the gate: an emergency sets documentation and approval aside, never a suspension or a redaction.
"""
