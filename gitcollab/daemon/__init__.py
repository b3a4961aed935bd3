"""The daemon: prepares a root, starts workers, writer and web, keeps them going, and stops them in reverse.

Each part is ``python -m gitcollab.PART`` and is told what it needs by one JSON object on its standard input, then EOF
(no secret is ever in an argument or in the environment):

- ``writer --told``: ``{"root", "database", "debounce", "longest_wait", "land", "deliver", "unix_accounts"}``; serves
  ROOT/run/writer.sock
- ``web``: ``{"root", "fds", "base_url", "database", "hosts"}``; ``fds`` are inherited listening sockets
- ``workers``: arguments, see ``gitcollab.workers``; their listening socket is inherited too

A part that has not been told yet loads its libraries meanwhile: all are started at once and told in order. It stops in
order on SIGTERM and is killed when the daemon ends, however that ends. Logs go to standard error.

Of several nodes on one root one does all this, and the others stand by (``spare``); what is one node's own is told as
``run``, and to the writer its ``fence`` and the name of the repositories' directory, ``among``.
"""

from gitcollab.daemon.serving import serve

__all__ = ["serve"]
