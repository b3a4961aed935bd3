"""The runner: asks of a notebook what only running it, a command or another server can tell, behind walls.

``python -m gitcollab.runner PARENT`` reads one :class:`gitcollab.flow.gating.Job` from standard input and writes what
it found to standard output. It is started for each job, by the writer, which gives it no credential and ends it when
its time is up. What it runs is written by others: that sees neither the service's files nor its processes.
"""
