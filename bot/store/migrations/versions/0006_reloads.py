"""reloads: which rules run since when, and what keeps those of the files from it

Revision ID: 0006
Revises: 0005

Begins with the rules that were loaded last: they ran.
"""

import sqlalchemy as sa
from alembic import op


revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reloads",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.Column("problems", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["version"], ["rule_sets.version"], name=op.f("fk_reloads_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reloads")),
    )
    op.execute(
        "INSERT INTO reloads (version, since, read_at)"
        " SELECT version, loaded_at, loaded_at FROM rule_sets ORDER BY loaded_at DESC LIMIT 1"
    )


def downgrade() -> None:
    op.drop_table("reloads")
