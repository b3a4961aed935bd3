"""Jupyters to test in: each in a virtual environment of its own below .tests, made once and kept.

As a program (``python tests/browser/labs.py [NAME…]``) it makes them; a test that needs one makes it if it is missing.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

HOME = Path(__file__).parents[2]
PLACE = HOME / ".tests" / "jupyter"

JUPYTERS = {
    "lab-4.6": ("jupyterlab==4.6.*",),
    "lab-4.2": ("jupyterlab==4.2.*",),
    "notebook-7": ("notebook==7.*",),
    "lab-live": ("jupyterlab==4.6.*", "jupyter-collaboration==5.*"),
}
"""What each of them is, besides ipykernel and gitcollab[jupyter] as it lies here."""


def made(name: str) -> Path:
    """Returns the directory with the programs of one of ``JUPYTERS``, which has gitcollab as it is now."""
    home = PLACE / name
    home.mkdir(parents=True, exist_ok=True)
    with locked(home / "lock"):
        venv, python = home / "venv", home / "venv" / "bin" / "python"
        outside = digest([], sys.version, *JUPYTERS[name], *needed())
        inside = digest(sorted(shipped()))
        if read(home / "outside") != outside:
            (home / "inside").unlink(missing_ok=True)
            run(sys.executable, "-m", "venv", "--clear", str(venv))
            wanted = (*JUPYTERS[name], "ipykernel", f"{HOME}[jupyter]")
            run(str(python), "-m", "pip", "install", "-qq", *wanted)
            (home / "outside").write_text(outside)
            (home / "inside").write_text(inside)
        if read(home / "inside") != inside:
            again = ("--no-deps", "--force-reinstall", str(HOME))
            run(str(python), "-m", "pip", "install", "-qq", *again)
            (home / "inside").write_text(inside)
    return venv / "bin"


def needed() -> list[str]:
    """What gitcollab[jupyter] is installed with."""
    project = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["jupyter"]]


def shipped() -> Iterator[Path]:
    """The files that the wheel holds."""
    for room in ("gitcollab", "hooks"):
        yield from (p for p in (HOME / room).rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def digest(paths: list[Path], *words: str) -> str:
    """A name for the content of files."""
    found = hashlib.sha256("\0".join(words).encode())
    for path in paths:
        found.update(str(path.relative_to(HOME)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def read(path: Path) -> str:
    """What stands in a file, nothing if there is none."""
    return path.read_text() if path.exists() else ""


def run(*command: str) -> None:
    """Runs a program that must succeed."""
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise AssertionError(f"{command} failed: {ran.stdout}{ran.stderr}")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Lets one test process in at a time."""
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(made, sys.argv[1:] or JUPYTERS))
