"""What Alembic runs: our tables against the connection that `promptops_server.app.migrate` hands over."""

from __future__ import annotations

from alembic import context

from promptops_server.app.migrations.tables import is_ours, metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    include_object=is_ours,
    # SQLite cannot alter most of a table in place; Alembic then copies it.
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=False,
)
context.run_migrations()
