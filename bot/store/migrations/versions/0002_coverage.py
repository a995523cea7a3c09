"""coverage: what each source observed

Revision ID: 0002
Revises: 0001

It begins empty: what was observed before is not known, and is not claimed.
"""

import sqlalchemy as sa
from alembic import op


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "coverage",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "started_at", name=op.f("pk_coverage")),
    )


def downgrade() -> None:
    op.drop_table("coverage")
