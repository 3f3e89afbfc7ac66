"""Keeping an installation: the backup file, making one beside running servers, and restoring from it."""
