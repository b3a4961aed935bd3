"""The charter: how collab.toml sets the rules of merging, and what people are told of what it says wrongly."""

from __future__ import annotations

import json

import pytest

from gitcollab import notebooks
from gitcollab.flow.charter import Charter, faults_in, policy_of, written
from gitcollab.flow.points import MAIN
from gitcollab.model import Take

NB = "analysis.ipynb"
FIELDS = "outputs, execution_count, tags, kernelspec, language_info, widget_state"


def run(text: str = "", count: int | None = None, **metadata: object) -> bytes:
    """A notebook of one cell that printed a text."""
    outputs = [{"name": "stdout", "output_type": "stream", "text": [text]}] if text else []
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": ["x"]}
    cell |= {"outputs": outputs, "execution_count": count}
    document = {"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"


def apart(ana, ben, before: bytes, one: bytes, two: bytes) -> None:
    """Ana's save lands first, then Ben's from the same version."""
    ana.saves(NB, before)
    ana.saves(NB, one, lands=False)
    ben.saves(NB, two, lands=False)
    for who in (ana, ben):
        who.house.land(who.session)
    ana.house.deliver_all()


@pytest.mark.parametrize(
    ("rules", "stays"),
    [
        ("", run("ben's", 3)),
        ('outputs = "newer"', run("ben's", 3)),
        ('outputs = "shared"', run("ana's", 2)),
        ('outputs = "clear"', run()),
        ("outputs = 5", run("ben's", 3)),
    ],
)
def test_what_both_ran_follows_the_rule_of_the_shared_branch_everywhere(house, ana, ben, rules, stays):
    ana.saves("collab.toml", f"[merge]\n{rules}\n".encode())
    apart(ana, ben, run(), run("ana's", 2), run("ben's", 3))
    assert [stays] * 3 == [house.main(NB), ana.reads(NB), ben.reads(NB)]
    assert () == house.items()


@pytest.mark.parametrize(("rule", "count"), [("newer", 3), ("shared", 2), ("clear", None), ("contested", 2)])
def test_a_count_that_differs_alone_has_a_rule_of_its_own(house, ana, ben, rule, count):
    ana.saves("collab.toml", f'[merge]\nexecution_count = "{rule}"\n'.encode())
    apart(ana, ben, run(), run("same", 2), run("same", 3))
    assert run("same", count) == house.main(NB)
    assert (["execution_count"] if rule == "contested" else []) == [item.field for item in house.items()]


def test_kernels_may_be_left_to_a_person(house, ana, ben):
    ana.saves("collab.toml", b'[merge]\nkernelspec = "contested"\n')
    kernels = [run(kernelspec={"name": name, "display_name": name}) for name in ("py", "py39", "py310")]
    apart(ana, ben, *kernels)
    (item,) = house.items()
    assert ("notebook.metadata.kernelspec", kernels[1], kernels[2]) == (
        item.field,
        house.main(NB),
        ben.reads(NB),
    )


def test_outputs_that_a_person_decides_are_never_combined(house, ana, ben):
    ana.saves("collab.toml", b'[merge]\noutputs = "contested"\n')
    apart(ana, ben, run(), run("ana's", 2), run("ben's", 3))
    (item,) = house.items()
    assert ("outputs", run("ana's", 2)) == (item.field, house.main(NB))
    house.settle(item.id, Take.SESSION)
    house.deliver_all()
    shown = [json.loads(who.reads(NB))["cells"][0]["outputs"][0]["text"] for who in (ana, ben)]
    assert ([["ben's"], ["ben's"]], ()) == (shown, house.items())


def test_open_items_close_when_the_rule_that_left_them_open_is_changed(house, ana, ben):
    ana.saves("collab.toml", b'[merge]\noutputs = "contested"\n')
    apart(ana, ben, run(), run("ana's", 2), run("ben's", 3))
    assert 1 == len(house.items())
    ana.saves("collab.toml", b'[merge]\noutputs = "newer"\n')
    shown = json.loads(house.main(NB))["cells"][0]["outputs"][0]["text"]
    assert ((), ["ben's"]) == (house.items(), shown)


@pytest.mark.parametrize(("rule", "stays"), [("newer", run("ben's", 3)), ("shared", run("ana's", 2))])
def test_a_delivery_before_the_landing_leaves_what_the_landing_would(house, ana, ben, rule, stays):
    ana.saves("collab.toml", f'[merge]\noutputs = "{rule}"\n'.encode())
    ana.saves(NB, run())
    ben.saves(NB, run("ben's", 3), lands=False)
    ana.saves(NB, run("ana's", 2))  # which is delivered to Ben, whose save has not landed
    house.land(ben.session)
    assert (stays, stays) == (house.main(NB), ben.reads(NB))


def test_members_of_metadata_may_be_named_with_or_without_quotes(house, ana):
    ana.saves(
        "collab.toml", b'[merge]\nmetadata.mine = "newer"\n"metadata.*" = "shared"\ntags = "contested"\n'
    )
    policy = policy_of(house.repo, house.repo.head(MAIN))
    assert ["newer", "shared", "contested", "newer"] == [
        policy.rule(f"metadata.{name}") for name in ("mine", "other", "tags", "scrolled")
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b'[merge]\noutputs = "newer"\n[policies]\nlanding = "save"\n', ()),
        (b'[merge]\noutputs = "never"\n', ("[merge] outputs = 'never' is none of newer, shared, clear, contested",)),
        (b'[merge]\noutputs = "union"\n', ("[merge] outputs = 'union' is none of newer, shared, clear, contested",)),
        (b"[merge]\ntags = [1]\n", ("[merge] tags = [1] is none of newer, shared, union, clear, contested",)),
        (b'[merge]\noutput = "newer"\n', (f"[merge] 'output' is no field with a rule; {FIELDS} are",)),
        (b'[merge]\nsource = "newer"\n', (f"[merge] 'source' is no field with a rule; {FIELDS} are",)),
        (b'[policies]\nlandings = "save"\n', ("[policies] 'landings' is not known",)),
        (b"title = 5\n", ("it cannot be read: Expected `str`, got `int` - at `$.title`",)),
        (b"merge = 3\n", ("[merge] is no table",)),
        (b"\xff", ("it cannot be read: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",)),
    ],
)  # fmt: skip
def test_what_cannot_hold_is_told_to_who_wrote_it(text, told):
    assert tuple(f"collab.toml: {one}" for one in told) == faults_in(text)


