"""The writer process: ``python -m gitcollab.writer --root ROOT`` answers at ROOT/run/writer.sock until SIGTERM.

It heals what a crash left before it answers; the daemon holds the root's lock for it. With ``--told`` alone it reads
the same arguments as one JSON object from standard input, once its libraries are loaded; so the daemon starts it.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

import anyio
import msgspec
import structlog

from gitcollab import logs, store, tracing, wire
from gitcollab.collab import Given, Place
from gitcollab.flow.charter import Charter
from gitcollab.flow.gating import Allowed
from gitcollab.flow.watch import Pace
from gitcollab.store import tenure
from gitcollab.store.clock import now
from gitcollab.writer.evening import keep_evenings
from gitcollab.writer.fencing import unless_lost
from gitcollab.writer.house import House
from gitcollab.writer.measuring import Measures
from gitcollab.writer.merging import Merging
from gitcollab.writer.quotas import Allowance, Quotas
from gitcollab.writer.serving import Hub, Serving
from gitcollab.writer.upkeep import heal_all, pack_as_it_grows, running
from gitcollab.writer.visibility import show_all
from gitcollab.writer.watching import Watching
from gitcollab.writer.watchman import alone, keep_watch, stay_alone

ALONE = {"fence": 0, "among": "collabs"}
"""What a writer is told that is not one of several nodes' (see ``daemon.spare``)."""

log = structlog.get_logger("gitcollab.writer")


def main() -> None:
    """Runs the writer with the arguments of the command line."""
    # jsonschema compiles a grammar that no notebook schema uses; this costs more than all else together
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    logs.to_stderr("writer")
    if trouble := tracing.begin("writer"):
        log.warning("not traced", reason=trouble)
    anyio.run(run, _told() if sys.argv[1:] == ["--told"] else _arguments())


async def run(given: argparse.Namespace) -> None:
    """Heals, recovers, then serves and watches until SIGTERM or SIGINT."""
    place = Place(given.root, given.among)
    with running(place.repositories if given.fence else place.root / "private") as since:
        troubles = await anyio.to_thread.run_sync(heal_all, place, since)
        await _serve(place, given, troubles)


async def _serve(place: Place, given: argparse.Namespace, troubles: dict[str, str]) -> None:
    root = place.root
    sole = None if given.fence else await anyio.to_thread.run_sync(alone, given.database)
    engine = store.engine(given.database or store.file_url(root / "private" / "gitcollab.sqlite"))
    tenure.fenced(engine, given.fence)
    measures = Measures()
    measures.watch("fence", "Number of this node's turn to write; 0: it is alone", lambda: given.fence)
    hub = Hub(measures)
    charter = Charter(landing=given.land, delivery=given.deliver)
    run = given.run or root / "run"
    merging = Merging(run / "workers.sock")
    room = Allowance(msgspec.convert(getattr(given, "quotas", {}), Quotas), place, engine)
    house = House(
        Given(
            place=place,
            engine=engine,
            clock=now,
            tell=hub.tell,
            merger=merging,
            charter=charter,
            mirror_hosts=tuple(given.mirror_hosts),
            is_unix=given.unix_accounts,
            room=room,
            gates=msgspec.convert(getattr(given, "gates", {}), Allowed),
        )
    )
    house.troubles |= troubles
    for collab, reason in (await anyio.to_thread.run_sync(house.recover)).items():
        log.error("not recovered", collab=collab, reason=reason)
    await anyio.to_thread.run_sync(show_all, house)
    measures.watch(
        "missed_events", "Events that the journal lacked when a collab was recovered", lambda: house.missed
    )
    measures.watch(
        "collabs_troubled", "Collabs in trouble, while the others are served", lambda: len(house.troubles)
    )
    watching = Watching(house, Pace(quiet=given.debounce, most=given.longest_wait), measures)
    serving = Serving(house, watching, measures, room)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_stop_on_signal, tasks.cancel_scope)
        tasks.start_soon(watching.run)
        tasks.start_soon(pack_as_it_grows, place)
        tasks.start_soon(keep_watch, house)
        if sole is not None:
            tasks.start_soon(stay_alone, sole)
        tasks.start_soon(keep_evenings, house, given.evening, given.thin_after)
        answer = unless_lost(serving.answer, engine) if given.fence else serving.answer
        await wire.serve(run / "writer.sock", answer, hub.follow)


async def _stop_on_signal(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            scope.cancel()
            return


def _told() -> argparse.Namespace:
    told = json.loads(sys.stdin.buffer.read())
    run = Path(told["run"]) if told.get("run") else None
    return argparse.Namespace(**{**ALONE, **told, "root": Path(told["root"]), "run": run})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="gitcollab.writer")
    parser.add_argument("--root", type=Path, required=True)
    parser.set_defaults(run=None, **ALONE)
    parser.add_argument("--database", default="", help="URL; empty: SQLite in the root")
    parser.add_argument("--debounce", type=float, default=0.3, help="seconds a file has to be left alone")
    parser.add_argument(
        "--longest-wait", type=float, default=5.0, help="seconds after which it is saved anyway"
    )
    parser.add_argument("--land", choices=("save", "request"), default="save")
    parser.add_argument("--deliver", choices=("landing", "request"), default="landing")
    parser.add_argument("--mirror-hosts", nargs="*", default=())
    parser.add_argument("--unix-accounts", action="store_true")
    parser.add_argument("--evening", default="", help="HH:MM, when each day ends; empty: never")
    parser.add_argument("--thin-after", type=float, default=0.0, help="days; 0: never")
    return parser.parse_args()


if __name__ == "__main__":
    main()
