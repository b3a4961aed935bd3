"""Invitations that wait for an answer, links for guests, and versions that a second person approves."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("members", sa.Column("invited_by", TEXT))
    op.add_column("links", sa.Column("is_guest", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column(
        "collabs", sa.Column("needs_approval", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "approvals",
        sa.Column("collab", TEXT, nullable=False),
        sa.Column("tag", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("collab", "tag", name="pk_approvals"),
        sa.ForeignKeyConstraint(["collab"], ["collabs.id"], name="fk_approvals_collab"),
    )
