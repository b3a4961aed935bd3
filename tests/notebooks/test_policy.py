from __future__ import annotations

import json
from typing import Any

import pytest

from gitcollab.notebooks import Policy, merge


def rerun(making: Any, text: str) -> bytes:
    notebook = making.Maker(2).notebook(1)
    output = {"name": "stdout", "output_type": "stream", "text": [text]}
    notebook["cells"][0] |= {
        "cell_type": "code",
        "outputs": [output] if text else [],
        "execution_count": len(text),
    }
    return bytes(making.written(notebook))


@pytest.mark.parametrize(
    ("rule", "text", "taken"),
    [("newer", ["theirs"], "session"), ("shared", ["ours"], "shared"), ("clear", None, "neither")],
)
def test_a_rule_decides_what_both_ran(making: Any, rule: str, text: Any, taken: str) -> None:
    sides = rerun(making, ""), rerun(making, "ours"), rerun(making, "theirs")
    merged = merge(*sides, policy=Policy(rules={"outputs": rule}))
    outputs = json.loads(merged.notebook)["cells"][0]["outputs"]
    assert (text, [taken]) == (outputs[0]["text"] if outputs else None, [note.taken for note in merged.noted])


def test_a_rule_may_leave_it_to_a_person(making: Any) -> None:
    sides = rerun(making, ""), rerun(making, "ours"), rerun(making, "theirs")
    merged = merge(*sides, policy=Policy(rules={"outputs": "contested"}))
    assert ["outputs"] == [item.field for item in merged.contested]


def test_what_no_row_names_is_contested() -> None:
    policy = Policy(rules={"metadata.mine": "newer"})
    assert ["newer", "union", "contested", "contested"] == [
        policy.rule(field) for field in ("metadata.mine", "metadata.tags", "notebook.metadata.mine", "weird")
    ]


def test_a_rule_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="outputs: 'never' is none of"):
        Policy(rules={"outputs": "never"})
