"""How people prove who they are: passwords and codes, browser sessions, the identity provider, and waiting after mistakes.

Owns sign-in and what it leaves behind (sessions, enrolled apps, recovery codes); leaves accounts to `access.users` and
what somebody may do to `access.policy`.
"""
