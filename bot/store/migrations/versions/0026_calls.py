"""calls: whom cards called by name, where a budget bounds it

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op


revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("id", _ID, nullable=False),
        sa.Column("effect", _ID, nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("is_critical", sa.Boolean(), nullable=False),
        sa.Column("is_left_out", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["effect"], ["effects.id"], name=op.f("fk_calls_effect")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint("effect", "person", name=op.f("uq_calls_effect_person")),
    )
    op.create_index(op.f("ix_calls_at"), "calls", ["at"])


def downgrade() -> None:
    op.drop_table("calls")
