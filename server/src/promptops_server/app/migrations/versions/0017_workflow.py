"""requests for review, decisions, comments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('review_request',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('project_id', sa.String(length=36), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('prompt_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('path', sa.String(length=600).with_variant(sa.String(length=600, collation='C'), 'postgresql'), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('behaviour', sa.String(length=80), nullable=False),
    sa.Column('record', sa.String(length=80), nullable=False),
    sa.Column('tier', sa.String(length=8), nullable=False),
    sa.Column('message', sa.Text(), nullable=False),
    sa.Column('asked', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('opened_by', sa.String(length=36), nullable=False),
    sa.Column('opened_identity', sa.String(length=64), nullable=False),
    sa.Column('opened_at', sa.BigInteger(), nullable=False),
    sa.Column('approved_at', sa.BigInteger(), nullable=True),
    sa.Column('used_at', sa.BigInteger(), nullable=True),
    sa.Column('renewed_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_review_request_project_id')),
    sa.ForeignKeyConstraint(['prompt_id'], ['prompt.id'], name=op.f('fk_review_request_prompt_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review_request')),
    sa.UniqueConstraint('project_id', 'number', name=op.f('uq_review_request_project_id_number'))
    )
    op.create_index('ix_review_request_content', 'review_request', ['prompt_id', 'behaviour', 'record', 'number'])
    op.create_index('ix_review_request_path', 'review_request', ['project_id', 'path', 'number'])
    op.create_index('ix_review_request_state', 'review_request', ['project_id', 'state', 'number'])

    op.create_table('review_comment',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('request_id', sa.String(length=36), nullable=False),
    sa.Column('project_id', sa.String(length=36), nullable=False),
    sa.Column('thread', sa.String(length=36), nullable=False),
    sa.Column('line', sa.Integer(), nullable=True),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('suggestion', sa.Text(), nullable=True),
    sa.Column('subject', sa.String(length=36), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('resolved_at', sa.BigInteger(), nullable=True),
    sa.Column('resolved_by', sa.String(length=36), nullable=True),
    sa.ForeignKeyConstraint(['request_id'], ['review_request.id'], name=op.f('fk_review_comment_request_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review_comment'))
    )
    op.create_index('ix_review_comment_request', 'review_comment', ['request_id', 'at', 'id'])

    op.create_table('review_decision',
    sa.Column('request_id', sa.String(length=36), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.String(length=36), nullable=False),
    sa.Column('verdict', sa.String(length=20), nullable=False),
    sa.Column('subject', sa.String(length=36), nullable=False),
    sa.Column('identity', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('role', sa.String(length=32), nullable=False),
    sa.Column('auth_method', sa.String(length=16), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('behaviour', sa.String(length=80), nullable=False),
    sa.Column('record', sa.String(length=80), nullable=False),
    sa.Column('tier', sa.String(length=8), nullable=False),
    sa.Column('accepted', sa.Text(), nullable=False),
    sa.Column('conditions', sa.Text(), nullable=False),
    sa.Column('report_hash', sa.String(length=80), nullable=True),
    sa.Column('signature', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['request_id'], ['review_request.id'], name=op.f('fk_review_decision_request_id')),
    sa.PrimaryKeyConstraint('request_id', 'position', name=op.f('pk_review_decision'))
    )
    op.create_index('ix_review_decision_subject', 'review_decision', ['subject', 'at'])



def downgrade() -> None:
    op.drop_index('ix_review_decision_subject', 'review_decision')

    op.drop_table('review_decision')
    op.drop_index('ix_review_comment_request', 'review_comment')

    op.drop_table('review_comment')
    op.drop_index('ix_review_request_state', 'review_request')
    op.drop_index('ix_review_request_path', 'review_request')
    op.drop_index('ix_review_request_content', 'review_request')

    op.drop_table('review_request')
