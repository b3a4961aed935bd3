"""A pool whose jobs misbehave as they are told, for test_pool: ``python hostile.py FD``."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import subprocess
import sys
import time

from gitcollab import acts
from gitcollab.errors import NotFound
from gitcollab.workers.limits import Limits
from gitcollab.workers.pool import Pool


def answer(act: acts.Resolve) -> object:
    """Does what the act's ``at`` says."""
    match act.at.split(":")[0]:
        case "spin":
            re.match(r"(a+)+$", "a" * 60 + "b")  # in C, with Python's lock held
        case "sleep":
            time.sleep(60)
        case "crash":
            ctypes.string_at(1)
        case "exit":
            os._exit(0)
        case "eat":
            rest = []
            while True:
                rest.append(bytearray(2**20))
        case "gulp":
            bytearray(2**40)
        case "child":
            return str(subprocess.Popen(["sleep", "60"]).pid)
        case "pid":
            return str(os.getpid())
        case "limit":
            with open("/proc/self/limits", encoding="ascii") as file:
                return next(line for line in file if line.startswith("Max core file size")).split()[4]
        case "nowhere":
            raise NotFound("nowhere")
    return act.at


if __name__ == "__main__":
    Pool(socket.socket(fileno=int(sys.argv[1])), answer, 2, Limits(seconds=1.0, memory=200)).run()
