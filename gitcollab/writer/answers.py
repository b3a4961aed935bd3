"""All that the writer answers besides work: whoever imports this has every act's answer registered."""

from __future__ import annotations

from gitcollab.writer import mirroring, people, visibility
from gitcollab.writer.accounts import answer

__all__ = ["answer", "mirroring", "people", "visibility"]
