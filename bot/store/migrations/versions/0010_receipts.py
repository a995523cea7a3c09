"""receipts: a message in a chat finds the card that it is

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op


revision = "0010"
down_revision = "0009"
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
