"""Evidence over what was released: packs that an outsider checks without this server.

Owns what a pack holds and how its report reads. Leaves the facts to the packages they belong to, the signature to
`delivery`, and checking to `promptops.evidence`.
"""
