"""The running system, for its administrators: settings with their sources, health, jobs, keys."""
