"""the index of what is open tells who has it: `/inbox` reads nothing else

Revision ID: 0018
Revises: 0017
"""

from alembic import op


revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_BEFORE = ("brand", "is_open", "rank", "wait_at", "conversation")
_AFTER = ("platform", "persona", "lang", "claimed_by", "due_at")


def upgrade() -> None:
    op.drop_index("ix_listed_open", table_name="listed")
    op.create_index("ix_listed_open", "listed", [*_BEFORE, "state", *_AFTER])


def downgrade() -> None:
    op.drop_index("ix_listed_open", table_name="listed")
    op.create_index("ix_listed_open", "listed", [*_BEFORE, *_AFTER])
