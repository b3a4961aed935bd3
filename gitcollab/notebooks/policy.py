"""The one visible table of what is decided without asking: which rule holds for which field when both sides changed it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

RULES = ("newer", "shared", "union", "clear", "contested")

DEFAULTS: dict[str, str] = {
    # field                              rule
    "outputs": "newer",  # with execution_count one unit; the side whose source changed wins before this rule is asked
    "execution_count": "newer",
    "metadata.tags": "union",
    "metadata.collapsed": "newer",
    "metadata.scrolled": "newer",
    "metadata.trusted": "newer",
    "metadata.execution": "newer",
    "metadata.ExecuteTime": "newer",
    "metadata.heading_collapsed": "newer",
    "metadata.jupyter": "newer",
    "metadata.nbgrader": "contested",
    "metadata.*": "contested",
    "attachments.*": "contested",
    "notebook.metadata.kernelspec": "newer",  # whole, from one side
    "notebook.metadata.language_info": "newer",
    "notebook.metadata.widgets": "newer",
    "notebook.metadata.*": "contested",
}
"""``newer`` takes the landing side (the session), ``shared`` the other one, ``union`` what either has, ``clear``
nothing, ``contested`` asks a person. A name that ends in ``.*`` holds for all names of that group without a row."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The defaults, with a collab's own rules laid over them (``[merge]`` in its collab.toml)."""

    rules: Mapping[str, str] = msgspec.field(default_factory=dict)

    def rule(self, field: str) -> str:
        """Returns the rule for a field; what nobody named is contested."""
        group = field.rpartition(".")[0] if "." not in field else field[: field.index(".", _prefix(field))]
        for name in (field, f"{group}.*"):
            found = self.rules.get(name) or DEFAULTS.get(name)
            if found:
                return found
        return "contested"


def _prefix(field: str) -> int:
    return len("notebook.") if field.startswith("notebook.") else 0
