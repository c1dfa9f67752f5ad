"""playbooks"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_tags",
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("userid", sa.String(), nullable=False),
        sa.Column("tag_group", sa.String(), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("tag_id", sa.String(), nullable=True),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("external_userid", "userid", "tag_group", "tag"),
    )
    op.create_table(
        "exposures",
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("experiment", sa.String(), nullable=False),
        sa.Column("arm", sa.String(), nullable=False),
        sa.Column("playbook", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("external_userid", "experiment"),
    )
    op.create_table(
        "playbook_pictures",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.add_column("entry_codes", sa.Column("campaign", sa.String(), nullable=True))
    op.alter_column("entry_codes", "playbook", existing_type=sa.VARCHAR(), nullable=True)
    op.add_column("orders", sa.Column("coupons", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "orders",
        sa.Column("categories", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default="{}"),
    )
    op.add_column("playbook_versions", sa.Column("note", sa.String(), nullable=False, server_default=""))
    op.add_column("stores", sa.Column("manager", sa.String(), nullable=True))
    op.add_column("stores", sa.Column("wifi", sa.String(), nullable=True))
    op.add_column("todos", sa.Column("external_userid", sa.String(), nullable=True))
    op.add_column("todos", sa.Column("touch_key", sa.String(), nullable=True))
    op.add_column("batches", sa.Column("channel", sa.String(), nullable=False, server_default="private"))
    op.add_column("batches", sa.Column("job", sa.String(), nullable=True))
    op.drop_index("batches_open", table_name="batches", postgresql_where=sa.text("status = 'open'"))
    op.create_index(
        "batches_open",
        "batches",
        ["userid", "channel", "content_key", "window_ends_at"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "group_plans",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("touch_key", sa.String(), nullable=False),
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("playbook", sa.String(), nullable=True),
        sa.Column("enrolment", sa.Integer(), nullable=True),
        sa.Column("step", sa.String(), nullable=True),
        sa.Column("passed_over", sa.String(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["touch_key"], ["touches.key"]),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(op.f("ix_group_plans_external_userid"), "group_plans", ["external_userid"], unique=False)
    op.create_index(op.f("ix_group_plans_touch_key"), "group_plans", ["touch_key"], unique=False)
    op.add_column("touches", sa.Column("passed_over", sa.String(), nullable=False, server_default=""))
    op.create_index(
        "touches_by_group",
        "touches",
        ["chat_id", "planned_at"],
        unique=False,
        postgresql_where=sa.text("channel = 'group'"),
    )
    op.add_column("touches", sa.Column("coupon", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("touches", sa.Column("enrolment", sa.Integer(), nullable=True))
    op.add_column("touches", sa.Column("step", sa.String(), nullable=True))
    op.add_column("touches", sa.Column("limits", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.create_table(
        "enrolments",
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("playbook", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("moving", sa.String(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("external_userid", "number"),
    )
    op.add_column("customers", sa.Column("episode", sa.Integer(), nullable=False, server_default="1"))
    op.create_table(
        "segment_runs",
        sa.Column("playbook", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("playbook", "version", "day"),
    )
    op.create_index(
        "enrolments_open", "enrolments", ["playbook"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "playbook_moves",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("playbook", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("to_version", sa.String(), nullable=False),
        sa.Column("to_number", sa.Integer(), nullable=False),
        sa.Column("from_number", sa.Integer(), nullable=True),
        sa.Column("store_id", sa.String(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(), nullable=True),
        sa.Column("undone_note", sa.String(), nullable=False),
        sa.Column("undo_began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_playbook_moves_playbook"), "playbook_moves", ["playbook"])
    op.create_table(
        "playbook_move_customers",
        sa.Column("move_id", sa.String(), nullable=False),
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("from_version", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["move_id"], ["playbook_moves.id"]),
        sa.PrimaryKeyConstraint("move_id", "external_userid"),
    )
    op.execute(
        """
        CREATE FUNCTION playbook_versions_are_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'a published version is never changed: publish the next one'; END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER playbook_versions_are_immutable BEFORE UPDATE OR DELETE OR TRUNCATE
        ON playbook_versions FOR EACH STATEMENT EXECUTE FUNCTION playbook_versions_are_immutable()
        """
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER playbook_versions_are_immutable ON playbook_versions")
    op.execute("DROP FUNCTION playbook_versions_are_immutable()")
    op.drop_table("playbook_move_customers")
    op.drop_index(op.f("ix_playbook_moves_playbook"), table_name="playbook_moves")
    op.drop_table("playbook_moves")
    op.drop_table("segment_runs")
    op.drop_column("customers", "episode")
    op.drop_index("enrolments_open", table_name="enrolments")
    op.drop_table("enrolments")
    op.drop_index("touches_by_group", table_name="touches", postgresql_where=sa.text("channel = 'group'"))
    op.drop_column("touches", "passed_over")
    op.drop_table("group_plans")
    op.drop_index("batches_open", table_name="batches", postgresql_where=sa.text("status = 'open'"))
    other = "(SELECT id FROM batches WHERE channel <> 'private')"
    op.execute(f"UPDATE touches SET batch_id = NULL WHERE batch_id IN {other}")  # noqa: S608 - our own words
    op.execute("DELETE FROM batches WHERE channel <> 'private'")
    op.drop_column("batches", "job")
    op.drop_column("batches", "channel")
    op.create_index(
        "batches_open",
        "batches",
        ["userid", "content_key", "window_ends_at"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.drop_column("touches", "limits")
    op.drop_column("touches", "step")
    op.drop_column("touches", "enrolment")
    op.drop_column("touches", "coupon")
    op.drop_column("todos", "touch_key")
    op.drop_column("todos", "external_userid")
    op.drop_column("stores", "wifi")
    op.drop_column("stores", "manager")
    op.drop_column("playbook_versions", "note")
    op.drop_column("orders", "categories")
    op.drop_column("orders", "coupons")
    op.alter_column("entry_codes", "playbook", existing_type=sa.VARCHAR(), nullable=False)
    op.drop_column("entry_codes", "campaign")
    op.drop_table("playbook_pictures")
    op.drop_table("exposures")
    op.drop_table("customer_tags")
