"""The one visible table of what is decided without asking, where both sides changed a field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

RULES = ("newer", "shared", "union", "clear", "contested")
"""``newer`` takes the landing side (the session), ``shared`` the other one, ``union`` what either has, ``clear``
nothing, ``contested`` combines by member what can be combined and asks a person for the rest."""

DEFAULTS: dict[str, str] = {
    # With execution_count one unit; the side whose source changed wins before this rule is asked.
    "outputs": "newer",
    "execution_count": "newer",
    # What people write into a cell's metadata.
    "metadata.tags": "union",
    "metadata.nbgrader": "contested",  # never combined: a grade is whole
    "metadata.*": "contested",
    # What programs write there.
    "metadata.collapsed": "newer",
    "metadata.scrolled": "newer",
    "metadata.trusted": "newer",
    "metadata.execution": "newer",
    "metadata.executionInfo": "newer",
    "metadata.ExecuteTime": "newer",
    "metadata.papermill": "newer",
    "metadata.heading_collapsed": "newer",
    "metadata.hidden": "newer",
    "metadata.colab": "newer",
    "metadata.outputId": "newer",
    "metadata.id": "newer",
    "metadata.vscode": "newer",
    "metadata.pycharm": "newer",
    "metadata.jp-MarkdownHeadingCollapsed": "newer",
    "metadata.deletable": "contested",
    "metadata.editable": "contested",
    "attachments.*": "contested",
    # The notebook's own.
    "notebook.metadata.kernelspec": "newer",  # whole, from one side
    "notebook.metadata.language_info": "newer",
    "notebook.metadata.widgets": "newer",
    "notebook.metadata.signature": "newer",
    "notebook.metadata.papermill": "newer",
    "notebook.metadata.colab": "newer",
    "notebook.metadata.interpreter": "newer",
    "notebook.metadata.vscode": "newer",
    "notebook.metadata.toc": "newer",
    "notebook.metadata.toc-autonumbering": "newer",
    "notebook.metadata.toc-showcode": "newer",
    "notebook.metadata.toc-showmarkdowntxt": "newer",
    "notebook.metadata.varInspector": "newer",
    "notebook.metadata.nav_menu": "newer",
    "notebook.metadata.hide_input": "newer",
    "notebook.metadata.celltoolbar": "newer",
    "notebook.metadata.accelerator": "newer",
    "notebook.metadata.anaconda-cloud": "newer",
    "notebook.metadata.application/vnd.databricks.v1+notebook": "newer",
    "notebook.metadata.gist": "newer",
    "notebook.metadata.latex_envs": "newer",
    "notebook.metadata.nbTranslate": "newer",
    "notebook.metadata.name": "newer",
    "notebook.metadata.*": "contested",
}
"""Field to rule. A name that ends in ``.*`` holds for all members of that group without a row of their own."""

SHORT = {
    "tags": "metadata.tags",
    "kernelspec": "notebook.metadata.kernelspec",
    "language_info": "notebook.metadata.language_info",
    "widget_state": "notebook.metadata.widgets",
}
"""Names by which ``collab.toml`` may call some fields, and the fields."""

GROUPS = ("metadata", "attachments", "notebook.metadata")
"""Groups whose members may each have a rule; ``outputs`` and ``execution_count`` besides."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The defaults, with a collab's own rules laid over them (``[merge]`` in its collab.toml).

    Raises ValueError where a rule is none of RULES.
    """

    rules: Mapping[str, str] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        for field, rule in self.rules.items():
            if rule not in RULES:
                raise ValueError(f"{field}: {rule!r} is none of {', '.join(RULES)}")

    def rule(self, field: str) -> str:
        """Returns the rule for a field; what no row names is contested."""
        names = (field, f"{group_of(field)}.*")
        for name in names:
            for table in (self.rules, DEFAULTS):
                if name in table:
                    return table[name]
        return "contested"


STANDARD = Policy()
"""The defaults alone."""


def policy_in(said: object) -> tuple[Policy, tuple[str, ...]]:
    """Reads the table ``[merge]`` of a collab.toml: the policy, and what is wrong in the table, told to people.

    Raises nothing: what is wrong is left out, and the default holds there. Tables within the table are groups:
    ``metadata.tags`` may be written with or without quotes.
    """
    if not isinstance(said, Mapping):
        return STANDARD, ("is no table",)
    rules: dict[str, str] = {}
    faults: list[str] = []
    for name, rule in _flat(said, ""):
        field = SHORT.get(name, name)
        fit = rules_for(field)
        if not fit:
            faults.append(
                f"{name[:80]!r} is no field with a rule; {', '.join(('outputs', 'execution_count', *SHORT))} are"
            )
        elif rule not in fit:
            faults.append(f"{name[:80]} = {repr(rule)[:40]} is none of {', '.join(fit)}")
        else:
            rules[field] = rule
    return Policy(rules=rules), tuple(faults)


def rules_for(field: str) -> tuple[str, ...]:
    """Returns the rules that a collab may choose from for a field; none for what is never decided by a rule."""
    if field in {"outputs", "execution_count"}:
        return ("newer", "shared", "clear", "contested")
    group = group_of(field)
    if group not in GROUPS or not field.removeprefix(group).removeprefix("."):
        return ()
    return ("newer", "shared", "contested") if group == "attachments" else RULES


def _flat(said: Mapping[str, Any], above: str) -> Iterator[tuple[str, object]]:
    for name, value in said.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def group_of(field: str) -> str:
    """Returns ``metadata``, ``attachments`` or ``notebook.metadata`` of a member, and any other field itself."""
    start = len("notebook.") if field.startswith("notebook.") else 0
    end = field.find(".", start)
    return field if end < 0 else field[:end]
