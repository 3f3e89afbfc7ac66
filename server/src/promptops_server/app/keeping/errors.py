"""What a backup or restore cannot do, as one line for the operator."""

from __future__ import annotations


class CannotKeep(Exception):
    """Printed as one line; the command ends with exit code 2, and nothing was changed unless the line says so."""


class BackupBroken(Exception):
    """The file is no whole backup: cut off, changed, or of another kind. Printed as one line; exit code 1."""


class WrongPassphrase(CannotKeep):
    """The file is whole, and was sealed with another passphrase."""
