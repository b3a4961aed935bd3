"""gitcollab inside Jupyter: a server extension that says gitcollab's verbs for the notebooks open in a browser.

Jupyter finds the three functions below by their names. Nothing is imported before it is needed.
"""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from gitcollab_hooks.extension import Extension

    return [{"module": "gitcollab_hooks", "app": Extension}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "../labextension", "dest": "gitcollab"}]
