"""Which browsers have signed out: their cookies are good for nothing any more."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "sign_outs",
        sa.Column("cookie", TEXT, nullable=False),
        sa.Column("until", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("cookie", name="pk_sign_outs"),
    )
    op.create_index("ix_sign_outs_until", "sign_outs", ["until"])
