"""reach"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("who", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "removals",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "stocks",
        sa.Column("store_id", sa.String(), nullable=False),
        sa.Column("product_id", sa.String(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=True),
        sa.Column("quantity_then", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
        ),
        sa.PrimaryKeyConstraint("store_id", "product_id", "expires_on"),
    )
    op.create_index(op.f("ix_stocks_campaign_id"), "stocks", ["campaign_id"], unique=False)
    op.create_table(
        "campaign_orders",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index(op.f("ix_campaign_orders_campaign_id"), "campaign_orders", ["campaign_id"], unique=False)
    op.create_table(
        "campaign_regions",
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("region_id", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
        ),
        sa.ForeignKeyConstraint(
            ["region_id"],
            ["regions.id"],
        ),
        sa.PrimaryKeyConstraint("campaign_id", "region_id"),
    )
    op.create_table(
        "campaign_waves",
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("targeted", sa.Integer(), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
        ),
        sa.PrimaryKeyConstraint("campaign_id", "number"),
    )
    op.create_table(
        "old_groups",
        sa.Column("removal_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("userid", sa.String(), nullable=False),
        sa.Column("store_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("config_id", sa.String(), nullable=True),
        sa.Column("qr_code", sa.String(), nullable=True),
        sa.Column("chat_ids", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["removal_id"],
            ["removals.id"],
        ),
        sa.ForeignKeyConstraint(
            ["store_id"],
            ["stores.id"],
        ),
        sa.PrimaryKeyConstraint("removal_id", "name"),
        sa.UniqueConstraint("state"),
    )
    op.create_table(
        "temporary_tags",
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("userid", sa.String(), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["batches.id"],
        ),
        sa.PrimaryKeyConstraint("batch_id", "external_userid"),
    )
    op.create_table(
        "group_checks",
        sa.Column("chat_id", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["chat_id"],
            ["groups.chat_id"],
        ),
        sa.PrimaryKeyConstraint("chat_id", "what"),
    )
    op.create_table(
        "group_handovers",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("chat_id", sa.String(), nullable=False),
        sa.Column("old_owner", sa.String(), nullable=False),
        sa.Column("new_owner", sa.String(), nullable=False),
        sa.Column("on_job", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["chat_id"],
            ["groups.chat_id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_group_handovers_chat_id"), "group_handovers", ["chat_id"], unique=False)
    op.create_table(
        "group_overrides",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("chat_id", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("ended_reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chat_id"],
            ["groups.chat_id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_group_overrides_chat_id"), "group_overrides", ["chat_id"], unique=False)
    op.create_table(
        "group_profiles",
        sa.Column("chat_id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("buyers", sa.Integer(), nullable=False),
        sa.Column("high_frequency", sa.Integer(), nullable=False),
        sa.Column("price_sensitive", sa.Integer(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("ticket_minor", sa.Integer(), nullable=True),
        sa.Column("in_several", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chat_id"],
            ["groups.chat_id"],
        ),
        sa.PrimaryKeyConstraint("chat_id", "day"),
    )
    op.add_column("batches", sa.Column("campaign_id", sa.String(), nullable=True))
    op.add_column("batches", sa.Column("wave", sa.Integer(), nullable=True))
    op.add_column("batches", sa.Column("released_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "batches",
        sa.Column(
            "reminded_at", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False
        ),
    )
    op.add_column("batches", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("batches", sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("batches", sa.Column("escalated_to", sa.String(), nullable=True))
    op.add_column("batches", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("batches", sa.Column("backfill_of", sa.BigInteger(), nullable=True))
    op.create_index(
        "batches_filling",
        "batches",
        ["campaign_id", "wave", "userid", "channel", "content_key"],
        unique=True,
        postgresql_where=sa.text("status = 'filling'"),
    )
    op.create_index(
        "batches_of_campaign",
        "batches",
        ["campaign_id"],
        unique=False,
        postgresql_where=sa.text("campaign_id IS NOT NULL"),
    )
    op.create_index(
        "batches_unsettled",
        "batches",
        ["status"],
        unique=False,
        postgresql_where=sa.text("status <> 'settled'"),
    )
    op.create_index("batches_by_claim", "batches", ["claimed_at"], unique=False)
    op.create_foreign_key("batches_campaign_id_fkey", "batches", "campaigns", ["campaign_id"], ["id"])
    op.add_column("customers", sa.Column("talks_to", sa.String(), nullable=True))
    op.add_column(
        "enrolments",
        sa.Column("reached", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
    )
    op.add_column("group_plans", sa.Column("campaign_id", sa.String(), nullable=True))
    op.add_column("groups", sa.Column("read_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("groups", sa.Column("next_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "todos",
        sa.Column("checks", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
    )
    op.add_column("group_plans", sa.Column("wave", sa.Integer(), nullable=True))
    op.create_index(
        "group_plans_of_campaign",
        "group_plans",
        ["campaign_id"],
        unique=False,
        postgresql_where=sa.text("campaign_id IS NOT NULL"),
    )
    op.drop_index(op.f("ix_orders_member_id"), table_name="orders")
    op.create_index(
        "orders_of_member",
        "orders",
        ["member_id", "paid_at"],
        unique=False,
        postgresql_include=["store_id", "status", "paid_minor", "refunded_minor", "coupons"],
    )
    op.add_column(
        "orders",
        sa.Column("products", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
    )
    op.add_column("touches", sa.Column("campaign_id", sa.String(), nullable=True))
    op.add_column("touches", sa.Column("wave", sa.Integer(), nullable=True))
    op.add_column("touches", sa.Column("holder", sa.String(), nullable=True))
    op.add_column("touches", sa.Column("send_by", sa.DateTime(timezone=True), nullable=True))
    op.add_column("touches", sa.Column("put_off_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("touches", sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "touches_of_campaign",
        "touches",
        ["campaign_id", "status"],
        unique=False,
        postgresql_where=sa.text("campaign_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "touches_of_campaign", table_name="touches", postgresql_where=sa.text("campaign_id IS NOT NULL")
    )
    op.drop_column("touches", "sent_at")
    op.drop_column("touches", "put_off_since")
    op.drop_column("touches", "send_by")
    op.drop_column("touches", "holder")
    op.drop_column("touches", "wave")
    op.drop_column("touches", "campaign_id")
    op.drop_column("orders", "products")
    op.drop_index("orders_of_member", table_name="orders")
    op.create_index(op.f("ix_orders_member_id"), "orders", ["member_id"], unique=False)
    op.drop_index(
        "group_plans_of_campaign",
        table_name="group_plans",
        postgresql_where=sa.text("campaign_id IS NOT NULL"),
    )
    op.drop_column("group_plans", "wave")
    op.drop_column("todos", "checks")
    op.drop_column("groups", "next_at")
    op.drop_column("groups", "read_at")
    op.drop_column("group_plans", "campaign_id")
    op.drop_column("enrolments", "reached")
    op.drop_column("customers", "talks_to")
    op.drop_constraint("batches_campaign_id_fkey", "batches", type_="foreignkey")
    op.drop_index("batches_by_claim", table_name="batches")
    op.drop_index("batches_unsettled", table_name="batches", postgresql_where=sa.text("status <> 'settled'"))
    op.drop_index(
        "batches_of_campaign", table_name="batches", postgresql_where=sa.text("campaign_id IS NOT NULL")
    )
    op.drop_index("batches_filling", table_name="batches", postgresql_where=sa.text("status = 'filling'"))
    op.drop_column("batches", "backfill_of")
    op.drop_column("batches", "expires_at")
    op.drop_column("batches", "escalated_to")
    op.drop_column("batches", "escalated_at")
    op.drop_column("batches", "told_at")
    op.drop_column("batches", "reminded_at")
    op.drop_column("batches", "released_at")
    op.drop_column("batches", "wave")
    op.drop_column("batches", "campaign_id")
    op.drop_table("group_profiles")
    op.drop_index(op.f("ix_group_overrides_chat_id"), table_name="group_overrides")
    op.drop_table("group_overrides")
    op.drop_index(op.f("ix_group_handovers_chat_id"), table_name="group_handovers")
    op.drop_table("group_handovers")
    op.drop_table("group_checks")
    op.drop_table("temporary_tags")
    op.drop_table("old_groups")
    op.drop_table("campaign_waves")
    op.drop_table("campaign_regions")
    op.drop_index(op.f("ix_campaign_orders_campaign_id"), table_name="campaign_orders")
    op.drop_table("campaign_orders")
    op.drop_index(op.f("ix_stocks_campaign_id"), table_name="stocks")
    op.drop_table("stocks")
    op.drop_table("removals")
    op.drop_table("campaigns")
