"""What holds for every merge, whatever the notebooks (the list of properties that the engine promises)."""

from __future__ import annotations

import collections
import itertools
import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitcollab.notebooks import Merge, merge, problems

TOKEN = re.compile(r"[botxyz]tok\d+")
SEEDS = st.integers(0, 2**40)
IN_PLACE = ("edit", "add_line", "insert", "rerun", "tag")
SIMPLE = ("edit", "add_line", "insert", "delete", "move", "rerun", "tag", "retype")


@pytest.fixture(scope="session")
def many(making: Any) -> Any:
    """Runs a check on as many seeds as the profile wants."""

    def run(check: Any, wanted: int) -> None:
        given(seed=SEEDS)(settings(max_examples=making.examples(wanted), deadline=None)(check))()

    return run


def minor_of(seed: int) -> int:
    return 4 if seed % 5 == 0 else 5


def cells(data: bytes) -> list[tuple[str, str]]:
    return [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(data)["cells"]]


def tokens(data: bytes) -> collections.Counter[str]:
    return collections.Counter(token for _, source in cells(data) for token in TOKEN.findall(source))


def everything(merged: Merge) -> str:
    """All text in the result and in its items."""
    found = [source for _, source in cells(merged.notebook)]
    for item in (*merged.contested, *merged.noted):
        found += [json.dumps(value) for value in (item.base, item.shared, item.session)]
    return merged.notebook.decode() + "\n".join(found)


def test_one_sided_and_equal_changes_are_taken_byte_for_byte(making: Any, many: Any) -> None:
    def check(seed: int) -> None:
        base, ours, _ = making.triple(seed, minor_of(seed))
        for sides in ((base, ours, base), (base, base, ours), (base, ours, ours)):
            assert ours == merge(*sides).notebook
            assert () == merge(*sides).contested

    many(check, 4 * 200)


def test_the_result_is_a_valid_notebook_with_unique_ids(making: Any, many: Any) -> None:
    def check(seed: int) -> None:
        base, ours, theirs = making.triple(seed, minor_of(seed))
        merged = merge(base, ours, theirs)
        assert problems(merged.notebook) == ()
        assert all(item.field != "file" for item in merged.contested)

    many(check, 4 * 400)


def test_the_sides_may_be_swapped(making: Any, many: Any) -> None:
    def check(seed: int) -> None:
        base, ours, theirs = making.triple(seed, minor_of(seed))
        merged, mirrored = merge(base, ours, theirs), merge(base, theirs, ours)
        assert sorted(item.id for item in merged.contested) == sorted(item.id for item in mirrored.contested)
        ids = [[cell.get("id") for cell in json.loads(one.notebook)["cells"]] for one in (merged, mirrored)]
        assert ids[0] == ids[1]
        if not merged.contested:
            assert cells(merged.notebook) == cells(mirrored.notebook)

    many(check, 4 * 400)


def test_nothing_that_a_side_added_is_lost(making: Any, many: Any) -> None:
    def check(seed: int) -> None:
        base, ours, theirs = making.triple(seed, minor_of(seed))
        merged = merge(base, ours, theirs)
        found = everything(merged)
        for side in (ours, theirs):
            assert [] == [token for token in tokens(side) - tokens(base) if token not in found]

    many(check, 4 * 500)


def test_nothing_is_invented(making: Any, many: Any) -> None:
    def check(seed: int) -> None:
        base, ours, theirs = making.triple(seed, minor_of(seed))
        merged = merge(base, ours, theirs).notebook
        assert (
            set() == tokens(merged).keys() - tokens(base).keys() - tokens(ours).keys() - tokens(theirs).keys()
        )
        assert b"<<<<<<<" not in merged
        assert b">>>>>>>" not in merged

    many(check, 4 * 300)


def test_a_token_that_one_side_wrote_occurs_once(making: Any, many: Any) -> None:
    def check(seed: int) -> None:
        base, ours, theirs = making.triple(seed, minor_of(seed), SIMPLE)
        merged = tokens(merge(base, ours, theirs).notebook)
        assert {} == {token: n for token, n in merged.items() if n > 1 and not token.startswith("btok")}

    many(check, 4 * 300)


def test_sides_that_touch_other_cells_are_never_contested(making: Any, many: Any) -> None:
    def check(seed: int) -> None:
        base, _, _ = making.triple(seed)
        sides = [json.loads(base), json.loads(base)]
        for k, cell in enumerate(sides[0]["cells"]):
            mine = sides[k % 2]["cells"][k]
            mine["source"] = [*mine["source"][:-1], making.Maker(seed, 5, "ot"[k % 2]).line() + str(k)]
            del cell
        ours, theirs = map(making.written, sides)
        merged = merge(base, ours, theirs)
        assert () == merged.contested
        want = [sides[k % 2]["cells"][k] for k in range(len(sides[0]["cells"]))]
        assert want == json.loads(merged.notebook)["cells"]

    many(check, 4 * 200)


