"""Sign-in at the company's identity provider: OpenID Connect, authorisation code with PKCE.

`provider` reads what the provider publishes, `id_token` judges what it says (pure), `flow` is the way of a browser there
and back, `accounts` makes and updates the account, `terminal` lets a command line sign in through a browser elsewhere.
"""
