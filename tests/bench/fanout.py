"""How many events a second one node brings to how many open streams, beside a bare Node.js server.

``python tests/bench/fanout.py [READERS …]`` (default 100 1000 10000). For each number both servers run in turn, with
the same client: one process that opens the streams, reads them by epoll and notes when each event came to the first
and to the last of them. gitcollab's events are those of real, durable saves; Node writes the same number of the same
bytes, asked one by one over HTTP, and keeps nothing. Latency is from the asking to the last reader, and from the first
reader to the last, which leaves the saving out.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from gitcollab import store
from gitcollab.client import Client

SAVES = 20
PER_PERSON = 90
"""Streams of one person, who may have a hundred."""

NODE = """
const http = require("http"), readers = new Set();
let n = 0;
http.createServer((asked, answer) => {
  if (asked.method === "POST") {
    let body = "";
    asked.on("data", (chunk) => (body += chunk));
    asked.on("end", () => {
      const event = `id: ${++n}\\nevent: saved\\ndata: ${body}\\n\\n`;
      for (const reader of readers) reader.write(event);
      answer.end();
    });
    return;
  }
  answer.writeHead(200, {"content-type": "text/event-stream", "cache-control": "no-store"});
  answer.write("retry: 1000\\n\\n");
  readers.add(answer);
  asked.on("close", () => readers.delete(answer));
}).listen(0, "127.0.0.1", 8192, function () { console.log(this.address().port); });
"""


class Figures:
    """What the readers saw of each event, in their order: first and last arrival, and how many got it."""

    def __init__(self) -> None:
        self.first: list[float] = []
        self.last: list[float] = []
        self.count: list[int] = []

    def note(self, number: int, at: float) -> None:
        """One reader has got event ``number``."""
        while len(self.first) <= number:
            self.first.append(at)
            self.last.append(at)
            self.count.append(0)
        self.last[number] = at
        self.count[number] += 1


def read(port: int, requests: list[bytes], line: Connection) -> None:
    """Opens a stream for each request, says so, and reads; answers ``figures`` whenever it is asked."""
    poll, open_now = select.epoll(), {}
    for number, request in enumerate(requests):
        reader = socket.create_connection(("127.0.0.1", port), 120)
        reader.sendall(request)
        reader.setblocking(False)
        poll.register(reader, select.EPOLLIN)
        open_now[reader.fileno()] = [reader, b"", 0]
        if number % 50 == 49:
            taken(poll, open_now, None, 0)
    waiting = len(requests)
    while waiting > sum(each[2] > 0 for each in open_now.values()):
        taken(poll, open_now, None, 1)
    for each in open_now.values():
        each[2] = 1
    line.send("open")
    figures = Figures()
    while True:
        taken(poll, open_now, figures, 0.05)
        if line.poll():
            if line.recv() == "stop":
                return
            line.send((figures.first, figures.last, figures.count))


def taken(poll: Any, open_now: dict[int, list[Any]], figures: Figures | None, wait: float) -> None:
    """Reads what has come. Of each stream: socket, last bytes, and how many events (one is its beginning)."""
    for fd, _ in poll.poll(wait):
        each = open_now[fd]
        try:
            data = each[0].recv(262_144)
        except BlockingIOError:
            continue
        if not data:
            raise SystemExit(f"a stream was closed after {each[2]} events: {each[1]!r}")
        found = (each[1] + data).count(b"\nid: ") if figures else int(b"retry:" in data)
        at = time.monotonic()
        for _ in range(found):
            if figures:
                figures.note(each[2] - 1, at)
            each[2] += 1
        each[1] = data[-4:] if figures else data[-600:]


class Readers:
    """The process that reads."""

    def __init__(self, port: int, requests: list[bytes]) -> None:
        self.line, other = multiprocessing.Pipe()
        self.running = multiprocessing.Process(target=read, args=(port, requests, other), daemon=True)
        self.running.start()
        began = time.monotonic()
        assert self.line.poll(600)
        assert self.line.recv() == "open"
        self.opened_in = time.monotonic() - began

    def figures(self, readers: int, events: int) -> tuple[list[float], list[float]]:
        """First and last arrivals, once all events have come to all."""
        deadline = time.monotonic() + 300
        while True:
            self.line.send("figures")
            first, last, count = self.line.recv()
            if len(count) >= events and all(each == readers for each in count):
                return first, last
            if time.monotonic() > deadline:
                raise SystemExit(f"of {readers} readers only {count} got the events")
            time.sleep(0.1)

    def stop(self) -> None:
        """Ends it."""
        self.line.send("stop")
        self.running.join(60)


def memory(pid: int) -> float:
    """Bytes that a process has in memory."""
    return float(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def processor(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(name: str, pid: int, port: int, requests: list[bytes], publish: Callable[[], int]) -> None:
    """Prints one row: ``publish`` makes events and returns how many."""
    count, before = len(requests), memory(pid)
    readers = Readers(port, requests)
    grown = (memory(pid) - before) / count
    publish_once(publish, readers, count)
    asked, events, cpu, began = [], 0, processor(pid), time.monotonic()
    first_seen = len(readers.figures(count, 0)[0])
    for _ in range(SAVES):
        asked.append(time.monotonic())
        events += publish()
    first, last = readers.figures(count, first_seen + events)
    cpu, took = processor(pid) - cpu, max(last) - began
    per = events // SAVES
    ends = [last[first_seen + (n + 1) * per - 1] - at for n, at in enumerate(asked)]
    spread = [b - a for a, b in zip(first[first_seen:], last[first_seen:], strict=True)]
    cells = [name, f"{count:,}", f"{readers.opened_in:.1f}", f"{grown / 1024:.1f}", f"{events / took:.0f}"]
    cells += [f"{events * count / took:,.0f}", f"{cpu * 1e6 / events / count:.1f}"]
    for times in (ends, spread):
        cells += [f"{each * 1000:.0f}" for each in (statistics.median(times), max(times))]
    print("| " + " | ".join(cells) + " |", flush=True)
    readers.stop()


def publish_once(publish: Callable[[], int], readers: Readers, count: int) -> None:
    """Makes the first events, which find everything cold."""
    readers.figures(count, publish())


@contextmanager
def gitcollab(place: Path, people: int) -> Iterator[tuple[int, int, list[bytes], Callable[[], int]]]:
    """A server with one collab and so many people; yields web's process, its port, their requests, and a save."""
    root = place / "root"
    command = [sys.executable, "-m", "gitcollab", "serve", "--root", str(root), "--port", "0"]
    serving = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert serving.stdout
    url = next(line.split()[1] for line in serving.stdout if line.startswith("  at "))
    opened = store.engine(store.file_url(root / "private" / "gitcollab.sqlite"))
    with opened.begin() as conn:
        store.people.add_person(conn, "ana")
        tokens = [store.tokens.add_token(conn, "ana").secret]
        for number in range(people):
            store.people.add_person(conn, f"p{number}")
            tokens.append(store.tokens.add_token(conn, f"p{number}").secret)
    client = Client(url, tokens[0])
    collab = client.create("Fan-out")["id"]
    with opened.begin() as conn:
        for number in range(people):
            store.members.set_member(conn, collab, f"p{number}", store.members.Role.VIEWER)
    client.open_session(collab)
    port, saved = int(url.rpartition(":")[2]), [0]
    asked = f"GET /api/collabs/{collab}/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer "

    def save() -> int:
        saved[0] += 1
        client.save(collab, "ana/default", "a.txt", b"%d\n" % saved[0])
        return 2  # saved and landed

    requests = [f"{asked}{token}\r\n\r\n".encode() for token in tokens[1:]]
    children = Path(f"/proc/{serving.pid}/task/{serving.pid}/children").read_text().split()
    web = next(int(p) for p in children if b"gitcollab.web" in Path(f"/proc/{p}/cmdline").read_bytes())
    try:
        yield web, port, requests, save
    finally:
        client.close()
        serving.terminate()
        serving.wait(120)
        opened.dispose()


