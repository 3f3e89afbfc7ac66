"""Bringing a Git repository with its history into a project, with the user's own `git`."""
