"""Who somebody is and what they may do: people, service accounts, tokens, roles, and the decision.

Owns authentication and authorisation; leaves the publish gate to `approvals`.
"""
