"""Assembly: settings to services, services to the HTTP app, the operator's command, migrations and the demo workspace.

Owns no product rule. It is the only package that knows all others: it builds them, fills their ports, starts and
stops them in order.
"""