def test_moved_by_one_and_edited_by_the_other_is_one_cell(making: Any, many: Any) -> None:
    def check(seed: int) -> None:
        maker = making.Maker(seed)
        base = maker.notebook(6)
        for k, cell in enumerate(base["cells"]):
            cell["source"] = [f"cell_{k} = {maker.line()}\n", *cell["source"]]
        ours = making.Maker(seed, 5, "o").edited(base, ["move"])
        theirs = making.Maker(seed, 5, "t").edited(base, ["add_line", "add_line"])
        merged = json.loads(merge(*map(making.written, (base, ours, theirs))).notebook)["cells"]
        by_id = {cell["id"]: cell for cell in theirs["cells"]}
        assert [by_id[cell["id"]] for cell in ours["cells"]] == merged

    many(check, 4 * 200)


def test_merging_again_changes_nothing(making: Any, many: Any) -> None:
    def check(seed: int) -> None:
        base, ours, theirs = making.triple(seed, 5, (*IN_PLACE, "delete"))
        merged = merge(base, ours, theirs)
        assert merged.notebook == merge(base, merged.notebook, theirs).notebook
        assert merged.contested or merged.notebook == merge(base, ours, merged.notebook).notebook
        assert [i.id for i in merged.contested] == [i.id for i in merge(base, ours, theirs).contested]

    many(check, 4 * 200)


def test_what_has_landed_and_is_delivered_changes_nothing(making: Any, many: Any) -> None:
    def check(seed: int) -> None:
        base, ours, theirs = making.triple(seed, minor_of(seed))
        landed = merge(base, ours, theirs).notebook
        assert landed == merge(theirs, landed, theirs).notebook == merge(ours, ours, landed).notebook

    many(check, 4 * 100)


def test_what_neither_side_took_out_is_in_the_result(making: Any, many: Any) -> None:
    def check(seed: int) -> None:
        base, ours, theirs = making.triple(seed, minor_of(seed))
        left = tokens(base) & tokens(ours) & tokens(theirs)
        assert collections.Counter() == left - tokens(merge(base, ours, theirs).notebook)

    many(check, 4 * 300)


def test_three_sessions_may_land_in_any_order(making: Any, many: Any) -> None:
    def check(seed: int) -> None:
        base, *sessions = making.versions(seed, 3, 5, IN_PLACE)
        results = []
        for order in itertools.permutations(sessions):
            shared, is_contested = base, False
            for session in order:
                merged = merge(base, shared, session)
                shared, is_contested = merged.notebook, is_contested or bool(merged.contested)
            results.append((is_contested, [(c["id"], c["source"]) for c in json.loads(shared)["cells"]]))
        if not any(is_contested for is_contested, _ in results):
            assert [results[0]] * 6 == results
        else:
            assert [[name for name, _ in results[0][1]]] * 6 == [
                [name for name, _ in found] for _, found in results
            ]

    many(check, 4 * 120)


def test_three_sessions_that_also_move_and_delete_end_with_the_same_cells(making: Any, many: Any) -> None:
    """Beside a cell that one deleted nobody knows any more on which side of it another one had inserted: where the
    sessions also delete and move, the order of cells may differ; the cells do not."""

    def check(seed: int) -> None:
        base, *sessions = making.versions(seed, 3, 5, SIMPLE)
        results = []
        for order in itertools.permutations(sessions):
            shared = base
            for session in order:
                merged = merge(base, shared, session)
                if merged.contested:
                    return
                shared = merged.notebook
            found = json.loads(shared)["cells"]
            results.append(sorted((c["id"], c["cell_type"], c["source"]) for c in found))
        assert [results[0]] * 6 == results

    many(check, 4 * 120)


def test_any_bytes_at_all_are_merged_without_an_exception(making: Any, many: Any) -> None:
    def check(seed: int) -> None:
        maker = making.Maker(seed)
        sides = list(making.triple(seed))
        for k in range(maker.random.randint(1, 3)):
            data = bytearray(sides[k])
            for _ in range(maker.random.randint(1, 4)):
                at = maker.random.randrange(len(data) + 1)
                data[at : at + maker.random.randint(0, 6)] = maker.random.choice(
                    (b"", b"\xff", b"\0", b'"', b"{", b"]", b"null", b"1e999", b"\\ud800", b"NaN", b",")
                )
            sides[k] = bytes(data)
        merged = merge(*sides)
        assert problems(merged.notebook) == () or merged.notebook in sides or problems(sides[1])

    many(check, 4 * 400)


def test_the_result_does_not_depend_on_the_process(making: Any) -> None:
    sides = [list(map(bytes.decode, making.triple(seed))) for seed in range(40)]
    here = [merge(*(text.encode() for text in side)).notebook.decode() for side in sides]
    script = (
        "import json, sys\nfrom gitcollab.notebooks import merge\n"
        "print(json.dumps([merge(*(t.encode() for t in s)).notebook.decode() for s in json.load(sys.stdin)]))"
    )
    for seed in ("0", "4242"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        ran = subprocess.run(
            [sys.executable, "-c", script],
            input=json.dumps(sides),
            capture_output=True,
            text=True,
            env=environment,
            check=True,
        )
        assert here == json.loads(ran.stdout)
