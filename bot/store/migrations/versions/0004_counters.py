"""counters: what the rules count, as rows

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "counters",
        sa.Column("counter", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("counter", name=op.f("pk_counters")),
    )
    op.create_table(
        "counted",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("counter", sa.String(), nullable=False),
        sa.Column("mention", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_counted_brand")),
        sa.ForeignKeyConstraint(["mention"], ["mentions.id"], name=op.f("fk_counted_mention")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counted")),
        sa.UniqueConstraint("counter", "mention", name=op.f("uq_counted_counter_mention")),
    )
    op.create_index(op.f("ix_counted_counter_at"), "counted", ["counter", "at"])
    op.create_index(op.f("ix_counted_mention"), "counted", ["mention"])


def downgrade() -> None:
    op.drop_table("counted")
    op.drop_table("counters")
