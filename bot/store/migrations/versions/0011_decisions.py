"""decisions: snoozes, overrides, what each decision changed, answered elsewhere, pauses, linked accounts

Revision ID: 0011
Revises: 0010

Decisions of before cannot be undone: nobody kept what was there.
"""

import sqlalchemy as sa
from alembic import op


revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_IS_SNOOZED = sa.text("snoozed_until IS NOT NULL")
_BEFORE = "outcome IN ('answered', 'deleted', 'dismissed')"
_AFTER = "outcome IN ('answered', 'deleted', 'dismissed', 'elsewhere')"


def upgrade() -> None:
    op.add_column("conversations", sa.Column("snoozed_until", sa.BigInteger(), nullable=True))
    op.add_column("conversations", sa.Column("snoozed_by", sa.String(), nullable=True))
    op.add_column("conversations", sa.Column("override", sa.String(), nullable=True))
    op.create_index(
        op.f("ix_conversations_snoozed_until"),
        "conversations",
        ["snoozed_until"],
        sqlite_where=_IS_SNOOZED,
        postgresql_where=_IS_SNOOZED,
    )
    op.add_column("decisions", sa.Column("argument", sa.String(), nullable=True))
    op.add_column("decisions", sa.Column("changed", sa.String(), nullable=True))
    op.add_column("decisions", sa.Column("undone_by", _ROW_ID, nullable=True))
    _outcomes(_AFTER)
    op.create_table(
        "pauses",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pauses")),
    )
    op.create_table(
        "links",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("whose", _ROW_ID, nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "author_id", name=op.f("pk_links")),
    )
    op.create_index(op.f("ix_links_whose"), "links", ["whose"])


def downgrade() -> None:
    op.drop_table("links")
    op.drop_table("pauses")
    op.execute("UPDATE asks SET outcome = 'dismissed' WHERE outcome = 'elsewhere'")
    _outcomes(_BEFORE)
    for name in ("undone_by", "changed", "argument"):
        op.drop_column("decisions", name)
    op.drop_index(op.f("ix_conversations_snoozed_until"), table_name="conversations")
    for name in ("override", "snoozed_by", "snoozed_until"):
        op.drop_column("conversations", name)


def _outcomes(condition: str) -> None:
    with op.batch_alter_table("asks") as batch:
        batch.drop_constraint(op.f("ck_asks_outcome"), type_="check")
        batch.create_check_constraint(op.f("ck_asks_outcome"), condition)
