"""Whether a source is Python that parses: a merged one that no longer does was merged wrongly."""

from __future__ import annotations

import re
import warnings

LONG = 200_000
"""Characters beyond which nothing is parsed."""

_magic = re.compile(r"(?m)^(\s*)(?:[%!?].*|.*\?)$")


def as_python(source: str) -> str:
    """Returns a cell's source with IPython's magics and shell lines as plain statements."""
    return _magic.sub(r"\1pass", source)


def is_broken(source: str) -> bool:
    """Whether a code cell is no Python, IPython's magics aside; what another language's magic heads never is."""
    import ast  # only a second look at touching edits wants it

    if source.startswith("%%") or len(source) > LONG:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # compiled: an argument given twice does parse
            compile(as_python(source), "<cell>", "exec", flags, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return False
