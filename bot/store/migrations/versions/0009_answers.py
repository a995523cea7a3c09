"""answers: drafts, approved replies, tries at them, and who wants none

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op


revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "opt_outs",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("post", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_opt_outs_post")),
        sa.PrimaryKeyConstraint("platform", "author_id", name=op.f("pk_opt_outs")),
    )
    op.create_table(
        "drafts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("conversation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mention", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("lang", sa.String(), nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("newest", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seen_to", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("revised_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("origin IN ('rule', 'library', 'model', 'person')", name=op.f("ck_drafts_origin")),
        sa.CheckConstraint(
            "state IN ('open', 'replaced', 'discarded', 'approved')", name=op.f("ck_drafts_state")
        ),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_drafts_brand")),
        sa.ForeignKeyConstraint(["conversation"], ["conversations.id"], name=op.f("fk_drafts_conversation")),
        sa.ForeignKeyConstraint(["mention"], ["mentions.id"], name=op.f("fk_drafts_mention")),
        sa.ForeignKeyConstraint(["newest"], ["mentions.id"], name=op.f("fk_drafts_newest")),
        sa.ForeignKeyConstraint(["seen_to"], ["posts.id"], name=op.f("fk_drafts_seen_to")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
    )
    op.create_index(op.f("ix_drafts_conversation"), "drafts", ["conversation"], unique=False)
    op.create_index(
        "uq_drafts_open",
        "drafts",
        ["conversation"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "replies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("conversation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mention", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("draft", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("lang", sa.String(), nullable=True),
        sa.Column("approved_by", sa.String(), nullable=False),
        sa.Column("approved_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("may_be_there", sa.Boolean(), nullable=False),
        sa.Column("asks_staff", sa.Boolean(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("post_id", sa.String(), nullable=True),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('held', 'going', 'published', 'refused', 'unsure', 'withdrawn', 'canceled', 'leaving', 'taken_back')",
            name=op.f("ck_replies_state"),
        ),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_replies_brand")),
        sa.ForeignKeyConstraint(["conversation"], ["conversations.id"], name=op.f("fk_replies_conversation")),
        sa.ForeignKeyConstraint(["draft"], ["drafts.id"], name=op.f("fk_replies_draft")),
        sa.ForeignKeyConstraint(["mention"], ["mentions.id"], name=op.f("fk_replies_mention")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
        sa.UniqueConstraint("draft", name=op.f("uq_replies_draft")),
        sa.UniqueConstraint("key", name=op.f("uq_replies_key")),
    )
    op.create_index(op.f("ix_replies_conversation"), "replies", ["conversation"], unique=False)
    op.create_index(op.f("ix_replies_state_due_at"), "replies", ["state", "due_at"], unique=False)
    op.create_index(
        "uq_replies_live",
        "replies",
        ["conversation"],
        unique=True,
        sqlite_where=sa.text("state IN ('held', 'going', 'unsure', 'leaving')"),
        postgresql_where=sa.text("state IN ('held', 'going', 'unsure', 'leaving')"),
    )
    op.create_table(
        "publications",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reply", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_publications_brand")),
        sa.ForeignKeyConstraint(["reply"], ["replies.id"], name=op.f("fk_publications_reply")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publications")),
    )
    op.create_index(op.f("ix_publications_reply"), "publications", ["reply"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_publications_reply"), table_name="publications")
    op.drop_table("publications")
    op.drop_index(
        "uq_replies_live",
        table_name="replies",
        sqlite_where=sa.text("state IN ('held', 'going', 'unsure', 'leaving')"),
        postgresql_where=sa.text("state IN ('held', 'going', 'unsure', 'leaving')"),
    )
    op.drop_index(op.f("ix_replies_state_due_at"), table_name="replies")
    op.drop_index(op.f("ix_replies_conversation"), table_name="replies")
    op.drop_table("replies")
    op.drop_index(
        "uq_drafts_open",
        table_name="drafts",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index(op.f("ix_drafts_conversation"), table_name="drafts")
    op.drop_table("drafts")
    op.drop_table("opt_outs")
