"""incidents: bursts, and the posts that they are made of

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op


revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_RUNS, _LOOSE, _LOOKS = (
    sa.text("ended_at IS NULL"),
    sa.text("incident IS NULL"),
    sa.text("look_at IS NOT NULL"),
)


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", _ID, nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("look_at", sa.BigInteger(), nullable=True),
        sa.Column("looked_at", sa.BigInteger(), nullable=False),
        sa.Column("shown", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_incidents_brand")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
        sa.UniqueConstraint("uid", name=op.f("uq_incidents_uid")),
    )
    op.create_index(
        "uq_incidents_running",
        "incidents",
        ["brand", "route", "channel"],
        unique=True,
        sqlite_where=_RUNS,
        postgresql_where=_RUNS,
    )
    op.create_index(
        op.f("ix_incidents_look_at"),
        "incidents",
        ["look_at"],
        unique=False,
        sqlite_where=_LOOKS,
        postgresql_where=_LOOKS,
    )
    op.create_table(
        "burst_posts",
        sa.Column("mention", _ID, nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("incident", _ID, nullable=True),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("conversation", _ID, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["mention"], ["mentions.id"], name=op.f("fk_burst_posts_mention")),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name=op.f("fk_burst_posts_incident")),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_burst_posts_brand")),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name=op.f("fk_burst_posts_conversation")
        ),
        sa.PrimaryKeyConstraint("mention", "channel", name=op.f("pk_burst_posts")),
    )
    op.create_index(
        "ix_burst_posts_lately",
        "burst_posts",
        ["brand", "route", "channel", "at"],
        unique=False,
        sqlite_where=_LOOSE,
        postgresql_where=_LOOSE,
    )
    op.create_index(
        op.f("ix_burst_posts_incident_at"), "burst_posts", ["incident", "at"], unique=False
    )
    op.create_index(op.f("ix_burst_posts_conversation"), "burst_posts", ["conversation"], unique=False)
    op.create_table(
        "shared_answers",
        sa.Column("id", _ID, nullable=False),
        sa.Column("incident", _ID, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("lang", sa.String(), nullable=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'prepared', 'approved', 'stopped', 'replaced')",
            name=op.f("ck_shared_answers_state"),
        ),
        sa.ForeignKeyConstraint(
            ["incident"], ["incidents.id"], name=op.f("fk_shared_answers_incident")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shared_answers")),
    )
    op.create_index(
        op.f("ix_shared_answers_incident"), "shared_answers", ["incident"], unique=False
    )


def downgrade() -> None:
    op.drop_table("shared_answers")
    op.drop_table("burst_posts")
    op.drop_table("incidents")
