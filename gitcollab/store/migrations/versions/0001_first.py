"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")  # ordered by code point everywhere


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("display", TEXT, nullable=False),
        sa.Column("password", TEXT, nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_people"),
    )
    op.create_table(
        "tokens",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("user", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("scopes", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("expires_at", TEXT),
        sa.Column("last_used_at", TEXT),
        sa.Column("revoked_at", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.ForeignKeyConstraint(["user"], ["people.name"], name="fk_tokens_user"),
        sa.UniqueConstraint("hash", name="uq_tokens_hash"),
    )
    op.create_index("ix_tokens_user", "tokens", ["user"])
    op.create_table(
        "login_codes",
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("user", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("expires_at", TEXT, nullable=False),
        sa.Column("used_at", TEXT),
        sa.PrimaryKeyConstraint("hash", name="pk_login_codes"),
        sa.ForeignKeyConstraint(["user"], ["people.name"], name="fk_login_codes_user"),
    )
    op.create_table(
        "collabs",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("stem", TEXT, nullable=False),
        sa.Column("paths", TEXT, nullable=False),
        sa.Column("tracker", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("ended_at", TEXT),
        sa.Column("last_event", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_collabs"),
    )
    op.create_table(
        "members",
        sa.Column("collab", TEXT, nullable=False),
        sa.Column("user", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("since", TEXT, nullable=False),
        sa.Column("decided_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("collab", "user", name="pk_members"),
        sa.ForeignKeyConstraint(["collab"], ["collabs.id"], name="fk_members_collab"),
        sa.ForeignKeyConstraint(["user"], ["people.name"], name="fk_members_user"),
    )
    op.create_index("ix_members_user", "members", ["user"])
    op.create_table(
        "removals",
        sa.Column("collab", TEXT, nullable=False),
        sa.Column("user", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("collab", "user", name="pk_removals"),
        sa.ForeignKeyConstraint(["collab"], ["collabs.id"], name="fk_removals_collab"),
        sa.ForeignKeyConstraint(["user"], ["people.name"], name="fk_removals_user"),
    )
    op.create_table(
        "links",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("collab", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("uses_left", sa.Integer()),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("expires_at", TEXT, nullable=False),
        sa.Column("revoked_at", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_links"),
        sa.ForeignKeyConstraint(["collab"], ["collabs.id"], name="fk_links_collab"),
        sa.ForeignKeyConstraint(["created_by"], ["people.name"], name="fk_links_created_by"),
        sa.UniqueConstraint("hash", name="uq_links_hash"),
    )
    op.create_index("ix_links_collab", "links", ["collab"])
    op.create_table(
        "sessions",
        sa.Column("collab", TEXT, nullable=False),
        sa.Column("user", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("workspace", TEXT),
        sa.Column("client", TEXT, nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("opened_at", TEXT, nullable=False),
        sa.Column("closed_at", TEXT),
        sa.PrimaryKeyConstraint("collab", "user", "name", name="pk_sessions"),
        sa.ForeignKeyConstraint(["collab"], ["collabs.id"], name="fk_sessions_collab"),
        sa.ForeignKeyConstraint(["user"], ["people.name"], name="fk_sessions_user"),
    )
    op.create_table(
        "leases",
        sa.Column("key", TEXT, nullable=False),
        sa.Column("collab", TEXT, nullable=False),
        sa.Column("user", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("client", TEXT, nullable=False),
        sa.Column("expires_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_leases"),
        sa.ForeignKeyConstraint(
            ["collab", "user", "name"],
            ["sessions.collab", "sessions.user", "sessions.name"],
            name="fk_leases_collab_user_name",
        ),
    )
    op.create_index("ix_leases_collab_user_name", "leases", ["collab", "user", "name"])
    op.create_table(
        "events",
        sa.Column("collab", TEXT, nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("collab", "n", name="pk_events"),
        sa.ForeignKeyConstraint(["collab"], ["collabs.id"], name="fk_events_collab"),
    )
    op.create_table(
        "heads",
        sa.Column("collab", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("ref", TEXT, nullable=False),
        sa.Column("oid", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("collab", "key", name="pk_heads"),
        sa.ForeignKeyConstraint(["collab"], ["collabs.id"], name="fk_heads_collab"),
    )
