"""The kinds of checks, one file each; found at start."""
