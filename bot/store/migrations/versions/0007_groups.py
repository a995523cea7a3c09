"""groups: what alerts have in common, and which alert rang again in place of which

Revision ID: 0007
Revises: 0006

Both columns are empty for what was written before: it waited for nothing and rang once.
"""

import sqlalchemy as sa
from alembic import op


revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_IS_GROUPED = sa.text("group_key IS NOT NULL")


def upgrade() -> None:
    op.add_column("effects", sa.Column("group_key", sa.String(), nullable=True))
    op.add_column(
        "effects",
        sa.Column(
            "replaced_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
    )
    op.create_index(
        "ix_effects_group",
        "effects",
        ["group_key", "due_at"],
        unique=False,
        sqlite_where=_IS_GROUPED,
        postgresql_where=_IS_GROUPED,
    )
    op.create_index(op.f("ix_digest_items_mention"), "digest_items", ["mention"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_digest_items_mention"), table_name="digest_items")
    op.drop_index("ix_effects_group", table_name="effects")
    op.drop_column("effects", "replaced_by")
    op.drop_column("effects", "group_key")
