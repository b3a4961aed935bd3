"""axe-core, which finds what keeps people out of a page: fetched once by npm, by its name and hash, kept in .tests/."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

VERSION = "4.14.1"
SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
"""Of the package as npm serves it."""
KEPT = Path(__file__).parents[2] / ".tests" / f"axe-core-{VERSION}.tgz"
RUN = """async (rules) => {
  const only = rules.length ? { runOnly: { type: "rule", values: rules } } : {};
  const { violations } = await axe.run(document, { ...only, resultTypes: ["violations"] });
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.slice(0, 3).map((node) => `${id}: ${help}: ${node.html.slice(0, 160)} (${node.any[0]?.message ?? ""})`));
}"""


def source() -> str:
    """The program's text; an AssertionError if what npm gives is not what it was when its hash was written down."""
    if not KEPT.exists():
        fetch()
    assert digest(KEPT) == SHA512
    with tarfile.open(KEPT) as package:
        program = package.extractfile("package/axe.min.js")
        assert program is not None
        return program.read().decode()


def fetch() -> None:
    """Has npm fetch the package; several at once do no harm."""
    KEPT.parent.mkdir(exist_ok=True)
    npm = shutil.which("npm")
    assert npm, "npm is not installed; tests/run installs it"
    with tempfile.TemporaryDirectory(dir=KEPT.parent) as place:
        pack = [npm, "pack", "--ignore-scripts", "--silent", f"axe-core@{VERSION}"]
        subprocess.run(pack, cwd=place, check=True, capture_output=True, timeout=100)
        (packed,) = Path(place).glob("*.tgz")
        os.replace(packed, KEPT)


def digest(path: Path) -> str:
    """The file's SHA-512 as package locks write it."""
    return base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()


def violations(page: Any, program: str, rules: tuple[str, ...] = ()) -> list[str]:
    """What axe finds on the page as it stands; with ``rules`` only by these."""
    page.evaluate(program + ";void 0")
    return list(page.evaluate(RUN, list(rules)))
