"""The installation's own policies: what it forbids beyond the shipped ones.

They are Cedar text in a table, checked before they take effect, and only ever forbid: a further condition on what a role
opens is a ``forbid … unless``.
"""
