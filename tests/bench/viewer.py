"""How long people wait for a difference, beside nbdime's own viewer: ``python tests/bench/viewer.py [ROUNDS]``.

Both servers run on this machine and show the same pairs of notebooks, one after the other in the same run, each time in
a browser that has seen neither. Told: milliseconds to the first byte of the page and until all of it stands there (for
nbdiff-web: as many cells as the difference has), bytes that came over the wire, and megabytes of JavaScript heap and
thousands of nodes afterwards. Medians of ROUNDS (3). Needs Chromium, and ``nbdiff-web`` beside this Python.
"""

from __future__ import annotations

import base64
import json
import random
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import sync_playwright

from gitcollab.client import Client
from gitcollab.demo.stage import House

WORDS = (
    "rain",
    "level",
    "tide",
    "gauge",
    "storm",
    "surge",
    "mean",
    "daily",
    "index",
    "frame",
    "plot",
    "axis",
    "season",
    "hour",
    "day",
)


class Seen(NamedTuple):
    """What one look at a page cost."""

    first_byte: float
    rendered: float
    kilobytes: float
    heap: float
    nodes: float


def source(chance: random.Random) -> list[str]:
    return [f"{chance.choice(WORDS)}_{chance.randrange(99)} = {chance.choice(WORDS)}({chance.random():.3f})\n"
             for _ in range(chance.randrange(3, 12))]  # fmt: skip


def png(chance: random.Random) -> str:
    rows = b"".join(b"\0" + chance.randbytes(3 * 120) for _ in range(90))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 120, 90, 8, 2, 0, 0, 0)
    whole = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + whole).decode()


def output(chance: random.Random, *, is_picture: bool) -> dict[str, Any]:
    if is_picture:
        data = {"image/png": png(chance), "text/plain": "<Figure>"}
        return {"output_type": "display_data", "data": data, "metadata": {}}
    return {"output_type": "stream", "name": "stdout", "text": [f"{chance.random():.6f}\n" for _ in range(6)]}


def pair(cells: int, pictures: int = 0) -> tuple[bytes, bytes]:
    """Two notebooks: one cell in ten has another line, one in twenty another output, and all pictures are others."""
    chance = random.Random(1953)
    old = []
    for k in range(cells):
        shown = [output(chance, is_picture=k < pictures)] if k % 2 == 0 or k < pictures else []
        old.append({"id": f"c{k}", "cell_type": "code", "metadata": {}, "execution_count": k, "source": source(chance),
                    "outputs": shown})  # fmt: skip
    new = json.loads(json.dumps(old))
    for k, cell in enumerate(new):
        if k % 10 == 0:
            cell["source"][1] = cell["source"][1].replace("= ", "= 2 * ")
        if cell["outputs"] and (k % 20 == 4 or k < pictures):
            cell["outputs"] = [output(chance, is_picture=k < pictures)]
    return written(old), written(new)


def written(cells: list[dict[str, Any]]) -> bytes:
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(whole, indent=1, sort_keys=True) + "\n").encode()


@contextmanager
def ours(place: Path, pairs: dict[str, tuple[bytes, bytes]]) -> Iterator[tuple[dict[str, str], str, str]]:
    """Our server with all pairs in it: the addresses of their differences, its own, and a token."""
    house = House(place)
    token = house.run("user", "add", "ana", "--admin")["token"]
    url = house.start()
    try:
        with Client(url, token) as ana:
            made = ana.create("Bench")["id"]
            ana.open_session(made)
            found = {}
            for name, (old, new) in pairs.items():
                first = ana.save(made, "ana/default", f"{name}.ipynb", old)["version"]
                last = ana.save(made, "ana/default", f"{name}.ipynb", new, base=first)["version"]
                found[name] = f"{url}/c/{made}/diff/{first}..{last}/{name}.ipynb"
            yield found, url, token
    finally:
        house.stop()


