"""Backups that the daemon has made by itself, by the same command that a person types."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import IO

import anyio
import structlog

from gitcollab.settings import Settings

log = structlog.get_logger("gitcollab.backups")

TOLD = 300
"""Characters of what a backup that failed has said."""


async def back_up_again_and_again(settings: Settings, errors: IO[bytes] | None = None) -> None:
    """Makes a backup now and after every ``backup_hours``, for ever; nothing if no place is named.

    One that fails is logged and made again the next time; nobody waits for it.
    """
    while settings.backup:
        await _back_up(settings, errors)
        await anyio.sleep(settings.backup_hours * 3600)


async def _back_up(settings: Settings, errors: IO[bytes] | None) -> None:
    command = [sys.executable, "-P", "-m", "gitcollab", "backup", settings.backup]
    command += ["--keep", settings.backup_keep] if settings.backup_keep else []
    known = {"GITCOLLAB_ROOT": str(settings.root), "GITCOLLAB_DATABASE": settings.database}
    done = await anyio.run_process(
        command,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE if errors is None else errors,
        env={**os.environ, **known},
        check=False,
    )
    if done.returncode:
        said = (done.stderr or b"").decode("utf-8", "replace")[-TOLD:]
        log.error("no backup", place=settings.backup, code=done.returncode, said=said)
    else:
        log.info("backup", place=settings.backup)
