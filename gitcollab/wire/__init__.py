"""The wire: acts and their answers between the daemon's processes, over private unix sockets.

A caller sends an act (``gitcollab.acts``) and gets back what ``acts.ANSWERS`` promises, or the error that the other
process raised, with its code, hint and data. One connection carries many acts at once, or a stream of events.
"""

from gitcollab.wire.calls import Errands, Following, Wire
from gitcollab.wire.frames import LIMIT, listen
from gitcollab.wire.serving import serve, serve_one_by_one

__all__ = ["LIMIT", "Errands", "Following", "Wire", "listen", "serve", "serve_one_by_one"]
