"""Model targets: configured endpoints, their credentials, limits, budgets and checks."""
