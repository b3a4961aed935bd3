"""The one visible table of what is decided without asking, where both sides changed a field."""

from __future__ import annotations

from collections.abc import Mapping

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
        for table in (self.rules, DEFAULTS):
            for name in names:
                if name in table:
                    return table[name]
        return "contested"


STANDARD = Policy()
"""The defaults alone."""


def group_of(field: str) -> str:
    """Returns ``metadata``, ``attachments`` or ``notebook.metadata`` of a member, and any other field itself."""
    start = len("notebook.") if field.startswith("notebook.") else 0
    end = field.find(".", start)
    return field if end < 0 else field[:end]
