"""listed: what the page lists of each conversation; notes of decisions; used one-time links

Revision ID: 0003
Revises: 0002

`listed` is derived: it is filled from what is there.
"""

import sqlalchemy as sa
from alembic import op


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_FILL = """
INSERT INTO listed (conversation, brand, platform, mention, is_open, "rank", wait_at, posted_at, state, ignored,
 persona, lang, claimed_by, due_at)
SELECT c.id, c.brand, c.platform, m.id,
 c.state IN ('open', 'claimed', 'snoozed') AND NOT v.ignored AND p.deleted_at IS NULL,
 3 - v.urgency, COALESCE(a.due_at, p.posted_at), p.posted_at, c.state, v.ignored, v.persona,
 json_extract(v.facts, '$.lang'), c.claimed_by, a.due_at
FROM conversations c
LEFT JOIN asks a ON a.conversation = c.id AND a.outcome IS NULL
JOIN mentions m ON m.id = (SELECT x.id FROM mentions x JOIN posts y ON y.id = x.post
 JOIN verdicts w ON w.id = (SELECT max(id) FROM verdicts WHERE mention = x.id)
 LEFT JOIN asks o ON o.id = x.ask AND o.outcome IS NULL
 WHERE x.conversation = c.id
 ORDER BY y.deleted_at IS NOT NULL, o.id IS NULL, w.ignored,
 CASE WHEN o.id IS NULL THEN 0 ELSE -w.urgency END, y.posted_at DESC, x.id DESC LIMIT 1)
JOIN posts p ON p.id = m.post
JOIN verdicts v ON v.id = (SELECT max(id) FROM verdicts WHERE mention = m.id)
"""


def upgrade() -> None:
    op.create_table(
        "listed",
        sa.Column("conversation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("mention", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("wait_at", sa.BigInteger(), nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ignored", sa.Boolean(), nullable=False),
        sa.Column("persona", sa.String(), nullable=True),
        sa.Column("lang", sa.String(), nullable=True),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["brand"], ["brands.name"], name=op.f("fk_listed_brand")),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name=op.f("fk_listed_conversation")
        ),
        sa.ForeignKeyConstraint(["mention"], ["mentions.id"], name=op.f("fk_listed_mention")),
        sa.PrimaryKeyConstraint("conversation", name=op.f("pk_listed")),
    )
    op.create_table(
        "logins",
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("nonce", name=op.f("pk_logins")),
    )
    op.add_column("decisions", sa.Column("note", sa.String(), nullable=True))
    op.execute(_FILL)
    filtered = ["platform", "persona", "lang", "claimed_by", "due_at"]
    op.create_index("ix_listed_open", "listed", ["brand", "is_open", "rank", "wait_at", "conversation", *filtered])
    op.create_index(
        "ix_listed_newest", "listed", ["brand", "posted_at", "conversation", "state", "ignored", "rank", *filtered]
    )
    op.create_index(op.f("ix_listed_mention"), "listed", ["mention"])


def downgrade() -> None:
    op.drop_table("listed")
    op.drop_table("logins")
    op.drop_column("decisions", "note")
