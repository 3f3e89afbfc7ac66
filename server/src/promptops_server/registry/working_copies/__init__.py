"""Working copies: each person's unsaved edit of a prompt, kept by the server. Not a version, and not in Git.

Owns the edit between two versions: autosaving, sharing by link, rebasing onto a parent that moved, and committing,
which is `edits.put` with the copy's row removed in the same transaction. How texts are merged is
`promptops.format.merge`.

An autosave is no write of the registry: it moves no ref, number or release and decides nothing others rely on, so it
takes no project lock and leaves no audit event. Its one row is guarded by its own revision. What others can notice
does both: sharing, ending a share, committing, and an administrator's discarding.
"""
