"""What every test stands on: a hermetic home and git, an event loop that may not block, and a served root."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from blockbuster import BlockBuster, blockbuster_ctx

hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("long", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture
def anyio_backend() -> str:
    """The service runs on asyncio alone."""
    return "asyncio"


@pytest.fixture(autouse=True)
def hermetic(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh HOME, no git configuration but the test's own, and no gitcollab settings from outside."""
    home = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith(("GIT_", "GITCOLLAB_", "XDG_", "JUPYTER"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "0")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("TZ", "UTC")
    return home


@pytest.fixture(autouse=True)
def unblocked() -> Iterator[BlockBuster]:
    """Code of gitcollab that blocks the event loop fails its test."""
    with blockbuster_ctx("gitcollab") as blockbuster:
        yield blockbuster


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty directory for a daemon's root."""
    path = tmp_path / "root"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def mortal() -> Iterator[None]:
    """Permissions count for this thread and those it starts, for root too, as in a container (capset(2))."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, powers = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    override = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE | CAP_DAC_READ_SEARCH
    assert libc.capget(header, powers) == 0
    powers[0] &= ~override
    assert libc.capset(header, powers) == 0
    yield
    powers[0] |= powers[1] & override
    assert libc.capset(header, powers) == 0
