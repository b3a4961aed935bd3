"""Gating: which gates of a collab are passed elsewhere, by running something, and what exactly is asked of them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from gitcollab.flow.charter import Gates
from gitcollab.model import Shortcoming

MAIN_GATES = ("status", "run", "command")
"""The gates that take their time, in the order in which they are asked."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One gate that is passed elsewhere, on a tree that is fixed: what is decided on does not move meanwhile.

    ``repository`` holds the ``tree``, in which ``path`` is the notebook; ``commit`` is the shared branch's, which a
    status is asked for. ``hidden`` is the service's root. ``seconds`` and ``memory`` (MiB) are what it may take.
    ``hosts`` are those that a status may be asked of.
    """

    gate: str
    repository: str
    tree: str
    commit: str
    path: str
    hidden: str
    seconds: float
    memory: int
    agree: str = "no"
    command: str = ""
    url: str = ""
    hosts: tuple[str, ...] = ()
    has_network: bool = False
    is_trusting: bool = False  # run without walls where the machine allows none
    scratch: str = ""  # an empty directory, which is removed when the job is done


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate has found; nothing if it is passed."""

    shortcomings: tuple[Shortcoming, ...] = ()


class Allowed(msgspec.Struct, frozen=True, kw_only=True):
    """What the server's administrator allows gates to do, whatever ``collab.toml`` asks for.

    ``running`` is auto (notebooks run where they can be kept apart from the service's files), yes (they run anyhow) or
    no; ``hosts`` may be asked for a status.
    """

    running: str = "auto"
    commands: bool = False
    network: bool = False
    seconds: float = 600.0
    memory: int = 2048
    hosts: tuple[str, ...] = ()


def jobs(gates: Gates, allowed: Allowed, candidate: Job) -> tuple[Job, ...]:
    """Returns the gates that are to be passed elsewhere; ``candidate`` says of what, and has no gate yet."""
    made = {
        "status": msgspec.structs.replace(candidate, url=gates.status, hosts=allowed.hosts, seconds=30.0),
        "run": msgspec.structs.replace(candidate, agree=gates.agree),
        "command": msgspec.structs.replace(candidate, command=gates.command),
    }
    wanted = [name for name in MAIN_GATES if getattr(gates, name)]
    limits = {
        "has_network": allowed.network,
        "is_trusting": allowed.running == "yes",
        "memory": min(gates.memory, allowed.memory),
    }
    seconds = min(gates.timeout, allowed.seconds)
    found = []
    for name in wanted:
        job = msgspec.structs.replace(made[name], gate=name, **limits)
        found.append(job if name == "status" else msgspec.structs.replace(job, seconds=seconds))
    return tuple(found)


def refusals(gates: Gates, allowed: Allowed) -> tuple[Shortcoming, ...]:
    """Says which gates are asked for that this server's administrator does not let it pass."""
    found = []
    if gates.run and allowed.running == "no":
        found.append(Shortcoming(gate="run", text="this server runs no notebooks (its setting run_gates)"))
    if gates.command and (not allowed.commands or allowed.running == "no"):
        text = "this server runs no commands of a collab (its setting gate_commands)"
        found.append(Shortcoming(gate="command", text=text))
    return tuple(found)


def candidate(root: Path, repository: Path, tree: str, commit: str, path: str) -> Job:
    """Returns what the gates are asked about."""
    return Job(
        gate="",
        repository=str(repository),
        tree=tree,
        commit=commit,
        path=path,
        hidden=str(root),
        seconds=0,
        memory=0,
    )
