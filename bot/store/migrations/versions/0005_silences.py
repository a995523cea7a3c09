"""silences: rules that count for nothing for a while; of feedback, one word a person and verdict

Revision ID: 0005
Revises: 0004

What a person said before of the same verdict stands in `decisions` all the same.
"""

import sqlalchemy as sa
from alembic import op


revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "silences",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.CheckConstraint("scope IN ('rule')", name=op.f("ck_silences_scope")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silences")),
    )
    op.execute("DELETE FROM feedback WHERE id NOT IN (SELECT max(id) FROM feedback GROUP BY verdict, person)")
    op.create_index("uq_feedback", "feedback", ["verdict", "person"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_feedback", table_name="feedback")
    op.drop_table("silences")
