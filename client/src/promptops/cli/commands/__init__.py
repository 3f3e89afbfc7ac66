"""The commands, one file per group. Each parses, asks the server, and shows the answer."""
