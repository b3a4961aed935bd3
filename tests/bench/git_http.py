"""Git over HTTP: clone, fetch and push through the git door, beside ``git http-backend`` and ``file://`` in one run.

Run: ``python tests/bench/git_http.py [--rounds N] [--mb SIZE]``. All three serve copies of one repository with one
configuration (durable pushes, checked objects), turn by turn. A push to us does more: it is decided, measured, moved by
the writer, landed on main, delivered and journalled, all durable, before git hears that it is done. Targets:
clone 1.1, push of a large pack 1.25, push and fetch of one commit 2.5 times ``file://``; memory + 8 MB.
"""

from __future__ import annotations

import argparse
import base64
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from gitcollab import store
from gitcollab.client import Client

GIT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
WHO = {f"GIT_{role}_{what}": "ana" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
SEED_FILES, SEED_COMMITS = 60, 40


def git(*words: str, cwd: Path, header: str = "") -> str:
    """Runs stock git; fails when it fails."""
    more = ["-c", f"http.extraHeader={header}"] if header else []
    env = os.environ | GIT | WHO | {"HOME": str(cwd)}
    ran = subprocess.run(
        ["git", *more, *words], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise SystemExit(f"git {words[0]} failed: {ran.stderr}")
    return ran.stdout.strip()


class Backend(BaseHTTPRequestHandler):
    """The least CGI server that ``git http-backend`` needs."""

    protocol_version = "HTTP/1.1"
    root: Path

    def do_GET(self) -> None:
        self._run(b"")

    def do_POST(self) -> None:
        self._run(self._body())

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _run(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        env = os.environ | GIT | {"GIT_PROJECT_ROOT": str(self.root), "GIT_HTTP_EXPORT_ALL": "1"}
        env |= {
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "REMOTE_USER": "ana",
        }
        env |= {"CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body))}
        env |= {"HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", "")}
        env |= {"GIT_PROTOCOL": self.headers.get("Git-Protocol", "")}
        ran = subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True, check=True)
        head, _, answer = ran.stdout.partition(b"\r\n\r\n")
        self.send_response(200)
        for line in head.decode().splitlines():
            name, _, value = line.partition(": ")
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def backend(root: Path) -> Iterator[str]:
    """Serves the repositories below ``root`` by git http-backend."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Backend,), {"root": root}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@contextmanager
def served(root: Path) -> Iterator[tuple[Client, str, int]]:
    """Runs gitcollab; gives Ana's client, her token and the web process's id."""
    root.mkdir(mode=0o700)
    command = [sys.executable, "-m", "gitcollab", "serve", "--root", str(root), "--port", "0"]
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        while not (root / "run" / "url").exists():
            time.sleep(0.05)
        opened = store.engine(store.file_url(root / "private" / "gitcollab.sqlite"))
        with opened.begin() as conn:
            store.people.add_person(conn, "ana", "Ana")
            token = store.tokens.add_token(conn, "ana", "a bench").secret
        yield Client((root / "run" / "url").read_text().strip(), token), token, web_of(running.pid)
    finally:
        running.terminate()
        running.wait()


def web_of(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return next(
        int(each) for each in children if b"gitcollab.web" in Path(f"/proc/{each}/cmdline").read_bytes()
    )


def peak(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(each.split()[1]) / 1024 for each in lines if each.startswith("VmHWM"))


class Way:
    """One way to the repository, with a clone that goes on from round to round."""

    def __init__(self, name: str, url: str, place: Path, header: str = "") -> None:
        self.name, self.url, self.place, self.header = name, url, place, header
        self.number = 0
        self.place.mkdir()
        git("clone", "-q", url, "work", cwd=place, header=header)
        git("clone", "-q", url, "reader", cwd=place, header=header)

    def clone(self) -> None:
        git("clone", "-q", self.url, "fresh", cwd=self.place, header=self.header)

    def tidy(self) -> None:
        shutil.rmtree(self.place / "fresh")

    def commit(self, *files: tuple[str, bytes]) -> None:
        work = self.place / "work"
        for name, data in files:
            (work / name).write_bytes(data)
        git("add", "-A", cwd=work)
        git("commit", "-q", "-m", "Edit", cwd=work)

    def push(self, branch: str) -> None:
        git("push", "-q", "origin", f"HEAD:refs/heads/{branch}", cwd=self.place / "work", header=self.header)

    def fetch(self) -> None:
        git("fetch", "-q", "origin", cwd=self.place / "reader", header=self.header)


def seeded(place: Path, url: str, header: str) -> None:
    """A history of some 20 MB, pushed into the collab."""
    git("clone", "-q", url, "seed", cwd=place, header=header)
    for number in range(SEED_COMMITS):
        for name in range(0, SEED_FILES, 4):
            data = os.urandom(6_000).hex().encode() if (name + number) % 3 else b"%d\n" % number
            (place / "seed" / f"{name}.txt").write_bytes(data)
        git("add", "-A", cwd=place / "seed")
        git("commit", "-q", "-m", f"Number {number}", cwd=place / "seed")
    git("push", "-q", "origin", "HEAD:refs/heads/sessions/ana/seed", cwd=place / "seed", header=header)


def timed(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def measure(ways: list[Way], rounds: int, mb: int) -> dict[str, dict[str, float]]:
    """Each round does everything once each way; the order goes round."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for number in range(rounds):
        for way in ways[number % len(ways) :] + ways[: number % len(ways)]:
            took = found[way.name]
            took["clone"].append(timed(way.clone))
            way.tidy()
            way.commit(("small.txt", b"%d\n" % number))
            took["push of one commit"].append(timed(lambda way=way: way.push("sessions/ana/bench")))
            took["fetch of one commit"].append(timed(way.fetch))
            way.commit(*((f"large-{part}.bin", os.urandom(1_000_000 * mb // 4)) for part in range(4)))
            took[f"push of {mb} MB"].append(timed(lambda way=way: way.push("sessions/ana/bench")))
            way.fetch()
            for part in range(4):
                (way.place / "work" / f"large-{part}.bin").unlink()
            git("commit", "-q", "-am", "Less", cwd=way.place / "work")
    return {
        name: {what: statistics.median(took) for what, took in each.items()} for name, each in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--mb", type=int, default=25)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as top, served(Path(top) / "root") as (ana, token, web):
        place = Path(top)
        header = f"Authorization: Basic {base64.b64encode(f'ana:{token}'.encode()).decode()}"
        collab = ana.create("Bench")["id"]
        url = f"{ana.url}/git/{collab}.git"
        seeded(place, url, header)
        for name in ("file", "backend"):
            shutil.copytree(place / "root" / "collabs" / f"{collab}.git", place / name / "bench.git")
            git("config", "http.receivepack", "true", cwd=place / name / "bench.git")
        with backend(place / "backend") as other:
            ways = [
                Way("file://", f"file://{place}/file/bench.git", place / "by-file"),
                Way("http-backend", f"{other}/bench.git", place / "by-backend"),
                Way("gitcollab", url, place / "by-us", header),
            ]
            before = peak(web)
            found = measure(ways, asked.rounds, asked.mb)
            grown = peak(web) - before
    base = found["file://"]
    print(f"\n| {asked.rounds} rounds, medians | file:// ms | http-backend | gitcollab | to http-backend |")
    print("|---|---:|---:|---:|---:|")
    for what, floor in base.items():
        theirs, ours = found["http-backend"][what], found["gitcollab"][what]
        print(
            f"| {what} | {floor * 1000:.0f} | {theirs / floor:.2f} | {ours / floor:.2f} | {ours / theirs:.2f} |"
        )
    print(f"\nThe web process grew by {grown:.1f} MB over all of it.")


if __name__ == "__main__":
    main()
