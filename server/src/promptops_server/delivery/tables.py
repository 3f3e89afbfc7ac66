"""Tables of delivery: the signing keys. Everything else it serves is a projection of `releases`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table

from promptops_server.infra.tables import metadata

signing_key = Table(
    "signing_key",
    metadata,
    Column("key_id", String(32), primary_key=True),
    Column("public", String(64), nullable=False),  # base64, 32 bytes
    Column(
        "private_sealed", LargeBinary, nullable=False
    ),  # encrypted with the installation's secret key
    Column("signed_by", String(32), nullable=True),
    Column("signature", String(100), nullable=True),
    Column("created_at", BigInteger, nullable=False),
    Column(
        "retired_at", BigInteger, nullable=True
    ),  # when the next one began, or will begin, to sign
    Column("signs_from", BigInteger, nullable=True),
    Column("revoked_at", BigInteger, nullable=True),
    Column("revoked_by", String(32), nullable=True),
    Column("revocation", String(100), nullable=True),  # that key's signature saying so
)
