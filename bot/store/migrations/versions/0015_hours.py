"""hours: when an ask would be due if somebody were always there

Revision ID: 0015
Revises: 0014

What is there was promised by the calendar: both are the same.
"""

import sqlalchemy as sa
from alembic import op


revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TABLES = ("mentions", "asks")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("calendar_due_at", sa.BigInteger(), nullable=True))
        op.execute(f"UPDATE {table} SET calendar_due_at = due_at")


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "calendar_due_at")
