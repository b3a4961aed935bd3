"""The thin HTTP client that hooks and the command line use; standard library only, imports nothing heavy."""

from __future__ import annotations

from gitcollab.client.transport import Answer, Transport
from gitcollab.client.verbs import Client

__all__ = ["Answer", "Client", "Transport"]