def test_what_cannot_hold_is_told_with_the_landing_and_stops_nobody(house, ana):
    ana.saves("collab.toml", b'[merge]\noutputs = "never"\nexecution_count = "shared"\n', lands=False)
    landed = house.land(ana.session)
    text = (
        "collab.toml: [merge] outputs = 'never' is none of newer, shared, clear, contested; "
        "the default holds, and nothing is published until it is mended"
    )
    assert (text,) == landed.noted
    policy = policy_of(house.repo, landed.commit)
    assert ("newer", "shared") == (policy.rule("outputs"), policy.rule("execution_count"))


def test_what_an_item_is_judged_by_agrees_with_what_merged_it():
    sides = run("", 1), run("a", 2), run("b", 3)
    for rule in ("newer", "shared", "clear", "contested"):
        policy = notebooks.Policy(rules={"outputs": rule})
        merged = notebooks.merge(*sides, policy=policy)
        outputs = [json.loads(side)["cells"][0]["outputs"] for side in (*sides, merged.notebook)]
        weighed = notebooks.weigh("outputs", *outputs[:3], policy=policy)
        assert (bool(merged.contested), outputs[3]) == (weighed.is_contested, weighed.value)


@pytest.mark.parametrize("title", ["\U0001f30a Tides", '"\\', "\x7f\x00", "\ud800"])
def test_a_charter_with_any_title_can_be_read(title: str) -> None:
    assert () == faults_in(written(Charter(title=title)))
