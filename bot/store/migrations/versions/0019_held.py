"""held: what was held back, and how urgent it was then

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op


revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_RINGS = sa.text("kind IN ('alert', 'digest')")
_HELD = sa.text("held_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("digest_items", sa.Column("urgency", sa.Integer(), nullable=True))
    op.add_column("digest_items", sa.Column("held_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_digest_items_held_at", "digest_items", ["held_at"], sqlite_where=_HELD, postgresql_where=_HELD
    )
    op.create_index(
        "ix_effects_rings", "effects", ["channel", "due_at"], sqlite_where=_RINGS, postgresql_where=_RINGS
    )


def downgrade() -> None:
    op.drop_index("ix_effects_rings", "effects")
    op.drop_index("ix_digest_items_held_at", "digest_items")
    with op.batch_alter_table("digest_items") as table:
        table.drop_column("held_at")
        table.drop_column("urgency")
