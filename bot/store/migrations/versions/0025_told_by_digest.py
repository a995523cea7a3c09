"""asks that staff was told of by a digest have steps, too

Revision ID: 0025
Revises: 0024

Those of them that are overdue by now, and of which nobody was ever asked, are left to whoever knows of them:
else the first start would ask for all of them at once.
"""

from alembic import op


revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_NOW = "CAST(strftime('%s', 'now') AS INTEGER) * 1000000"
_LOUD = "IN ('ping', 'message')"


def upgrade() -> None:
    op.execute(
        f"UPDATE asks SET rang_at = NULL, escalate_at = NULL"
        f" WHERE outcome IS NULL AND rang_at IS NOT NULL AND due_at <= {_NOW}"
        " AND NOT EXISTS (SELECT 1 FROM escalations x WHERE x.ask = asks.id)"
        " AND NOT EXISTS (SELECT 1 FROM conversations c WHERE c.id = asks.conversation"
        f"  AND json_extract(c.override, '$.alert') {_LOUD})"
        " AND NOT EXISTS (SELECT 1 FROM mentions m JOIN verdicts v"
        "  ON v.id = (SELECT max(z.id) FROM verdicts z WHERE z.mention = m.id)"
        f"  WHERE m.ask = asks.id AND v.alert {_LOUD})"
    )


def downgrade() -> None:
    """Nothing to take back: which asks rang stands in the effects."""
