"""Evidence packs as their reader checks them: the container, the signature, every digest, and the audit proof.

Needs no server. `offline` uses the standard library alone, so that the same code travels inside each pack as
`verify.py` (`bundle`); `recompute` adds what needs the prompt-file format; `check` is both together.
"""
