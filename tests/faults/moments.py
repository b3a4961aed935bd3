"""Moments: lets a fault happen at one moment of an act after the other, and tells what is wrong after the recovery.

``python moments.py TOP GROUP FAULT COUNT SEED``: one JSON line for each moment; COUNT of them in each act, 0: all.
"""

from __future__ import annotations

import os
import random
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import acting
import msgspec
import serving
from acting import World
from invariants import Promised, Publish, Save, Withheld, check
from tracing import TOLD, Fault, Traced, forked, ready, relieved, trace, trace_all

from gitcollab import logs
from gitcollab.errors import GitcollabError, NoSpace
from gitcollab.repository import disk_errors, durable

Act = Callable[[World], None]
ACTS: dict[str, tuple[Act, ...]] = {**acting.ACTS, "served": (serving.pushes_over_http,)}


class Moment(msgspec.Struct, kw_only=True):
    """One moment: what was being done, which of its calls met the fault, and what is wrong after that."""

    act: str
    at: int
    total: int
    problems: list[str]
    was_killed: bool = False
    refused: str = ""
    seconds: float = 0.0


class Refused(msgspec.Struct, tag=True):
    """The act was refused, as it should be when the disk refuses."""

    code: str


class Problem(msgspec.Struct, tag=True):
    """Something is not as it should be."""

    text: str


def main() -> None:
    """Runs what the command line says."""
    logs.to_stderr("moments")
    durable.THREADS = 1  # the tracer follows one thread
    top, group, fault = Path(sys.argv[1]), sys.argv[2], Fault(sys.argv[3])
    count, chance = int(sys.argv[4]), random.Random(int(sys.argv[5]))
    seed, here = top / "seed", top / "here"
    assert os.waitpid(forked(lambda: acting.build(here)), 0)[1] == 0
    here.rename(seed)
    for act in ACTS[group]:
        whole = moment(act, 0, fault, (seed, here))
        print(msgspec.json.encode(whole).decode(), flush=True)
        wanted = range(1, whole.total + 1)
        for at in sorted(chance.sample(wanted, count)) if 0 < count < whole.total else wanted:
            one = moment(act, at, fault, (seed, here))
            one.total = whole.total
            print(msgspec.json.encode(one).decode(), flush=True)


def moment(act: Act, at: int, fault: Fault, places: tuple[Path, Path]) -> Moment:
    """Has one act done with one fault in it (``at`` 0: none), then all recovered and looked at, by fresh children."""
    began = time.monotonic()
    with acting.copied(*places) as here:
        told, traced = acted(act, at, fault, here)
        promised = Promised(
            [one for one in told if isinstance(one, Save)],
            [one for one in told if isinstance(one, Publish)],
            {here / "ana" / ".~own": acting.OWN},
            [one for one in told if isinstance(one, Withheld)],
        )
        further = listened(lambda: recovered(act, promised, here, is_again=traced.was_killed))
    problems = [one.text for one in (*told, *further) if isinstance(one, Problem)]
    if not at:
        problems += [f"without any fault: {one.code}" for one in told if isinstance(one, Refused)]
        problems += ["without any fault: not acknowledged"] if is_served(act) and not promised.saves else []
    refused = next((one.code for one in told if isinstance(one, Refused)), "")
    seconds = round(time.monotonic() - began, 3)
    return Moment(
        act=act.__name__,
        at=at,
        total=traced.count,
        problems=problems,
        was_killed=traced.was_killed,
        refused=refused,
        seconds=seconds,
    )


def acted(act: Act, at: int, fault: Fault, here: Path) -> tuple[list[object], Traced]:
    """Does the act in a traced child, and once more if it was refused and the disk takes writes again."""
    found: list[Traced] = []

    def work() -> None:
        world = opened(act, here)
        world.begin()
        if is_served(act):
            serving.begins(world)
        ready()
        try:
            with disk_errors("it"):  # as the writer's door says it
                act(world)
        except GitcollabError as error:
            acting.told(Refused(error.code))
            if fault is Fault.FULL and not isinstance(error, NoSpace):
                acting.told(Problem(f"on a full disk: {error!r}"))
            relieved()
            once_more(act, world)

    def follow(child: int) -> None:
        found.append(trace_all(child, at, fault) if is_served(act) else trace(child, at, fault))

    told = listened(work, follow)
    return told, found[0]


def is_served(act: Act) -> bool:
    """Whether other programs do a part of it; they are only ever killed."""
    return act in ACTS["served"]


def recovered(act: Act, promised: Promised, here: Path, *, is_again: bool) -> None:
    """Starts on what the fault left, looks at everything, lets the act be done again and looks once more."""
    began = time.monotonic()
    world = opened(act, here)
    world.begin()
    if time.monotonic() - began > READY:
        acting.told(Problem(f"I7 ready after {time.monotonic() - began:.1f} s"))
    problems = check(world.root, promised)
    world.sweep()
    if is_again:
        once_more(act, world)
    for problem in (*problems, *after_all(act, world), *check(world.root, promised)):
        acting.told(Problem(problem))


def after_all(act: Act, world: World) -> list[str]:
    """Nothing waits to land any more, where landing is not on request."""
    if act is acting.purges:
        return [*world.unlanded(), *world.unpurged()]
    if act in acting.ACTS["archives"]:
        return [*world.unlanded(), *world.unarchived()]
    return [] if act in ON_REQUEST or act is acting.ends else world.unlanded()


def once_more(act: Act, world: World) -> None:
    """Does an act that may have been done: an honest refusal is an answer, anything else is a problem."""
    with suppress(GitcollabError, StopIteration):
        act(world)


def opened(act: Act, here: Path) -> World:
    return World(here, acting.ON_REQUEST) if act in ON_REQUEST else World(here)


def listened(
    work: Callable[[], object], follow: Callable[[int], object] = lambda child: os.waitpid(child, 0)
) -> list[object]:
    """Runs ``work`` in a child and returns what it told until it ended."""
    source, target = os.pipe()

    def telling() -> None:
        os.dup2(target, TOLD)
        os.close(target)
        try:
            work()
        except BaseException:
            acting.told(Problem(traceback.format_exc()))

    child = forked(telling)
    os.close(target)
    follow(child)
    with open(source, "rb") as pipe:
        return [
            msgspec.json.decode(line, type=Save | Publish | Withheld | Refused | Problem) for line in pipe
        ]


ON_REQUEST = (acting.lands,)

READY = 120.0
"""Seconds that a start may take here: the two that are promised, on a machine that runs other tests meanwhile."""

if __name__ == "__main__":
    main()
