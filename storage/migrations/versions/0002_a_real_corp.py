"""a real corp"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_limits",
        sa.Column("api", sa.String(), nullable=False),
        sa.Column("closed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("span", sa.String(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=True),
        sa.Column("slots_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("api"),
    )
    op.create_table(
        "applied_objects",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("wecom_id", sa.String(), nullable=True),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("followed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key"),
    )
    op.create_table(
        "form_answers",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index(
        op.f("ix_form_answers_external_userid"), "form_answers", ["external_userid"], unique=False
    )
    op.create_table(
        "group_pictures",
        sa.Column("chat_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chat_id"],
            ["groups.chat_id"],
        ),
        sa.PrimaryKeyConstraint("chat_id"),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "slot"),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "wrong_secrets",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("errcode", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.drop_table("media")  # a memory of uploads: the next sweep uploads the pictures again
    op.create_table(
        "media",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("media_id", sa.String(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "kind"),
    )
    op.create_index(op.f("ix_media_media_id"), "media", ["media_id"], unique=False)
    op.create_table(
        "todos",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("userid", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("card", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("response_code", sa.String(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("todos_by_time", "todos", ["userid", "claimed_at"], unique=False)
    op.create_index(op.f("ix_todos_subject"), "todos", ["subject"], unique=False)
    op.create_table(
        "entry_code_ways",
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("userid", sa.String(), nullable=False),
        sa.Column("config_id", sa.String(), nullable=True),
        sa.Column("qr_code", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["state"],
            ["entry_codes.state"],
        ),
        sa.PrimaryKeyConstraint("state", "userid"),
    )
    op.create_table(
        "scan_counts",
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("scans", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["state"],
            ["entry_codes.state"],
        ),
        sa.PrimaryKeyConstraint("state", "day"),
    )
    op.add_column(
        "employees",
        sa.Column("shifts", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
    )
    op.add_column("employees", sa.Column("daily_adds", sa.Integer(), nullable=True))
    op.add_column("entry_codes", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("entry_codes", sa.Column("closed_reason", sa.String(), server_default="", nullable=False))
    op.create_index("follows_by_code", "follows", ["state", "since"], unique=False)
    op.create_index("follows_by_day", "follows", ["userid", "since"], unique=False)
    op.add_column("groups", sa.Column("hand_qr", sa.LargeBinary(), nullable=True))
    op.add_column("groups", sa.Column("hand_qr_exported_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("stores", sa.Column("address", sa.String(), nullable=True))
    op.add_column("stores", sa.Column("latitude", sa.Float(), nullable=True))
    op.add_column("stores", sa.Column("longitude", sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column("stores", "longitude")
    op.drop_column("stores", "latitude")
    op.drop_column("stores", "address")
    op.drop_column("groups", "hand_qr_exported_at")
    op.drop_column("groups", "hand_qr")
    op.drop_index("follows_by_day", table_name="follows")
    op.drop_index("follows_by_code", table_name="follows")
    op.drop_column("entry_codes", "closed_reason")
    op.drop_column("entry_codes", "closed_at")
    op.drop_column("employees", "daily_adds")
    op.drop_column("employees", "shifts")
    op.drop_table("scan_counts")
    op.drop_table("entry_code_ways")
    op.drop_index(op.f("ix_todos_subject"), table_name="todos")
    op.drop_index("todos_by_time", table_name="todos")
    op.drop_table("todos")
    op.drop_index(op.f("ix_media_media_id"), table_name="media")
    op.drop_table("media")
    op.create_table(
        "media",
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("media_id", sa.String(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("purpose"),
    )
    op.drop_table("wrong_secrets")
    op.drop_table("leases")
    op.drop_table("group_pictures")
    op.drop_index(op.f("ix_form_answers_external_userid"), table_name="form_answers")
    op.drop_table("form_answers")
    op.drop_table("applied_objects")
    op.drop_table("api_limits")
