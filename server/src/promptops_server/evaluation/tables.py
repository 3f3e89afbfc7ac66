"""Tables of evaluation: runs, one row per planned call, its scores and texts, the matrix's cells, and suites as read.

Costs are millionths of a US dollar, null where a price is unknown.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from promptops_server.infra.tables import BigId, metadata
from promptops_server.registry.tables import PathText

test_run = Table(
    "test_run",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), ForeignKey("project.id"), nullable=False),
    Column("number", Integer, nullable=False),  # per project, from 1
    Column("path", PathText, nullable=False),
    Column("version", Integer, nullable=True),  # null: a text that is no version (a draft)
    Column("behaviour", String(80), nullable=False),
    Column("suites", Text, nullable=False),  # JSON array of {name, digest, blob, cases}
    Column("suites_key", String(80), nullable=False),  # sha256 over the sorted names
    Column("suites_digest", String(80), nullable=False),  # sha256 over the sorted names and digests
    Column("targets", Text, nullable=False),  # JSON array: each target as it was, without secrets
    Column("repeat", Integer, nullable=False),
    Column("max_cost", BigInteger, nullable=True),
    Column("fresh", Boolean, nullable=False),  # no stored answer is used again
    Column(
        "plan", LargeBinary, nullable=False
    ),  # zlib JSON: artifact, suites whole; what resuming needs
    Column("state", String(16), nullable=False),
    Column("problem", Text, nullable=True),
    Column("cancel_asked", Boolean, nullable=False),
    Column("attempt", Integer, nullable=False),  # counts starts and resumes; part of the job's id
    Column("calls", Integer, nullable=False),
    Column("cost", BigInteger, nullable=False),  # settled so far, judges included
    Column("reserved", BigInteger, nullable=False),
    Column("progress", Text, nullable=True),  # JSON, see `runs.model.Progress`
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(36), nullable=False),
    Column("started_at", BigInteger, nullable=True),
    Column("ended_at", BigInteger, nullable=True),
    UniqueConstraint("project_id", "number"),
    Index("ix_test_run_path", "project_id", "path", "number"),
    Index("ix_test_run_state", "state", "created_at"),
)

test_result = Table(
    "test_result",
    metadata,
    Column("run_id", String(36), ForeignKey("test_run.id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),  # place in the plan
    Column("target_id", String(36), nullable=False),
    Column("suite", String(700), nullable=False),
    Column("case_key", String(200), nullable=False),
    Column("repeat", Integer, nullable=False),  # from 0
    Column("state", String(16), nullable=False),
    Column("fault", String(24), nullable=True),
    Column("detail", Text, nullable=True),
    Column("passed", Boolean, nullable=True),  # every required check; null while not done
    Column("scores", Text, nullable=True),  # JSON array, see `model.Score`
    Column("request_key", String(80), nullable=True),  # what a stored answer is found again by
    Column("from_run", String(36), nullable=True),  # the run whose answer was used again
    Column("model", String(200), nullable=True),  # as the endpoint named it
    Column("fingerprint", String(200), nullable=True),
    Column("stop", String(16), nullable=True),
    Column("input_tokens", Integer, nullable=True),
    Column("output_tokens", Integer, nullable=True),
    Column("cached_tokens", Integer, nullable=True),
    Column("reasoning_tokens", Integer, nullable=True),
    Column("cost", BigInteger, nullable=True),
    Column("latency_ms", Float, nullable=True),
    Column("first_token_ms", Float, nullable=True),
    Column("attempts", Integer, nullable=True),
    Column("seed", BigInteger, nullable=True),
    Column("texts", LargeBinary, nullable=True),  # zlib JSON: the request as sent, the whole reply
    Column("ended_at", BigInteger, nullable=True),
    Index("ix_test_result_request", "request_key"),
)

test_cell = Table(
    "test_cell",
    metadata,
    Column("project_id", String(36), ForeignKey("project.id"), primary_key=True),
    Column("path", PathText, primary_key=True),
    Column("target_id", String(36), primary_key=True),
    Column("behaviour", String(80), primary_key=True),
    Column("suites_key", String(80), primary_key=True),
    Column("suites_digest", String(80), nullable=False),
    Column("suites", Text, nullable=False),  # JSON object: name to digest
    Column("catalogue_digest", String(80), nullable=False),
    Column("target_model", String(200), nullable=False),  # the target's model and endpoint then
    Column("model", String(200), nullable=False),  # what the endpoint said it was
    Column("run_id", String(36), ForeignKey("test_run.id"), nullable=False),
    Column("run_number", Integer, nullable=False),
    Column("version", Integer, nullable=True),
    Column("verdict", String(16), nullable=False),  # works, needs_tuning, fails, untested
    Column("cases", Integer, nullable=False),
    Column("passed", Integer, nullable=False),
    Column("counts", Text, nullable=False),  # JSON, see `model.CellCounts`
    Column("cost", BigInteger, nullable=True),
    Column("latency_ms", Float, nullable=True),  # median
    Column("updated_at", BigInteger, nullable=False),
    Index("ix_test_cell_target", "target_id", "updated_at"),
)

# Worked out from files, and worked out again when they changed; a row can be missing at any time.
suite_reading = Table(
    "suite_reading",
    metadata,
    Column("prompt_id", BigId, ForeignKey("prompt.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("project_id", String(36), ForeignKey("project.id"), nullable=False),
    Column("known_by", String(80), nullable=False),  # sha256 over all that was read
    Column("suites", Text, nullable=False),  # JSON object: name to digest
    Index("ix_suite_reading_project", "project_id"),
)
