"""``python -m gitcollab.workers --root ROOT --fd N``: the pool as a process of the daemon."""

from __future__ import annotations

import argparse
import os
import socket
from functools import partial
from pathlib import Path

from gitcollab import logs, measures
from gitcollab.workers.jobs import answering
from gitcollab.workers.limits import Limits, scrubbed
from gitcollab.workers.pool import Pool


def main() -> None:
    """Serves until SIGTERM. The listening socket is inherited, so that callers find it while workers come and go."""
    parser = argparse.ArgumentParser(prog="gitcollab.workers", description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--run", type=Path, help="where is noted what is counted; ROOT/run")
    parser.add_argument("--fd", type=int, required=True, help="the listening socket")
    parser.add_argument("--count", type=int, default=2, help="workers")
    parser.add_argument("--seconds", type=float, default=10.0, help="that one job may take")
    parser.add_argument("--memory", type=int, default=1024, help="MiB that one job may take")
    given = parser.parse_args()
    kept = scrubbed(os.environ)
    os.environ.clear()
    os.environ.update(kept)
    logs.to_stderr("workers")
    limits = Limits(seconds=given.seconds, memory=given.memory)
    pool = Pool(socket.socket(fileno=given.fd), answering(given.root), given.count, limits)
    pool.count_on = partial(measures.note, given.run or given.root / "run", "workers")
    pool.count_on(pool.counts)
    pool.run()


if __name__ == "__main__":
    main()
