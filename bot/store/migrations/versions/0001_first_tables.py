"""first tables

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op


revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "authors",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("handle", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("bio", sa.String(), nullable=True),
        sa.Column("followers", sa.BigInteger(), nullable=True),
        sa.Column("following", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "author_id", name=op.f("pk_authors")),
    )
    op.create_table(
        "brands",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("is_rival", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_brands")),
    )
    op.create_table(
        "cursors",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('source', 'feed')", name=op.f("ck_cursors_kind")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cursors")),
    )
    op.create_table(
        "gaps",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gaps")),
        sa.UniqueConstraint(
            "source", "started_at", "ended_at", name=op.f("uq_gaps_source_started_at_ended_at")
        ),
    )
    op.create_table(
        "posts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("post_id", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("author_handle", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("alts", sa.String(), nullable=False),
        sa.Column("links", sa.String(), nullable=False),
        sa.Column("langs", sa.String(), nullable=False),
        sa.Column("mentions", sa.String(), nullable=False),
        sa.Column("parent_id", sa.String(), nullable=True),
        sa.Column("parent_author_id", sa.String(), nullable=True),
        sa.Column("parent_revision", sa.String(), nullable=True),
        sa.Column("root_id", sa.String(), nullable=True),
        sa.Column("root_author_id", sa.String(), nullable=True),
        sa.Column("root_revision", sa.String(), nullable=True),
        sa.Column("quoted_id", sa.String(), nullable=True),
        sa.Column("quoted_author_id", sa.String(), nullable=True),
        sa.Column("quoted_revision", sa.String(), nullable=True),
        sa.Column("revision", sa.String(), nullable=True),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.String(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("revised_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
        sa.UniqueConstraint("platform", "post_id", name=op.f("uq_posts_platform_post_id")),
    )
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_posts_platform_author_id"), ["platform", "author_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_posts_platform_parent_id"), ["platform", "parent_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_posts_platform_thread_id_parent_author_id"),
            ["platform", "thread_id", "parent_author_id"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_posts_stored_at"), ["stored_at"], unique=False)

    op.create_table(
        "rule_sets",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("engine_version", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("loaded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_rule_sets")),
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_accounts_brand")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("brand", "platform", "handle", name=op.f("uq_accounts_brand_platform_handle")),
    )
    op.create_table(
        "answers",
        sa.Column("post", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_answers_brand")),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_answers_post")),
        sa.PrimaryKeyConstraint("post", "brand", name=op.f("pk_answers")),
    )
    op.create_table(
        "conversations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("root_id", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("claimed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'claimed', 'snoozed', 'answered', 'dismissed')",
            name=op.f("ck_conversations_state"),
        ),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_conversations_brand")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint(
            "brand",
            "platform",
            "root_id",
            "author_id",
            name=op.f("uq_conversations_brand_platform_root_id_author_id"),
        ),
    )
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_conversations_brand_platform_author_id"),
            ["brand", "platform", "author_id"],
            unique=False,
        )

    op.create_table(
        "mentions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("post", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("conversation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("spans", sa.String(), nullable=False),
        sa.Column("asks", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("ask", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "kind IN ('mention', 'reply', 'quote', 'dm', 'review', 'comment', 'post')",
            name=op.f("ck_mentions_kind"),
        ),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_mentions_brand")),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name=op.f("fk_mentions_conversation")
        ),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_mentions_post")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentions")),
        sa.UniqueConstraint("post", "brand", name=op.f("uq_mentions_post_brand")),
        sa.UniqueConstraint("uid", name=op.f("uq_mentions_uid")),
    )
    with op.batch_alter_table("mentions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mentions_ask"), ["ask"], unique=False)
        batch_op.create_index(batch_op.f("ix_mentions_conversation"), ["conversation"], unique=False)

    op.create_table(
        "asks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("conversation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mention", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("alerted_at", sa.BigInteger(), nullable=True),
        sa.Column("claimed_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("answered_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("outcome IN ('answered', 'deleted', 'dismissed')", name=op.f("ck_asks_outcome")),
        sa.ForeignKeyConstraint(["answered_by"], ["posts.id"], name=op.f("fk_asks_answered_by")),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_asks_brand")),
        sa.ForeignKeyConstraint(["conversation"], ["conversations.id"], name=op.f("fk_asks_conversation")),
        sa.ForeignKeyConstraint(["mention"], ["mentions.id"], name=op.f("fk_asks_mention")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asks")),
    )
    with op.batch_alter_table("asks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_asks_conversation"), ["conversation"], unique=False)
        batch_op.create_index(
            "uq_asks_open",
            ["conversation"],
            unique=True,
            sqlite_where=sa.text("outcome IS NULL"),
            postgresql_where=sa.text("outcome IS NULL"),
        )

    op.create_table(
        "decisions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("feed", sa.String(), nullable=False),
        sa.Column("press_id", sa.String(), nullable=False),
        sa.Column("brand", sa.String(), nullable=True),
        sa.Column("conversation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("mention", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("state_before", sa.String(), nullable=True),
        sa.Column("state_after", sa.String(), nullable=True),
        sa.Column("reply", sa.String(), nullable=False),
        sa.Column("is_loud", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_decisions_brand")),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name=op.f("fk_decisions_conversation")
        ),
        sa.ForeignKeyConstraint(["mention"], ["mentions.id"], name=op.f("fk_decisions_mention")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("feed", "press_id", name=op.f("uq_decisions_feed_press_id")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decisions_conversation"), ["conversation"], unique=False)

    op.create_table(
        "verdicts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mention", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("rules_version", sa.String(), nullable=False),
        sa.Column("engine_version", sa.String(), nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("ignored", sa.Boolean(), nullable=False),
        sa.Column("alert", sa.String(), nullable=False),
        sa.Column("persona", sa.String(), nullable=True),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("tags", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("facts", sa.String(), nullable=False),
        sa.Column("judged_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("alert IN ('ping', 'message', 'digest', 'none')", name=op.f("ck_verdicts_alert")),
        sa.CheckConstraint("urgency BETWEEN 0 AND 3", name=op.f("ck_verdicts_urgency")),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_verdicts_brand")),
        sa.ForeignKeyConstraint(["mention"], ["mentions.id"], name=op.f("fk_verdicts_mention")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
    )
    with op.batch_alter_table("verdicts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verdicts_mention"), ["mention"], unique=False)

    op.create_table(
        "effects",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=True),
        sa.Column("brand", sa.String(), nullable=True),
        sa.Column("conversation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("mention", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ask", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("subject", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("urgency", sa.Integer(), nullable=True),
        sa.Column("payload", sa.String(), nullable=False),
        sa.Column("tried", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("receipt", sa.String(), nullable=True),
        sa.Column("receipt_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('alert', 'update', 'digest', 'notice')", name=op.f("ck_effects_kind")),
        sa.CheckConstraint(
            "state IN ('pending', 'leased', 'sent', 'dead', 'dropped')", name=op.f("ck_effects_state")
        ),
        sa.ForeignKeyConstraint(["ask"], ["asks.id"], name=op.f("fk_effects_ask")),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_effects_brand")),
        sa.ForeignKeyConstraint(["conversation"], ["conversations.id"], name=op.f("fk_effects_conversation")),
        sa.ForeignKeyConstraint(["mention"], ["mentions.id"], name=op.f("fk_effects_mention")),
        sa.ForeignKeyConstraint(["subject"], ["effects.id"], name=op.f("fk_effects_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effects")),
        sa.UniqueConstraint("key", name=op.f("uq_effects_key")),
    )
    with op.batch_alter_table("effects", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_effects_ask"), ["ask"], unique=False)
        batch_op.create_index(batch_op.f("ix_effects_conversation"), ["conversation"], unique=False)
        batch_op.create_index(batch_op.f("ix_effects_state_due_at"), ["state", "due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_effects_subject"), ["subject"], unique=False)

    op.create_table(
        "feedback",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("decision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("verdict", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("says", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_feedback_brand")),
        sa.ForeignKeyConstraint(["decision"], ["decisions.id"], name=op.f("fk_feedback_decision")),
        sa.ForeignKeyConstraint(["verdict"], ["verdicts.id"], name=op.f("fk_feedback_verdict")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
    )
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feedback_verdict"), ["verdict"], unique=False)

    op.create_table(
        "fired",
        sa.Column("verdict", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_fired_brand")),
        sa.ForeignKeyConstraint(["verdict"], ["verdicts.id"], name=op.f("fk_fired_verdict")),
        sa.PrimaryKeyConstraint("verdict", "place", name=op.f("pk_fired")),
    )
    with op.batch_alter_table("fired", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fired_rule"), ["rule"], unique=False)

    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("effect", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("brand", sa.String(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("receipt", sa.String(), nullable=True),
        sa.CheckConstraint("outcome IN ('sent', 'retry', 'dead')", name=op.f("ck_deliveries_outcome")),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_deliveries_brand")),
        sa.ForeignKeyConstraint(["effect"], ["effects.id"], name=op.f("fk_deliveries_effect")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deliveries_effect"), ["effect"], unique=False)

    op.create_table(
        "digest_items",
        sa.Column("effect", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mention", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_digest_items_brand")),
        sa.ForeignKeyConstraint(["effect"], ["effects.id"], name=op.f("fk_digest_items_effect")),
        sa.ForeignKeyConstraint(["mention"], ["mentions.id"], name=op.f("fk_digest_items_mention")),
        sa.PrimaryKeyConstraint("effect", "mention", name=op.f("pk_digest_items")),
    )


def downgrade() -> None:

    op.drop_table("digest_items")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deliveries_effect"))

    op.drop_table("deliveries")
    with op.batch_alter_table("fired", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fired_rule"))

    op.drop_table("fired")
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_feedback_verdict"))

    op.drop_table("feedback")
    with op.batch_alter_table("effects", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_effects_subject"))
        batch_op.drop_index(batch_op.f("ix_effects_state_due_at"))
        batch_op.drop_index(batch_op.f("ix_effects_conversation"))
        batch_op.drop_index(batch_op.f("ix_effects_ask"))

    op.drop_table("effects")
    with op.batch_alter_table("verdicts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_verdicts_mention"))

    op.drop_table("verdicts")
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_decisions_conversation"))

    op.drop_table("decisions")
    with op.batch_alter_table("asks", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_asks_open",
            sqlite_where=sa.text("outcome IS NULL"),
            postgresql_where=sa.text("outcome IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_asks_conversation"))

    op.drop_table("asks")
    with op.batch_alter_table("mentions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mentions_conversation"))
        batch_op.drop_index(batch_op.f("ix_mentions_ask"))

    op.drop_table("mentions")
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_conversations_brand_platform_author_id"))

    op.drop_table("conversations")
    op.drop_table("answers")
    op.drop_table("accounts")
    op.drop_table("rule_sets")
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_posts_stored_at"))
        batch_op.drop_index(batch_op.f("ix_posts_platform_thread_id_parent_author_id"))
        batch_op.drop_index(batch_op.f("ix_posts_platform_parent_id"))
        batch_op.drop_index(batch_op.f("ix_posts_platform_author_id"))

    op.drop_table("posts")
    op.drop_table("gaps")
    op.drop_table("cursors")
    op.drop_table("brands")
    op.drop_table("authors")
