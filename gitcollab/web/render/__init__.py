"""RENDER: cells in, safe HTML out. Pure; it runs in a worker, because a notebook is hostile until proven harmless.

Nothing of a notebook becomes markup but through ``text.escape`` or nh3; nothing in it is run. What is too rich to be
shown safely is named instead.
"""

from gitcollab.web.render.difference import render_diff, render_text_diff
from gitcollab.web.render.notebook import language_of, render_notebook, render_source, render_text
from gitcollab.web.render.pieces import FRAME, Piece, piece
from gitcollab.web.render.place import Place

__all__ = [
    "FRAME",
    "Piece",
    "Place",
    "language_of",
    "piece",
    "render_diff",
    "render_notebook",
    "render_source",
    "render_text",
    "render_text_diff",
]
