"""What keeps a server or an operator's command from working: one line that says what and what to do."""

from __future__ import annotations


class CannotStart(Exception):
    """Printed as one line; the command ends with exit code 2."""
