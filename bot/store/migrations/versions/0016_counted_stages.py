"""counted stages: which stages of each ask the metrics know

Revision ID: 0016
Revises: 0015

What an ask came to before this is not counted any more: nobody measured it when it happened.
"""

import sqlalchemy as sa
from alembic import op


revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_APPROVED = (
    "EXISTS (SELECT 1 FROM replies r JOIN mentions x ON x.id = r.mention"
    " WHERE r.conversation = asks.conversation AND x.ask = asks.id)"
)


def upgrade() -> None:
    op.add_column("asks", sa.Column("counted", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    bits = ("1 = 1", "alerted_at IS NOT NULL", "claimed_at IS NOT NULL", _APPROVED, "answered_at IS NOT NULL")
    told = " + ".join(f"CASE WHEN {is_there} THEN {1 << place} ELSE 0 END" for place, is_there in enumerate(bits))
    op.execute(f"UPDATE asks SET counted = {told}")


def downgrade() -> None:
    op.drop_column("asks", "counted")
