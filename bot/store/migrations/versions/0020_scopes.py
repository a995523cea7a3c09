"""silences: not of rules alone, with what they hold and how much that was

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op


revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_BEFORE = "scope IN ('rule')"
_AFTER = "scope IN ('rule', 'author', 'words', 'source', 'route')"


def upgrade() -> None:
    _scopes(_AFTER)
    op.add_column("silences", sa.Column("label", sa.String(), nullable=True))
    op.add_column("silences", sa.Column("criticals", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("silences", sa.Column("held", sa.BigInteger(), nullable=False, server_default=sa.text("0")))


def downgrade() -> None:
    op.execute("DELETE FROM silences WHERE scope <> 'rule'")
    for name in ("held", "criticals", "label"):
        op.drop_column("silences", name)
    _scopes(_BEFORE)


def _scopes(condition: str) -> None:
    with op.batch_alter_table("silences") as batch:
        batch.drop_constraint(op.f("ck_silences_scope"), type_="check")
        batch.create_check_constraint(op.f("ck_silences_scope"), condition)
