"""acknowledgements: answers that a rule asked for and nobody approved, which end no wait

Revision ID: 0014
Revises: 0013

Whatever was published before was approved by somebody.
"""

import sqlalchemy as sa
from alembic import op


revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_LIVE = "state IN ('held', 'going', 'unsure', 'leaving')"


def upgrade() -> None:
    for table in ("answers", "replies"):
        op.add_column(table, sa.Column("is_automatic", sa.Boolean(), nullable=False, server_default=sa.false()))
    _index("uq_replies_live", f"{_LIVE} AND NOT is_automatic", is_there=True)
    _index("uq_replies_automatic", "is_automatic")


def downgrade() -> None:
    # the program of before would take them for answers that somebody gave
    automatic = "(SELECT id FROM replies WHERE is_automatic)"
    op.execute(f"DELETE FROM publications WHERE reply IN {automatic}")
    op.execute("DELETE FROM replies WHERE is_automatic")
    op.execute("DELETE FROM answers WHERE is_automatic")
    op.drop_index("uq_replies_automatic", "replies")
    _index("uq_replies_live", _LIVE, is_there=True)
    for table in ("replies", "answers"):
        op.drop_column(table, "is_automatic")


def _index(name: str, where: str, *, is_there: bool = False) -> None:
    if is_there:
        op.drop_index(name, "replies")
    condition = sa.text(where)
    op.create_index(
        name, "replies", ["conversation"], unique=True, sqlite_where=condition, postgresql_where=condition
    )
