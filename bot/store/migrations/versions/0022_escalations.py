"""escalations: who is asked next when nobody answers, and who was asked

Revision ID: 0022
Revises: 0021

Asks that rang before this and are not overdue yet get a next step; those that are are left to whoever knows
of them.
"""

import sqlalchemy as sa
from alembic import op


revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_NOW = "CAST(strftime('%s', 'now') AS INTEGER) * 1000000"


def upgrade() -> None:
    op.create_table(
        "escalations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("ask", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("conversation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("whom", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('ask', 'remind', 'return', 'repeat')", name=op.f("ck_escalations_kind")),
        sa.ForeignKeyConstraint(["ask"], ["asks.id"], name=op.f("fk_escalations_ask")),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_escalations_brand")),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name=op.f("fk_escalations_conversation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalations")),
        sa.UniqueConstraint("ask", "number", name=op.f("uq_escalations_ask_number")),
    )
    op.create_index(op.f("ix_escalations_conversation"), "escalations", ["conversation"])
    op.add_column("asks", sa.Column("rang_at", sa.BigInteger(), nullable=True))
    op.add_column("asks", sa.Column("escalate_at", sa.BigInteger(), nullable=True))
    op.create_index(
        op.f("ix_asks_escalate_at"),
        "asks",
        ["escalate_at"],
        sqlite_where=sa.text("outcome IS NULL AND escalate_at IS NOT NULL"),
        postgresql_where=sa.text("outcome IS NULL AND escalate_at IS NOT NULL"),
    )
    op.execute(f"UPDATE asks SET rang_at = alerted_at WHERE outcome IS NULL AND due_at > {_NOW}")


def downgrade() -> None:
    op.drop_index(op.f("ix_asks_escalate_at"), table_name="asks")
    op.drop_column("asks", "escalate_at")
    op.drop_column("asks", "rang_at")
    op.drop_table("escalations")
