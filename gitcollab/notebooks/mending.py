"""Mending: a notebook that is readable but may not stand on the shared branch, made into one that may."""

from __future__ import annotations

from gitcollab.notebooks.checking import problems
from gitcollab.notebooks.merging import merge
from gitcollab.notebooks.stamps import stamp, strip

EMPTY = b'{\n "cells": [],\n "metadata": {},\n "nbformat": 4,\n "nbformat_minor": 5\n}\n'
ANY = "0" * 40
"""A version that differs from none, so that the engine has two sides to bring together."""


def mended(data: bytes) -> bytes | None:
    """Returns the same notebook in a form that is valid, or None if that cannot be had without losing anything.

    nbformat 1 to 3 is read through nbformat's own converter; missing or repeated ids become unique ones that follow
    from the content. The engine does both for whatever two sides changed; here the other side is an empty notebook.
    """
    merged = merge(EMPTY, stamp(EMPTY, ANY), data)
    if merged.contested:
        return None
    found, _ = strip(merged.notebook)
    return None if problems(found) else found
