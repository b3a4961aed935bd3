"""Layer 5: the source of one cell. git's own verdict, and a second look at hunks that merely touch."""

from __future__ import annotations

from gitcollab.notebooks.lines import weave


def merged_source(base: str, ours: str, theirs: str) -> str | None:
    """Returns the merged source, None where both sides changed the same lines."""
    woven = weave(*(text.encode("utf-8", "surrogatepass") for text in (base, ours, theirs)))
    if woven.is_clean:
        return woven.text("ours").decode("utf-8", "surrogatepass")
    return None
