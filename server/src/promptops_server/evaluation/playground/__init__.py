"""A prompt tried on several targets at once: answers stream, nothing of them is stored.

Owns one try and making a case of what it showed. Runs, whose results count, are `runs`.
"""
