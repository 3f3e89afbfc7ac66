"""Fragments as a graph: which version includes which fragment, who uses one, what would change if it moved.

Owns the rows of `fragment_use`. A pin names a version, and versions never change: so the graph of versions is exact for
ever, and what is live is found in it as well as what is newest. The rules of including are `promptops.format`'s.
"""