@contextmanager
def theirs(place: Path, pairs: dict[str, tuple[bytes, bytes]]) -> Iterator[dict[str, str]]:
    """nbdime's server beside the same files: the addresses of their differences."""
    for name, (old, new) in pairs.items():
        (place / f"{name}-a.ipynb").write_bytes(old)
        (place / f"{name}-b.ipynb").write_bytes(new)
    first = next(iter(pairs))
    program = Path(sys.executable).parent / "nbdiff-web"
    command = [
        program,
        "--persist",
        "--browser",
        "true",
        "--port",
        "0",
        "-w",
        place,
        f"{first}-a.ipynb",
        f"{first}-b.ipynb",
    ]
    with subprocess.Popen(
        command, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stderr is not None
            line = next(line for line in server.stderr if "Listening on" in line)
            url = "http://127.0.0.1:" + line.rsplit(" ", 1)[1].strip()
            yield {name: f"{url}/diff?base={name}-a.ipynb&remote={name}-b.ipynb" for name in pairs}
        finally:
            server.kill()


def look(browser: Any, address: str, done: str, token: str = "") -> Seen:
    """Looks once, with a browser that has nothing of it; ``done`` is true when the page stands there; empty: when it
    is loaded."""
    context = browser.new_context()
    if token:
        context.request.post(f"{address.partition('/c/')[0]}/signin", form={"token": token}, max_redirects=0)
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    sizes: list[float] = []
    wire.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    start = time.monotonic()
    page.goto(address, wait_until="commit")
    if done:
        page.wait_for_function(done, timeout=PATIENCE, polling="raf")
    else:
        page.wait_for_load_state("load", timeout=PATIENCE)
        assert page.locator(".change").count() > 0, page.inner_text("main")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    rendered = (time.monotonic() - start) * 1000
    first = page.evaluate("performance.getEntriesByType('navigation')[0].responseStart")
    wire.send("HeapProfiler.collectGarbage")
    wire.send("Performance.enable")
    figures = {each["name"]: each["value"] for each in wire.send("Performance.getMetrics")["metrics"]}
    context.close()
    return Seen(first, rendered, sum(sizes) / 1e3, figures["JSHeapUsedSize"] / 1e6, figures["Nodes"] / 1e3)


PAIRS = {"20 cells": (20, 0), "200 cells": (200, 0), "40 pictures": (60, 40), "2,000 cells": (2000, 0)}
PATIENCE = 600_000
"""Milliseconds after which a page that does not come is given up."""


def main(rounds: int) -> None:
    """Measures and prints the table."""
    names = {name: f"n{k}" for k, name in enumerate(PAIRS)}
    pairs = {names[name]: pair(*asked) for name, asked in PAIRS.items()}
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as other,
        sync_playwright() as started,
    ):
        browser = started.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        with ours(Path(one), pairs) as (mine, _, token), theirs(Path(other), pairs) as other_addresses:
            print("| pair | viewer | first byte ms | rendered ms | kB | heap MB | 1,000 nodes |")
            print("|---|---|---:|---:|---:|---:|---:|")
            for name, (cells, _) in PAIRS.items():
                drawn = f"document.querySelectorAll('.jp-Cell-diff').length >= {cells}"
                both: dict[str, list[Seen]] = {"gitcollab": [], "nbdiff-web": []}
                for _ in range(rounds if cells < 1000 else 1):
                    both["gitcollab"].append(look(browser, mine[names[name]], "", token))
                    both["nbdiff-web"].append(look(browser, other_addresses[names[name]], drawn))
                tell(
                    name,
                    {
                        viewer: Seen(*map(statistics.median, zip(*seen, strict=True)))
                        for viewer, seen in both.items()
                    },
                )
        browser.close()


def tell(name: str, seen: dict[str, Seen]) -> None:
    """Prints a pair's rows, and how many times more the other viewer takes."""
    forms = ("{:,.0f}", "{:,.0f}", "{:,.0f}", "{:.1f}", "{:.1f}")
    for viewer, each in seen.items():
        row = " | ".join(form.format(value) for form, value in zip(forms, each, strict=True))
        print(f"| {name} | {viewer} | {row} |")
    ratios = (
        f"{theirs / ours:.1f} times" if ours else "" for ours, theirs in zip(*seen.values(), strict=True)
    )
    print(f"| | nbdiff-web takes | {' | '.join(ratios)} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 3)
