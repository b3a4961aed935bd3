"""Taking part once: both sides exchange what they have and come to rest; stale copies are merged."""

from __future__ import annotations

import pytest

from gitcollab.join import News
from gitcollab.notebooks import strip

from .conftest import Participant, notebook, poem  # type: ignore[import-not-found]


class TestOnce:
    async def test_what_one_saves_the_other_gets(self, ana: Participant, ben: Participant) -> None:
        ana.write("data/a.txt", "a")
        ana.write("analysis.ipynb", notebook("hello"))
        await ana.exchange()
        await ben.exchange()
        assert ben.files() == ana.files()
        assert {"data/a.txt", "analysis.ipynb"} <= ben.files().keys()

    async def test_edits_of_both_meet(self, ana: Participant, ben: Participant) -> None:
        ana.write("poem.txt", poem())
        for each in (ana, ben):
            await each.exchange()
        ana.write("poem.txt", poem(line0="ana"))
        ben.write("poem.txt", poem(line19="ben"))
        for each in (ana, ben, ana):
            await each.exchange()
        assert [ana.read("poem.txt"), ben.read("poem.txt")] == [poem(line0="ana", line19="ben")] * 2

    async def test_nothing_to_do_makes_no_commit(self, ana: Participant) -> None:
        ana.write("a.txt", "a")
        await ana.exchange()
        before = ana.saves()
        await ana.exchange()
        assert ana.saves() == before == 1

    async def test_files_that_are_there_already_and_equal_are_taken_over(
        self, ana: Participant, ben: Participant
    ) -> None:
        for each in (ana, ben):
            each.write("a.txt", "same")
        await ana.exchange()
        await ben.exchange()
        assert (ben.saves(), ben.heard(News.SAVED)) == (1, [])

    async def test_files_that_are_there_already_and_differ_are_saved_as_own_work(
        self, ana: Participant, ben: Participant
    ) -> None:
        ana.write("poem.txt", poem())
        ben.write("poem.txt", poem(line7="ben had this before"))
        await ana.exchange()
        await ben.exchange()
        assert ben.read("poem.txt") == poem(line7="ben had this before")
        assert ben.heard(News.SAVED) == ["poem.txt"]

    async def test_a_deletion_goes_up_and_comes_down(self, ana: Participant, ben: Participant) -> None:
        ana.write("a.txt", "a")
        ana.write("deep/b.txt", "b")
        for each in (ana, ben):
            await each.exchange()
        (ana.directory / "deep/b.txt").unlink()
        for each in (ana, ben):
            await each.exchange()
        assert (ben.read("a.txt"), ben.read("deep/b.txt")) == ("a", None)
        assert ben.heard(News.WITHDRAWN) == ["deep/b.txt"]
        assert not (ben.directory / "deep").exists()

    async def test_a_deletion_against_an_edit_keeps_the_edit(
        self, ana: Participant, ben: Participant
    ) -> None:
        ana.write("poem.txt", poem())
        for each in (ana, ben):
            await each.exchange()
        (ana.directory / "poem.txt").unlink()
        ben.write("poem.txt", poem(line3="still needed"))
        for each in (ana, ben):
            await each.exchange()
        assert ben.read("poem.txt") == poem(line3="still needed")

    async def test_a_rename_is_one(self, ana: Participant, ben: Participant) -> None:
        ana.write("old.ipynb", notebook("one", "two"))
        for each in (ana, ben):
            await each.exchange()
        (ana.directory / "old.ipynb").rename(ana.directory / "new.ipynb")
        for each in (ana, ben):
            await each.exchange()
        assert ana.heard(News.RENAMED) == ["new.ipynb"]
        assert (ben.read("old.ipynb"), strip((ben.directory / "new.ipynb").read_bytes())[0].decode()) == (
            None,
            notebook("one", "two"),
        )

    async def test_what_was_renamed_and_edited_while_nothing_ran_is_renamed(
        self, ana: Participant, ben: Participant
    ) -> None:
        ana.write("old.ipynb", notebook("one", "two", "three"))
        ana.write("other.ipynb", notebook("of quite another kind").replace("cell0", "else"))
        for each in (ana, ben):
            await each.exchange()
        (ana.directory / "old.ipynb").rename(ana.directory / "new.ipynb")
        ana.write("new.ipynb", (ana.read("new.ipynb") or "").replace("one", "ONE"))
        (ana.directory / "other.ipynb").unlink()
        ana.write("fresh.ipynb", notebook("a fresh one").replace("cell0", "fresh"))
        ben.write("old.ipynb", (ben.read("old.ipynb") or "").replace("three", "THREE"))
        for each in (ben, ana, ben):
            await each.exchange()
        assert (["new.ipynb"], ["other.ipynb"]) == (ana.heard(News.RENAMED), ana.heard(News.DELETED))
        assert ana.files() == ben.files()
        assert {"new.ipynb", "fresh.ipynb", "collab.toml"} == ben.files().keys()
        assert notebook("ONE", "two", "THREE") == ben.files()["new.ipynb"].decode()

    async def test_what_is_held_back_stays_here_and_is_told_of_with_a_way_on(
        self, ana: Participant, ben: Participant
    ) -> None:
        secret = "token = ghp" + "_" + "Ab1Cd2Ef3" * 4 + "\n"
        ana.write("a.txt", secret)
        for each in (ana, ben, ana):
            await each.exchange()
        (told,) = [progress for progress in ana.told if progress.news is News.HELD]
        assert ("a.txt", True) == (told.path, "looks like a secret; nobody else has it" in told.detail)
        assert (secret, None) == (ana.read("a.txt"), ben.read("a.txt"))
        (held,) = ana.asks.held(ana.collab)
        ana.asks.decide_held(ana.collab, held["id"], "release")
        for each in (ana, ben):
            await each.exchange()
        assert (secret, secret) == (ana.read("a.txt"), ben.read("a.txt"))

    @pytest.mark.slow
    async def test_a_rejoin_after_days_brings_both_sides_together(
        self, ana: Participant, ben: Participant
    ) -> None:
        ana.write("poem.txt", poem())
        for each in (ana, ben):
            await each.exchange()
        for n in range(3):
            ana.write("poem.txt", poem(line1=f"ana {n}"))
            await ana.exchange()
        ben.write("poem.txt", poem(line15="ben, offline"))
        await ben.exchange()
        await ana.exchange()
        assert [ana.read("poem.txt"), ben.read("poem.txt")] == [
            poem(line1="ana 2", line15="ben, offline")
        ] * 2


