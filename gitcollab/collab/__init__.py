"""Collab: the waist. Every change of a collab meets here: one lock, one journal, one way to tell what happened."""

from gitcollab.collab.collab import Collab
from gitcollab.collab.given import Given
from gitcollab.collab.ledger import Ledger
from gitcollab.collab.place import Place
from gitcollab.collab.promotion import Waiting

__all__ = ["Collab", "Given", "Ledger", "Place", "Waiting"]
