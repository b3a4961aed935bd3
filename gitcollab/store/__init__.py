"""The store: what git does not hold (accounts, tokens, grants, links, journal), in SQLite or PostgreSQL.

Its functions are plain ones that take a ``Connection`` first: threads call them within ``engine(url).begin()``, an
event loop within ``conn.run_sync(function, …)`` of an ``async_engine(url)``. Nothing here commits by itself.
"""

from gitcollab.store import (
    answers,
    approvals,
    audit,
    collabs,
    groups,
    identities,
    journal,
    leases,
    links,
    members,
    people,
    sessions,
    tenure,
    tokens,
)
from gitcollab.store.engines import async_engine, beside, engine, file_url, reading
from gitcollab.store.sole import Sole
from gitcollab.store.together import together
from gitcollab.store.upgrade import migrate

__all__ = [
    "Sole",
    "answers",
    "approvals",
    "async_engine",
    "audit",
    "beside",
    "collabs",
    "engine",
    "file_url",
    "groups",
    "identities",
    "journal",
    "leases",
    "links",
    "members",
    "migrate",
    "people",
    "reading",
    "sessions",
    "tenure",
    "together",
    "tokens",
]
