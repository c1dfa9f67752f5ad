"""the first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("userid", sa.String(), nullable=False),
        sa.Column("content_key", sa.String(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("window_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("msgid", sa.String(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("msgid"),
    )
    op.create_index(
        "batches_open",
        "batches",
        ["userid", "content_key", "window_ends_at"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_consents_external_userid"), "consents", ["external_userid"], unique=False)
    op.create_table(
        "coupons",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=True),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("coupon_id", sa.String(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("coupon_id"),
    )
    op.create_index(op.f("ix_coupons_external_userid"), "coupons", ["external_userid"], unique=False)
    op.create_table(
        "customer_log",
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("external_userid", "seq"),
    )
    op.create_table(
        "follows",
        sa.Column("userid", sa.String(), nullable=False),
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=True),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("half", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lost_reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("userid", "external_userid"),
    )
    op.create_index(op.f("ix_follows_external_userid"), "follows", ["external_userid"], unique=False)
    op.create_table(
        "inbound_events",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index(
        "inbound_undelivered",
        "inbound_events",
        ["subject", "id"],
        unique=False,
        postgresql_where=sa.text("delivered_at IS NULL"),
    )
    op.create_table(
        "media",
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("media_id", sa.String(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("purpose"),
    )
    op.create_table(
        "orders",
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=True),
        sa.Column("store_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_minor", sa.Integer(), nullable=False),
        sa.Column("refunded_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", "order_id"),
    )
    op.create_index(op.f("ix_orders_member_id"), "orders", ["member_id"], unique=False)
    op.create_table(
        "playbook_versions",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("playbook", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
        sa.UniqueConstraint("playbook", "number"),
    )
    op.create_table(
        "regions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "snapshots",
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("wake_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("external_userid"),
    )
    op.create_index(
        "snapshots_due",
        "snapshots",
        ["wake_at"],
        unique=False,
        postgresql_where=sa.text("wake_at IS NOT NULL"),
    )
    op.create_table(
        "tags",
        sa.Column("group_name", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("tag_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("group_name", "name"),
    )
    op.create_table(
        "stores",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("region_id", sa.String(), nullable=True),
        sa.Column("city", sa.String(), nullable=True),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_id"],
            ["regions.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "touches",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("userid", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("playbook", sa.String(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("notify", sa.Boolean(), nullable=False),
        sa.Column("chat_id", sa.String(), nullable=True),
        sa.Column("attempt", sa.String(), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["batches.id"],
        ),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(op.f("ix_touches_batch_id"), "touches", ["batch_id"], unique=False)
    op.create_index("touches_by_customer", "touches", ["external_userid", "planned_at"], unique=False)
    op.create_table(
        "customers",
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("unionid", sa.String(), nullable=True),
        sa.Column("member_id", sa.String(), nullable=True),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("stage_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stage_reason", sa.String(), nullable=False),
        sa.Column("store_id", sa.String(), nullable=True),
        sa.Column("playbooks", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("paused_by", sa.String(), nullable=True),
        sa.Column("opted_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_what", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"],
            ["stores.id"],
        ),
        sa.PrimaryKeyConstraint("external_userid"),
    )
    op.create_index(op.f("ix_customers_member_id"), "customers", ["member_id"], unique=False)
    op.create_index(op.f("ix_customers_stage"), "customers", ["stage"], unique=False)
    op.create_index(op.f("ix_customers_store_id"), "customers", ["store_id"], unique=False)
    op.create_index(op.f("ix_customers_unionid"), "customers", ["unionid"], unique=False)
    op.create_table(
        "employees",
        sa.Column("userid", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("store_id", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"],
            ["stores.id"],
        ),
        sa.PrimaryKeyConstraint("userid"),
    )
    op.create_table(
        "entry_codes",
        sa.Column("state", sa.String(30), nullable=False),
        sa.Column("store_id", sa.String(), nullable=False),
        sa.Column("placement", sa.String(), nullable=False),
        sa.Column("playbook", sa.String(), nullable=False),
        sa.Column("userids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("config_id", sa.String(), nullable=True),
        sa.Column("qr_code", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"],
            ["stores.id"],
        ),
        sa.PrimaryKeyConstraint("state"),
    )
    op.create_table(
        "groups",
        sa.Column("chat_id", sa.String(), nullable=False),
        sa.Column("store_id", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("member_version", sa.String(), nullable=True),
        sa.Column("join_config_id", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["store_id"],
            ["stores.id"],
        ),
        sa.PrimaryKeyConstraint("chat_id"),
    )
    op.create_index(op.f("ix_groups_store_id"), "groups", ["store_id"], unique=False)
    op.create_table(
        "group_members",
        sa.Column("chat_id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("unionid", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=True),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chat_id"],
            ["groups.chat_id"],
        ),
        sa.PrimaryKeyConstraint("chat_id", "member_id"),
    )
    op.create_index(op.f("ix_group_members_member_id"), "group_members", ["member_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_group_members_member_id"), table_name="group_members")
    op.drop_table("group_members")
    op.drop_index(op.f("ix_groups_store_id"), table_name="groups")
    op.drop_table("groups")
    op.drop_table("entry_codes")
    op.drop_table("employees")
    op.drop_index(op.f("ix_customers_unionid"), table_name="customers")
    op.drop_index(op.f("ix_customers_store_id"), table_name="customers")
    op.drop_index(op.f("ix_customers_stage"), table_name="customers")
    op.drop_index(op.f("ix_customers_member_id"), table_name="customers")
    op.drop_table("customers")
    op.drop_index("touches_by_customer", table_name="touches")
    op.drop_index(op.f("ix_touches_batch_id"), table_name="touches")
    op.drop_table("touches")
    op.drop_table("stores")
    op.drop_table("tags")
    op.drop_index("snapshots_due", table_name="snapshots", postgresql_where=sa.text("wake_at IS NOT NULL"))
    op.drop_table("snapshots")
    op.drop_table("regions")
    op.drop_table("playbook_versions")
    op.drop_index(op.f("ix_orders_member_id"), table_name="orders")
    op.drop_table("orders")
    op.drop_table("media")
    op.drop_index(
        "inbound_undelivered", table_name="inbound_events", postgresql_where=sa.text("delivered_at IS NULL")
    )
    op.drop_table("inbound_events")
    op.drop_index(op.f("ix_follows_external_userid"), table_name="follows")
    op.drop_table("follows")
    op.drop_table("customer_log")
    op.drop_index(op.f("ix_coupons_external_userid"), table_name="coupons")
    op.drop_table("coupons")
    op.drop_index(op.f("ix_consents_external_userid"), table_name="consents")
    op.drop_table("consents")
    op.drop_index("batches_open", table_name="batches", postgresql_where=sa.text("status = 'open'"))
    op.drop_table("batches")
    op.drop_table("access_tokens")
