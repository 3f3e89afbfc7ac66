"""Periodic certification: what is live under an approval is looked at again before its review falls due.

Owns the due dates of what is live, the decisions anew and what is told when a date passes. Leaves the first approval to
`workflow`, and blocking a publish to the gate.
"""
