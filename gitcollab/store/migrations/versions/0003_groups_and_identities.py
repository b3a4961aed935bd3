"""Groups and what they are granted, people's other names, suspended accounts, public collabs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("people", sa.Column("suspended_at", TEXT))
    op.add_column("collabs", sa.Column("is_public", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "identities",
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("user", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", name="pk_identities"),
        sa.ForeignKeyConstraint(["user"], ["people.name"], name="fk_identities_user"),
    )
    op.create_index("ix_identities_user", "identities", ["user"])
    op.create_table(
        "groups",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("display", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_groups"),
    )
    op.create_table(
        "in_group",
        sa.Column("group", TEXT, nullable=False),
        sa.Column("user", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("group", "user", name="pk_in_group"),
        sa.ForeignKeyConstraint(["group"], ["groups.name"], name="fk_in_group_group"),
        sa.ForeignKeyConstraint(["user"], ["people.name"], name="fk_in_group_user"),
    )
    op.create_index("ix_in_group_user", "in_group", ["user"])
    op.create_table(
        "grants",
        sa.Column("collab", TEXT, nullable=False),
        sa.Column("group", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("since", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("collab", "group", name="pk_grants"),
        sa.ForeignKeyConstraint(["collab"], ["collabs.id"], name="fk_grants_collab"),
        sa.ForeignKeyConstraint(["group"], ["groups.name"], name="fk_grants_group"),
    )
    op.create_index("ix_grants_group", "grants", ["group"])
