"""receipts: a message in a chat finds the card that it is

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op


revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_IS_SENT = sa.text("receipt IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_effects_receipt",
        "effects",
        ["receipt"],
        unique=False,
        sqlite_where=_IS_SENT,
        postgresql_where=_IS_SENT,
    )


def downgrade() -> None:
    op.drop_index("ix_effects_receipt", table_name="effects")
