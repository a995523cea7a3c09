"""turns_told, mornings_told: which shifts have begun, as far as staff was told

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op


revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "turns_told",
        sa.Column("rotation", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("last", sa.String(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("told_to", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rotation", name=op.f("pk_turns_told")),
    )
    op.create_table(
        "mornings_told",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("told_to", sa.BigInteger(), nullable=False),
        sa.Column("carded_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_mornings_told")),
    )


def downgrade() -> None:
    op.drop_table("mornings_told")
    op.drop_table("turns_told")
