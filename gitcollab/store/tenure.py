"""Tenure: which of several nodes writes. Each change of hands has a number, the fence, and numbers only grow.

It holds until a time by the database's clock, which its node puts off again and again. Whoever takes it over waits for
the transactions that the holder has open; from then on the holder's fence is an old one, and nothing is journalled
under an old fence. So it does not matter what a node believes that has slept.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, Engine, func, insert, literal, select, text, update

from gitcollab.errors import Unavailable
from gitcollab.store import clock
from gitcollab.store.schema import FENCES, TENURE

PAUSE = "5s"
"""For how long a node may sleep in the midst of a transaction until the database ends it, so that another can go on."""

CLOCKS = {
    "postgresql": text("SELECT extract(epoch FROM clock_timestamp())"),
    "sqlite": text("SELECT (julianday('now') - 2440587.5) * 86400.0"),
}

FIRST = text(
    "INSERT INTO tenure (id, node, address, fence, until) VALUES (1, '', '', 0, 0) ON CONFLICT DO NOTHING"
)


class Lost(Unavailable):
    """Another node writes by now."""

    def __init__(self) -> None:
        hint = "look whether it was done before you try again"
        super().__init__("another server has taken over from this one", hint)


class Tenure(msgspec.Struct, frozen=True, kw_only=True):
    """Which node writes, under which fence, and where it listens."""

    node: str
    address: str
    fence: int


class Fence(msgspec.Struct, frozen=True, kw_only=True):
    """One change of hands: which node has taken the tenure, and when (UTC)."""

    fence: int
    node: str
    at: str


def take(conn: Connection, node: str, address: str, seconds: float) -> Tenure:
    """Takes the tenure for so many seconds if nobody has it, or if a node of this name has it; returns whose it is.

    Whoever calls it has seen to it that no other node of that name runs.
    """
    found = conn.execute(select(TENURE)).one_or_none()
    if found is None:
        conn.execute(FIRST)
    elif found.until > now(conn) and found.node != node:
        return Tenure(node=found.node, address=found.address, fence=found.fence)
    row = conn.execute(select(TENURE).with_for_update()).one()  # whoever writes has it locked
    until = now(conn)
    if row.until > until and row.node != node:
        return Tenure(node=row.node, address=row.address, fence=row.fence)
    mine = Tenure(node=node, address=address, fence=row.fence + 1)
    conn.execute(update(TENURE).values(msgspec.structs.asdict(mine) | {"until": until + seconds}))
    conn.execute(insert(FENCES).values(fence=mine.fence, node=node, at=clock.now()))
    return mine


def renew(conn: Connection, fence: int, seconds: float) -> bool:
    """Lets the tenure last for so many seconds from now; False if it is another's."""
    mine = TENURE.c.fence == fence
    return bool(conn.execute(update(TENURE).where(mine).values(until=now(conn) + seconds)).rowcount)


def give_back(conn: Connection, fence: int) -> None:
    """Ends the tenure, so that nobody has to wait for its end; its node writes no more."""
    conn.execute(update(TENURE).where(TENURE.c.fence == fence).values(node="", until=0.0))


def fenced(engine: Engine, fence: int) -> Engine:
    """Returns the engine, with which from now on nothing is journalled but under this fence."""
    engine.update_execution_options(fence=fence)
    return engine


def check(conn: Connection) -> int:
    """Sees that the fence of this engine is the newest, and stays so until the transaction ends; returns it, or Lost.

    0 where there is one service alone, which has none.
    """
    fence: int = conn.get_execution_options().get("fence", 0)
    if not fence:
        return 0
    held = select(TENURE.c.fence).where(TENURE.c.fence == fence)
    if conn.dialect.name == "postgresql":
        ends = func.set_config("idle_in_transaction_session_timeout", literal(PAUSE), literal(True))
        held = held.add_columns(ends)
    # key share: it waits for who takes over, and who takes over for it; renewals go on
    if conn.execute(held.with_for_update(read=True, key_share=True)).one_or_none() is None:
        raise Lost
    return fence


def record(conn: Connection) -> tuple[Fence, ...]:
    """Returns every change of hands, the first one first."""
    return tuple(Fence(**row._mapping) for row in conn.execute(select(FENCES).order_by(FENCES.c.fence)))


def now(conn: Connection) -> float:
    """Returns the seconds since 1970 by the database's clock, as of this moment."""
    return float(conn.execute(CLOCKS[conn.dialect.name]).scalar_one())