@contextmanager
def node() -> Iterator[tuple[int, int, Callable[[], int]]]:
    """The bare server; yields its process, its port, and what makes two events."""
    with subprocess.Popen(["node", "-e", NODE], stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout
        port = int(serving.stdout.readline())
        body = json.dumps({"type": "saved", "text": "x" * 500}).encode()

        def publish() -> int:
            for _ in range(2):
                with socket.create_connection(("127.0.0.1", port)) as asking:
                    asking.sendall(
                        b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
                        % len(body)
                        + body
                    )
                    asking.recv(4096)
            return 2

        try:
            yield serving.pid, port, publish
        finally:
            serving.terminate()


def main() -> None:
    """Measures each number of readers with both servers in turn."""
    counts = [int(word) for word in sys.argv[1:]] or [100, 1000, 10_000]
    print(
        "| server | readers | opened in s | kB each | events/s | deliveries/s"
        " | µs CPU each | ms p50 | max | spread | max |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for count in counts:
        if shutil.which("node"):
            with node() as (pid, port, publish):
                measured("node", pid, port, [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"] * count, publish)
        with tempfile.TemporaryDirectory() as place:
            people = -(-count // PER_PERSON)
            with gitcollab(Path(place), people) as (pid, port, requests, save):
                measured("gitcollab", pid, port, (requests * PER_PERSON)[:count], save)


if __name__ == "__main__":
    main()
