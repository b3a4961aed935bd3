"""The front end's modules are type-checked as they are: there is no build in which it could be done."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]
STATIC = HOME / "hooks" / "labextension" / "static"
VERSION = "5.9.3"
SHA512 = "jl1vZzPDinLr9eUt3J/t7V6FgNEw9QjvBPdysz9KfQDD41fQrC2Y4vKQdiaUpFT4bXlb1RHhLpp8wtm6M5TgSw=="
"""Of the package typescript as npm serves it."""
KEPT = HOME / ".tests" / f"typescript-{VERSION}"
CHECK = [
    "--noEmit",
    "--allowJs",
    "--checkJs",
    "--strict",
    "--noImplicitAny",
    "false",
    "--target",
    "es2022",
    "--module",
    "es2022",
    "--moduleResolution",
    "bundler",
    "--lib",
    "es2023,dom,dom.iterable",
]


def compiler() -> Path:
    """The compiler, fetched once by npm, by its name and hash."""
    npm = shutil.which("npm")
    assert npm, "npm is not installed; tests/run installs it"
    packed = KEPT / f"typescript-{VERSION}.tgz"
    if not packed.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        pack = [npm, "pack", "--ignore-scripts", "--silent", f"typescript@{VERSION}"]
        subprocess.run(pack, cwd=KEPT, check=True, capture_output=True, timeout=100)
    assert base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode() == SHA512
    if not (KEPT / "package" / "lib" / "tsc.js").exists():
        with tarfile.open(packed) as package:
            package.extractall(KEPT, filter="data")
    return KEPT / "package" / "lib" / "tsc.js"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_type_checker_has_nothing_to_say() -> None:
    command = ["node", str(compiler()), *CHECK, str(STATIC / "plugin.js")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "") == (ran.returncode, ran.stdout)


def test_every_module_is_checked_but_the_container() -> None:
    unchecked = {
        path.name for path in STATIC.glob("*.js") if "// @ts-check" not in path.read_text(encoding="utf-8")
    }
    assert {"remoteEntry.js"} == unchecked


def test_every_colour_is_the_themes_own() -> None:
    style = (STATIC / "style.css").read_text(encoding="utf-8")
    fixed = [
        line.strip()
        for line in style.splitlines()
        if "color" in line and ":" in line and "var(--jp-" not in line
    ]
    assert ["color: white;"] == fixed  # the letter on a person's own colour
