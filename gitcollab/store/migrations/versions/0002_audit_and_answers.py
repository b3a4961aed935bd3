"""The record of acts on access, and the answers kept for requests that are sent again."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("n", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("user", TEXT, nullable=False),
        sa.Column("via", TEXT, nullable=False),
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("act", TEXT, nullable=False),
        sa.Column("collab", TEXT, nullable=False),
        sa.Column("detail", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_audit"),
    )
    op.create_index("ix_audit_collab_n", "audit", ["collab", "n"])
    op.create_index("ix_audit_user_n", "audit", ["user", "n"])
    op.create_table(
        "answers",
        sa.Column("user", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("request", TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("user", "key", name="pk_answers"),
        sa.ForeignKeyConstraint(["user"], ["people.name"], name="fk_answers_user"),
    )
    op.create_index("ix_answers_at", "answers", ["at"])
