"""Alembic's entry: runs the migrations on the URL that the caller put into the config."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import create_engine, pool, text
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from storage.tables import Utc

MIGRATION_LOCK = 7_302_044_431  # any constant; two processes that start together migrate one after the other


def plain_types(kind: str, value: Any, _context: Any) -> str | Literal[False]:
    """Write migrations in SQLAlchemy's own types, so that an old one never depends on today's code."""
    if kind == "type" and isinstance(value, AutoString):
        return f"sa.String({value.length or ''})"
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(value, Utc) else False


engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        compare_type=True,
        render_item=plain_types,
    )
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        context.run_migrations()
engine.dispose()
