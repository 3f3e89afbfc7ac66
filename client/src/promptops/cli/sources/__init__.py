"""Where imported prompts come from: a folder of prompt files, or a table.

Each source gives a `Collected`: prompt files ready to send, and everything that could not be carried,
by name. Sending them is the command's.
"""
