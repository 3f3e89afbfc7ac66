"""The schema's history, one numbered file per step; `promptops_server.app.migrate` runs it."""
