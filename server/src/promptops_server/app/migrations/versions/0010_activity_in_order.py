"""the prompts noted beside an event are read in the order of an index."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_prompt_activity_seq", table_name="prompt_activity")
    op.create_index("ix_prompt_activity_seq", "prompt_activity", ["project_id", "seq", "path"])


def downgrade() -> None:
    op.drop_index("ix_prompt_activity_seq", table_name="prompt_activity")
    op.create_index("ix_prompt_activity_seq", "prompt_activity", ["project_id", "seq"])
