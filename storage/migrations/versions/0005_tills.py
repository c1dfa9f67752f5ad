"""tills"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "member_buying",
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", "member_id"),
    )
    op.create_table(
        "member_conflicts",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("candidates", postgresql.JSONB(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.String(), nullable=True),
        sa.Column("chosen", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_member_conflicts_external_userid"), "member_conflicts", ["external_userid"], unique=False
    )
    op.create_index(
        "member_conflicts_open",
        "member_conflicts",
        ["external_userid"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "member_keys",
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", "kind", "digest", "member_id"),
    )
    op.create_index("member_keys_of_member", "member_keys", ["provider", "member_id"], unique=False)
    op.create_table(
        "member_links",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("ended_why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_member_links_external_userid"), "member_links", ["external_userid"], unique=False
    )
    op.create_table(
        "member_merges",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("into", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_member_merges_member_id"), "member_merges", ["member_id"], unique=False)
    op.create_table(
        "members",
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("level", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", "member_id"),
    )
    op.create_table(
        "order_refunds",
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("refund_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("minor", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", "refund_id"),
    )
    op.create_index(op.f("ix_order_refunds_order_id"), "order_refunds", ["order_id"], unique=False)
    op.create_table(
        "products",
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("product_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", "product_id"),
    )
    op.create_table(
        "quota_uses",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "period"),
    )
    op.create_table(
        "till_hints",
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "dedupe_key"),
    )
    op.create_index(
        "till_hints_due",
        "till_hints",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_table(
        "till_walks",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reached", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cursor", sa.String(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("untold", sa.Integer(), nullable=False),
        sa.Column("findings", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "voucher_stocks",
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("store_id", sa.String(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"],
            ["stores.id"],
        ),
        sa.PrimaryKeyConstraint("template", "store_id"),
    )
    op.add_column("campaigns", sa.Column("recall", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("coupons", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("coupons", sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("coupons", sa.Column("look_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("coupons", sa.Column("redeemed_store_id", sa.String(), nullable=True))
    op.add_column("coupons", sa.Column("settled_by", sa.String(), nullable=True))
    op.add_column("coupons", sa.Column("step", sa.String(), nullable=True))
    op.add_column("coupons", sa.Column("store_id", sa.String(), nullable=True))
    op.add_column("coupons", sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("coupons", sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index("coupons_of_member", "coupons", ["member_id", "template"], unique=False)
    op.create_index(
        "coupons_to_look_at",
        "coupons",
        ["look_at"],
        unique=False,
        postgresql_where=sa.text("status = 'issued'"),
    )
    op.execute("UPDATE coupons SET look_at = now() WHERE status = 'issued'")
    op.add_column("enrolments", sa.Column("undone", postgresql.JSONB(), server_default="[]", nullable=False))
    op.add_column("orders", sa.Column("bought_by", sa.String(), nullable=True))
    op.add_column("orders", sa.Column("told_minor", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("campaigns", "recall")
    op.drop_column("orders", "told_minor")
    op.drop_column("orders", "bought_by")
    op.drop_column("enrolments", "undone")
    op.drop_index("coupons_to_look_at", table_name="coupons", postgresql_where=sa.text("status = 'issued'"))
    op.drop_index("coupons_of_member", table_name="coupons")
    op.drop_column("coupons", "valid_until")
    op.drop_column("coupons", "tried_at")
    op.drop_column("coupons", "store_id")
    op.drop_column("coupons", "step")
    op.drop_column("coupons", "settled_by")
    op.drop_column("coupons", "redeemed_store_id")
    op.drop_column("coupons", "look_at")
    op.drop_column("coupons", "changed_at")
    op.drop_column("coupons", "asked_at")
    op.drop_table("voucher_stocks")
    op.drop_table("till_walks")
    op.drop_index("till_hints_due", table_name="till_hints", postgresql_where=sa.text("settled_at IS NULL"))
    op.drop_table("till_hints")
    op.drop_table("quota_uses")
    op.drop_table("products")
    op.drop_index(op.f("ix_order_refunds_order_id"), table_name="order_refunds")
    op.drop_table("order_refunds")
    op.drop_table("members")
    op.drop_index(op.f("ix_member_merges_member_id"), table_name="member_merges")
    op.drop_table("member_merges")
    op.drop_index(op.f("ix_member_links_external_userid"), table_name="member_links")
    op.drop_table("member_links")
    op.drop_index("member_keys_of_member", table_name="member_keys")
    op.drop_table("member_keys")
    op.drop_index(
        "member_conflicts_open",
        table_name="member_conflicts",
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.drop_index(op.f("ix_member_conflicts_external_userid"), table_name="member_conflicts")
    op.drop_table("member_conflicts")
    op.drop_table("member_buying")
