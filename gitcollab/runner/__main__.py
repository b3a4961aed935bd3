"""``python -m gitcollab.runner PARENT``: does one job and ends; it ends with the process PARENT in any case."""

from __future__ import annotations

import signal
import sys

import msgspec

from gitcollab.flow.gating import Found, Job
from gitcollab.model import Shortcoming
from gitcollab.runner.running import ran
from gitcollab.runner.status import asked
from gitcollab.workers.limits import die_with


def main() -> None:
    """Reads the job, does it, writes what was found."""
    die_with(int(sys.argv[1]))
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.json.encode(Found(shortcomings=tuple(done(job)))))


def done(job: Job) -> tuple[Shortcoming, ...]:
    """Does a job; what keeps it from being done is a shortcoming, too: nothing passes by accident."""
    if job.gate == "status":
        return asked(job)
    return ran(job)


if __name__ == "__main__":
    main()
