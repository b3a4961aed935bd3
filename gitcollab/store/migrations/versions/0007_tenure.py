"""Tenure: which of several nodes writes the database, and under which fence each event was written."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "tenure",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("node", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tenure"),
    )
    op.create_table(
        "fences",
        sa.Column("fence", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("node", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("fence", name="pk_fences"),
    )
    op.add_column("events", sa.Column("fence", sa.Integer(), nullable=False, server_default=sa.text("0")))
