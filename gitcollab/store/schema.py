"""The tables: what git does not hold. Migrations make them; a test keeps the two equal."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    false,
    text,
)

from gitcollab.errors import BadInput


class Text(TypeDecorator[str]):
    """Text that every database stores alike: ordered by code point, without NUL and lone surrogates."""

    impl = String().with_variant(String(collation="C"), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Refuses what PostgreSQL or UTF-8 cannot hold, so that all databases take the same texts."""
        if value is not None and ("\0" in value or any("\ud800" <= char <= "\udfff" for char in value)):
            raise BadInput("the text holds characters that cannot be stored", "leave out NUL and surrogates")
        return value


METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

PEOPLE = Table(
    "people",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("display", Text, nullable=False),
    Column("password", Text, nullable=False),  # argon2, or empty: no sign-in by password
    Column("is_admin", Boolean, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("suspended_at", Text),
)

IDENTITIES = Table(
    "identities",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("user", Text, ForeignKey("people.name"), nullable=False, index=True),
    Column("at", Text, nullable=False),
)

GROUPS = Table(
    "groups",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("display", Text, nullable=False),
    Column("source", Text, nullable=False),  # who says who is in it: empty for people, else a hub or provider
    Column("created_at", Text, nullable=False),
)

IN_GROUP = Table(
    "in_group",
    METADATA,
    Column("group", Text, ForeignKey("groups.name"), primary_key=True),
    Column("user", Text, ForeignKey("people.name"), primary_key=True, index=True),
)

TOKENS = Table(
    "tokens",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("user", Text, ForeignKey("people.name"), nullable=False, index=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("label", Text, nullable=False),
    Column("scopes", Text, nullable=False),  # separated by blanks
    Column("created_at", Text, nullable=False),
    Column("expires_at", Text),
    Column("last_used_at", Text),
    Column("revoked_at", Text),
)

LOGIN_CODES = Table(
    "login_codes",
    METADATA,
    Column("hash", Text, primary_key=True),
    Column("user", Text, ForeignKey("people.name"), nullable=False),
    Column("created_at", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("used_at", Text),
)

COLLABS = Table(
    "collabs",
    METADATA,
    Column("id", Text, primary_key=True),  # rows stay when a collab ends: an id is never given twice
    Column("title", Text, nullable=False),
    Column("stem", Text, nullable=False),
    Column("paths", Text, nullable=False),  # JSON array
    Column("tracker", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("ended_at", Text),
    Column("last_event", Integer, nullable=False),
    Column("is_public", Boolean, nullable=False, server_default=false()),
    Column(
        "needs_approval", Boolean, nullable=False, server_default=false()
    ),  # before everyone sees a version
)

MEMBERS = Table(
    "members",
    METADATA,
    Column("collab", Text, ForeignKey("collabs.id"), primary_key=True),
    Column("user", Text, ForeignKey("people.name"), primary_key=True, index=True),
    Column("role", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("decided_at", Text, nullable=False),  # links older than this change nothing for this person
    Column("invited_by", Text),  # who waits for their answer; NULL: nobody
)

GRANTS = Table(
    "grants",
    METADATA,
    Column("collab", Text, ForeignKey("collabs.id"), primary_key=True),
    Column("group", Text, ForeignKey("groups.name"), primary_key=True, index=True),
    Column("role", Text, nullable=False),
    Column("since", Text, nullable=False),
)

REMOVALS = Table(
    "removals",
    METADATA,
    Column("collab", Text, ForeignKey("collabs.id"), primary_key=True),
    Column("user", Text, ForeignKey("people.name"), primary_key=True),
    Column("at", Text, nullable=False),
    Column("by", Text, nullable=False),
)

LINKS = Table(
    "links",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("collab", Text, ForeignKey("collabs.id"), nullable=False, index=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("uses_left", Integer),  # NULL: any number
    Column("created_by", Text, ForeignKey("people.name"), nullable=False),
    Column("created_at", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("revoked_at", Text),
    Column("is_guest", Boolean, nullable=False, server_default=false()),  # opens without an account, to read
)

APPROVALS = Table(
    "approvals",
    METADATA,
    Column("collab", Text, ForeignKey("collabs.id"), primary_key=True),
    Column("tag", Text, primary_key=True),
    Column("by", Text, nullable=False),
    Column("at", Text, nullable=False),
)

WEBHOOKS = Table(
    "webhooks",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("collab", Text, ForeignKey("collabs.id"), nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),  # as it is: signatures are made with it
    Column("kinds", Text, nullable=False),  # of events, separated by blanks
    Column("created_by", Text, ForeignKey("people.name"), nullable=False),
    Column("created_at", Text, nullable=False),
    Column("done", Integer, nullable=False),  # the last event that was delivered, given up or not wanted
)

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("webhook", Text, ForeignKey("webhooks.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),  # the event's number
    Column("kind", Text, nullable=False),
    Column("first_at", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("status", Integer, nullable=False),  # of the answer; 0: none came
    Column("problem", Text, nullable=False),
    Column("outcome", Text, nullable=False),  # delivered, waiting, given-up
)

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("collab", Text, ForeignKey("collabs.id"), primary_key=True),
    Column("user", Text, ForeignKey("people.name"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("workspace", Text),
    Column("client", Text, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("opened_at", Text, nullable=False),
    Column("closed_at", Text),
)

LEASES = Table(
    "leases",
    METADATA,
    Column("key", Text, primary_key=True),  # digest of the next five: paths are longer than an index takes
    Column("collab", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    ForeignKeyConstraint(["collab", "user", "name"], ["sessions.collab", "sessions.user", "sessions.name"]),
    Index(None, "collab", "user", "name"),
)

EVENTS = Table(
    "events",
    METADATA,
    Column("collab", Text, ForeignKey("collabs.id"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column(
        "body", LargeBinary, nullable=False
    ),  # JSON of one of events.AnyEvent, its number and time included
    Column("fence", Integer, nullable=False, server_default=text("0")),  # of who wrote it; 0: no node did
)

HEADS = Table(
    "heads",
    METADATA,
    Column("collab", Text, ForeignKey("collabs.id"), primary_key=True),
    Column("key", Text, primary_key=True),  # digest of the ref: refs are longer than an index takes
    Column("ref", Text, nullable=False),
    Column("oid", Text, nullable=False),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("n", Integer, primary_key=True, autoincrement=True),
    Column("at", Text, nullable=False),
    Column("user", Text, nullable=False),  # as given: also of people who do not exist
    Column("via", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("collab", Text, nullable=False),  # empty: on the server
    Column("detail", Text, nullable=False),  # JSON object
    Column("outcome", Text, nullable=False),
    Index(None, "collab", "n"),
    Index(None, "user", "n"),
)

ANSWERS = Table(
    "answers",
    METADATA,
    Column("user", Text, ForeignKey("people.name"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request", Text, nullable=False),  # digest: a key stands for one request
    Column("body", LargeBinary, nullable=False),
    Column("at", Text, nullable=False, index=True),
)

SIGN_OUTS = Table(
    "sign_outs",
    METADATA,
    Column("cookie", Text, primary_key=True),  # its digest
    Column("until", Text, nullable=False, index=True),  # when the cookie would have expired
)

TENURE = Table(
    "tenure",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1: there is one
    Column("node", Text, nullable=False),  # empty: given back
    Column("address", Text, nullable=False),  # where that node listens
    Column("fence", Integer, nullable=False),  # how often it has changed hands
    Column("until", Float, nullable=False),  # seconds since 1970 by the database's clock
)

FENCES = Table(
    "fences",
    METADATA,
    Column("fence", Integer, primary_key=True, autoincrement=False),
    Column("node", Text, nullable=False),
    Column("at", Text, nullable=False),
)
