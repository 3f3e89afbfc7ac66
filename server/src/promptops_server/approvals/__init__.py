"""Whether content may become live: the publish gate, and the rules an environment adds to it.

Owns the rules and their reasons as pure functions. Leaves roles to `access` and the facts to whoever asks.
"""
