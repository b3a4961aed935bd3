"""Root without the power to ignore permissions, so that tests of permissions hold in containers too."""

import ctypes
import os
from collections.abc import Iterator

import pytest

VERSION_3 = 0x20080522
OVERRIDE = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE | CAP_DAC_READ_SEARCH


@pytest.fixture
def mortal() -> Iterator[None]:
    """Permissions count for this thread and those it starts (capset(2))."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, powers = (ctypes.c_uint32 * 2)(VERSION_3, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, powers) == 0
    powers[0] &= ~OVERRIDE
    assert libc.capset(header, powers) == 0
    yield
    powers[0] |= powers[1] & OVERRIDE
    assert libc.capset(header, powers) == 0
