"""Requests per second and how long they take, of the routes that are read most, beside a bare starlette route.

Run: ``python tests/bench/api.py [--seconds N] [--at-once N]``. Everything is real: a served root with a collab of a
hundred events and a notebook; the bare route is one that answers a constant JSON, served by the same uvicorn. Turn by
turn, so that a noisy machine is noisy for all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitcollab.client import Client

BARE = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
async def bare(request): return JSONResponse({"name": "ana"})
uvicorn.run(Starlette(routes=[Route("/", bare)]), port=int(sys.argv[1]), log_config=None, access_log=False)
"""
BOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@contextmanager
def served(root: Path) -> Iterator[Client]:
    """A served root; yields its owner's client."""
    command = [sys.executable, "-P", "-m", "gitcollab", "serve", "--root", str(root), "--port", "0"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not (root / "run" / "url").exists():
            time.sleep(0.05)
        with Client(
            (root / "run" / "url").read_text().strip(), (root / "private" / "token").read_text().strip()
        ) as client:
            yield client
    finally:
        running.terminate()
        running.wait(30)


@contextmanager
def bare(port: int) -> Iterator[None]:
    """A bare starlette route."""
    running = subprocess.Popen([sys.executable, "-c", BARE, str(port)], env=dict(os.environ))
    try:
        time.sleep(2)
        yield
    finally:
        running.terminate()
        running.wait(30)


async def load(host: str, port: int, path: str, token: str, seconds: float, at_once: int) -> list[float]:
    """How long each request took, in seconds, of as many as fit, ``at_once`` at a time on kept connections."""
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
    ).encode()
    until = time.perf_counter() + seconds

    async def one() -> list[float]:
        reader, writer = await asyncio.open_connection(host, port)
        took = []
        while (began := time.perf_counter()) < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in head.split(b"\r\n")[0], head
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            await reader.readexactly(int(length.partition(b":")[2]))
            took.append(time.perf_counter() - began)
        writer.close()
        return took

    return [took for each in await asyncio.gather(*(one() for _ in range(at_once))) for took in each]


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, served(Path(directory) / "root") as client:
        collab = client.create("Rain")["id"]
        session = client.open_session(collab)["session"]
        for turn in range(100):
            book = BOOK | {"metadata": {"turn": turn}}
            client.save(collab, session, "a.ipynb", json.dumps(book).encode())
        port = client.transport.connect().port
        with bare(port + 1):
            compare(given, client.transport.token, port, collab)


def compare(given: argparse.Namespace, token: str, port: int, collab: str) -> None:
    """Asks each route in turn, and prints what came of it."""
    at = f"/api/collabs/{collab}"
    routes = {
        "bare starlette route": (port + 1, "/"),
        "GET /api/me": (port, "/api/me"),
        "GET /api/collabs": (port, "/api/collabs"),
        "GET …/members": (port, f"{at}/members"),
        "GET …/log": (port, f"{at}/log"),
        "GET …/files/PATH": (port, f"{at}/files/a.ipynb"),
        "GET …/contested": (port, f"{at}/contested"),
    }
    took: dict[str, list[float]] = {name: [] for name in routes}
    for _ in range(given.rounds):
        for name, (where, path) in routes.items():
            took[name] += asyncio.run(load("127.0.0.1", where, path, token, given.seconds, given.at_once))
    print("| route | requests/s | p50 ms | p99 ms | times the bare route's |\n|---|---:|---:|---:|---:|")
    first = len(took["bare starlette route"])
    for name, found in took.items():
        per_second = len(found) / (given.seconds * given.rounds)
        cuts = statistics.quantiles(found, n=100)
        print(
            f"| {name} | {per_second:,.0f} | {cuts[49] * 1000:.1f} | {cuts[98] * 1000:.1f} | {first / len(found):.1f} |"
        )


if __name__ == "__main__":
    main()