class TestStaleEditors:
    async def test_a_text_saved_over_a_delivery_is_merged(self, ana: Participant, ben: Participant) -> None:
        ana.write("poem.txt", poem())
        for each in (ana, ben):
            await each.exchange()
        ana.write("poem.txt", poem(line0="ana"))
        for each in (ana, ben):
            await each.exchange()
        ben.write("poem.txt", poem(line19="ben, from an old buffer"))
        for each in (ben, ana):
            await each.exchange()
        assert [each.read("poem.txt") for each in (ana, ben)] == [
            poem(line0="ana", line19="ben, from an old buffer")
        ] * 2

    @pytest.mark.slow
    async def test_a_notebook_saved_over_a_delivery_is_merged(
        self, ana: Participant, ben: Participant
    ) -> None:
        ana.write("a.ipynb", notebook("one", "two", "three"))
        for each in (ana, ben):
            await each.exchange()
        buffer = ben.read("a.ipynb") or ""
        ana.write("a.ipynb", (ana.read("a.ipynb") or "").replace("one", "ONE"))
        for each in (ana, ben):
            await each.exchange()
        ben.write("a.ipynb", buffer.replace("three", "THREE"))
        for each in (ben, ana):
            await each.exchange()
        assert ana.files() == ben.files()
        assert ana.shared("a.ipynb") == notebook("ONE", "two", "THREE")
