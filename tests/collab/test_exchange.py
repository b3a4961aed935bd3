"""Landing and delivery in a whole collab: its own rules of merging hold for everybody."""

from __future__ import annotations

import json

import pytest

from gitcollab.events import Landed

NB = "analysis.ipynb"


def run(notebook, text: str, count: int) -> bytes:
    """The notebook after its one cell was run."""
    document = json.loads(notebook(("a", "x = 1")))
    output = {"name": "stdout", "output_type": "stream", "text": [text]}
    document["cells"][0] |= {"outputs": [output], "execution_count": count}
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"


@pytest.mark.parametrize("winner", ["ana", "ben"])
def test_two_reruns_follow_the_collabs_rule_whichever_way_they_meet(stage, ana, ben, notebook, winner):
    rule = {"ana": "shared", "ben": "newer"}[winner]
    ana.saves("collab.toml", f'[merge]\noutputs = "{rule}"\n'.encode())
    first = ana.saves(NB, notebook(("a", "x = 1")))
    sides = {"ana": run(notebook, "ana's", 1), "ben": run(notebook, "ben's", 2)}
    stale = ben.saves(NB, notebook(("a", "x = 1")), base=ben.head)
    ana.saves(NB, sides["ana"], base=first.version)
    ben.saves(NB, sides["ben"], base=stale.version)  # an older copy, from before the delivery
    assert [sides[winner]] * 3 == [stage.main(NB), ana.reads(NB), ben.reads(NB)]
    assert () == stage.items()


def test_a_rule_that_is_none_is_told_and_nothing_is_stopped(stage, ana):
    receipt = ana.saves("collab.toml", b'[merge]\noutputs = "mine"\n')
    (landed,) = [event for event in stage.events() if isinstance(event, Landed)]
    text = (
        "collab.toml: [merge] outputs = 'mine' is none of newer, shared, clear, contested; "
        "the default holds, and nothing is published until it is mended"
    )
    assert ((text,), stage.main("collab.toml")) == (landed.noted, b'[merge]\noutputs = "mine"\n')
    assert receipt.landed == landed.commit
