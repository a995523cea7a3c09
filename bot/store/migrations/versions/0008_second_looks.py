"""second looks: how far an ask that waits has been judged again

Revision ID: 0008
Revises: 0007

Asks that are there begin at nothing: with rules that look at waiting they are judged once more.
"""

import sqlalchemy as sa
from alembic import op


revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("judged_to", "engaged_to"):
        op.add_column("asks", sa.Column(name, sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    is_open = sa.text("outcome IS NULL")
    for name in ("judged_to", "started_at"):
        op.create_index(op.f(f"ix_asks_{name}"), "asks", [name], sqlite_where=is_open, postgresql_where=is_open)


def downgrade() -> None:
    for name in ("judged_to", "started_at"):
        op.drop_index(op.f(f"ix_asks_{name}"), "asks")
    for name in ("judged_to", "engaged_to"):
        op.drop_column("asks", name)
