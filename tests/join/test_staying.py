"""Staying: saves and deliveries travel as they come, over cut cables, restarts and the end of access."""

from __future__ import annotations

import asyncio
import shutil
from typing import Any

import pytest

from gitcollab import errors
from gitcollab.flow.copies import RECENT
from gitcollab.join import News, _Joined, join
from gitcollab.notebooks import strip

from .conftest import QUICK, Participant, notebook, poem  # type: ignore[import-not-found]


class TestStaying:
    async def test_saves_travel_both_ways_while_both_stay(self, ana: Participant, ben: Participant) -> None:
        ana.write("poem.txt", poem())
        async with ana.joined(), ben.joined():
            await ben.has("poem.txt", poem())
            ben.write("poem.txt", poem(line5="ben"))
            await ana.has("poem.txt", poem(line5="ben"))
            ana.write("poem.txt", poem(line5="ben", line10="ana"))
            await ben.has("poem.txt", poem(line5="ben", line10="ana"))
            ana.write("new/deep/file.txt", "new")
            await ben.has("new/deep/file.txt", "new")
            (ben.directory / "new/deep/file.txt").unlink()
            await ana.has("new/deep/file.txt", None)
            (ana.directory / "poem.txt").rename(ana.directory / "verse.txt")
            await ben.has("verse.txt", poem(line5="ben", line10="ana"))
            await ben.has("poem.txt", None)

    @pytest.mark.slow
    async def test_simultaneous_saves_of_a_notebook_converge(
        self, ana: Participant, ben: Participant
    ) -> None:
        ana.write("a.ipynb", notebook("one", "two", "three"))
        async with ana.joined(), ben.joined():
            await ben.until(lambda: "a.ipynb" in ben.files())
            for n in range(4):
                for each, was in ((ana, "one"), (ben, "three")):
                    text = each.read("a.ipynb") or ""
                    old = f'"{was}{n - 1}"' if n else f'"{was}"'
                    each.write("a.ipynb", text.replace(old, f'"{was}{n}"'))
                expected = notebook(f"one{n}", "two", f"three{n}").encode()
                for each in (ana, ben):
                    await each.until(lambda each=each, expected=expected: each.files()["a.ipynb"] == expected)

    @pytest.mark.slow
    async def test_a_delivery_waits_for_an_editor_that_holds_the_file(
        self, ana: Participant, ben: Participant
    ) -> None:
        ana.write("poem.txt", poem())
        async with ana.joined(), ben.joined():
            await ben.has("poem.txt", poem())
            with (ben.directory / "poem.txt").open("r+") as editor:
                ana.write("poem.txt", poem(line0="ana"))
                await ana.until(lambda: ana.shared("poem.txt") == poem(line0="ana"))
                await asyncio.sleep(0.5)
                assert ben.read("poem.txt") == poem()
                editor.write(poem(line19="ben"))
                editor.truncate()
            both = poem(line0="ana", line19="ben")
            await ben.has("poem.txt", both)
            await ana.has("poem.txt", both)

    async def test_without_the_server_work_goes_on_and_is_caught_up(
        self, ana: Participant, ben: Participant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("gitcollab.join.LONGEST_PAUSE", 0.5)
        ana.write("poem.txt", poem())
        async with ana.joined(), ben.joined():
            await ben.has("poem.txt", poem())
            ben.client.transport.is_cut = True
            ben.write("poem.txt", poem(line19="ben, on a train"))
            ben.write("more.txt", "more")
            await ben.until(lambda: ben.heard(News.OFFLINE) != [])
            ana.write("poem.txt", poem(line0="ana, at home"))
            await ana.until(lambda: ana.shared("poem.txt") == poem(line0="ana, at home"))
            ben.client.transport.is_cut = False
            both = poem(line0="ana, at home", line19="ben, on a train")
            await ana.has("poem.txt", both)
            await ana.has("more.txt", "more")
            await ben.has("poem.txt", both)
            await ben.until(lambda: ben.heard(News.ONLINE) != [])
            assert (len(ben.heard(News.OFFLINE)), len(ben.heard(News.ONLINE))) == (1, 1)

    async def test_each_save_without_the_server_becomes_a_snapshot_with_its_own_time(
        self, ana: Participant, ben: Participant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("gitcollab.join.LONGEST_PAUSE", 0.5)
        ana.write("poem.txt", poem())
        async with ana.joined(), ben.joined():
            await ben.has("poem.txt", poem())
            ben.client.transport.is_cut = True
            versions = [poem(line19=f"ben, on train {n}") for n in range(4)]
            for n, text in enumerate(versions):
                ben.write("poem.txt", text)
                await ben.until(lambda n=n: len(ben.heard(News.KEPT)) == n + 1)
            ana.write("poem.txt", poem(line0="ana, at home"))
            await ana.until(lambda: ana.shared("poem.txt") == poem(line0="ana, at home"))
            ben.client.transport.is_cut = False
            await ana.has("poem.txt", poem(line0="ana, at home", line19="ben, on train 3"))
            await ben.has("poem.txt", poem(line0="ana, at home", line19="ben, on train 3"))
        log = ben.asks.log(ben.collab, branch="sessions/ben/desk", limit=1000)
        mine = [one for one in log if one["act"] == "snapshot" and one["user"] == "ben"]
        saved = [strip(ben.asks.file(ben.collab, "poem.txt", one["commit"]).body)[0].decode() for one in mine]
        assert [*reversed(versions)] == [text for text in saved if text in versions]
        assert [] == ben.asks.contested(ben.collab)

    @pytest.mark.parametrize("is_own", [True, False], ids=["saved here", "equal here"])
    async def test_what_was_kept_takes_nothing_back_of_much_that_others_did_meanwhile(
        self, ana: Participant, ben: Participant, monkeypatch: pytest.MonkeyPatch, is_own: bool
    ) -> None:
        monkeypatch.setattr("gitcollab.join.LONGEST_PAUSE", 0.5)
        first, second = (ana, ben) if is_own else (ben, ana)
        for each in (first, second):
            each.write("poem.txt", poem())
            await each.exchange()
        ana.client.transport.is_cut = True
        async with ana.joined():
            await ana.until(lambda: ana.heard(News.OFFLINE) != [])
            for n in range(2):
                ana.write("poem.txt", poem(line0=f"ana {n}"))
                await ana.until(lambda n=n: len(ana.heard(News.KEPT)) == n + 1)
            for n in range(RECENT + 2):
                ben.write("poem.txt", poem(line19=f"ben {n}"))
                await ben.exchange()
            ana.client.transport.is_cut = False
            await ana.has("poem.txt", poem(line0="ana 1", line19=f"ben {n}"))
        assert [] == ana.asks.contested(ana.collab)

    async def test_it_begins_without_the_server_and_what_was_kept_outlives_it(
        self, ana: Participant, ben: Participant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("gitcollab.join.LONGEST_PAUSE", 0.5)
        ana.write("poem.txt", poem())
        await ana.exchange()
        await ben.exchange("desk")
        ben.client.transport.is_cut = True
        async with ben.joined():
            await ben.until(lambda: ben.heard(News.OFFLINE) != [])
            for n in range(2):
                ben.write("poem.txt", poem(line19=f"ben {n}"))
                await ben.until(lambda n=n: len(ben.heard(News.KEPT)) == n + 1)
        ben.write("poem.txt", poem(line19="ben, while nothing ran"))
        ben.client.transport.is_cut = False
        before = ana.saves()
        async with ben.joined():
            await ben.until(lambda: ana.shared("poem.txt") == poem(line19="ben, while nothing ran"))
        assert before + 3 == ana.saves()

    async def test_what_was_told_while_it_could_not_be_done_is_told_again_after_a_restart(
        self, ana: Participant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Somebody decides in the browser while the directory's own requests do not get through, and it ends then."""
        monkeypatch.setattr("gitcollab.join.LONGEST_PAUSE", 0.5)
        heard: list[str] = []
        notice, exchange = _Joined._notice, _Joined._exchange
        tries: list[int] = []

        def noticed(self: _Joined, news: Any) -> None:
            notice(self, news)
            heard.append(news["kind"] if isinstance(news, dict) else "")

        async def tried(self: _Joined) -> bool:
            tries.append(heard.count("held"))
            return await exchange(self)

        monkeypatch.setattr(_Joined, "_notice", noticed)
        monkeypatch.setattr(_Joined, "_exchange", tried)
        ana.write("a.txt", "harmless\n")
        async with ana.joined():
            await ana.until(lambda: ana.heard(News.SAVED) == ["a.txt"])
            ana.write("a.txt", "token = ghp" + "_" + "Ab1Cd2Ef3" * 4 + "\n")
            await ana.until(lambda: ana.heard(News.HELD) == ["a.txt"] and "held" in heard)
            ana.client.transport.is_cut = True
            ana.write("b.txt", "b")
            await ana.until(lambda: ana.heard(News.OFFLINE) != [])
            (held,) = ana.asks.held(ana.collab)
            ana.asks.decide_held(ana.collab, held["id"], "restore")
            await ana.until(
                lambda: tries.count(2) >= 2
            )  # heard of, tried once, and remembered as it then stood
        ana.client.transport.is_cut = False
        async with ana.joined():
            await ana.has("a.txt", "harmless\n")

    async def test_a_directory_that_was_never_joined_needs_the_server(self, ben: Participant) -> None:
        ben.client.transport.is_cut = True
        with pytest.raises(errors.Unavailable):
            async with asyncio.timeout(60):
                await join(ben.client, ben.collab, ben.directory, pace=QUICK)

    async def test_a_workspace_that_vanishes_ends_it_and_deletes_nothing(self, ana: Participant) -> None:
        ana.write("a.txt", "a")
        async with ana.joined() as task:
            await ana.until(lambda: ana.heard(News.SAVED) == ["a.txt"])
            shutil.rmtree(ana.directory)
            with pytest.raises(errors.Unusable, match="is gone"):
                await asyncio.wait_for(asyncio.shield(task), 60)
        assert ana.shared("a.txt") == "a"

    async def test_leaving_ends_it(self, ana: Participant) -> None:
        ana.write("a.txt", "a")
        async with ana.joined() as task:
            await ana.until(lambda: ana.heard(News.SAVED) == ["a.txt"])
            ana.asks.close_session(ana.collab, "ana/desk")
            state = await asyncio.wait_for(asyncio.shield(task), 60)
        assert (state.session, ana.told[-1].news) == ("ana/desk", News.LEFT)

    async def test_access_that_ends_is_an_error(self, ana: Participant, ben: Participant) -> None:
        async with ben.joined() as task:
            await ben.until(lambda: ben.heard(News.DELIVERED) == ["collab.toml"])
            ana.asks.remove_member(ana.collab, "ben")
            ben.write("late.txt", "late")
            with pytest.raises((errors.NotFound, errors.Forbidden)):
                await asyncio.wait_for(asyncio.shield(task), 60)
        assert ben.read("late.txt") == "late"

    async def test_a_viewer_may_not_join(self, ana: Participant, ben: Participant) -> None:
        ana.asks.set_member(ana.collab, "ben", "viewer")
        with pytest.raises(errors.Forbidden):
            await ben.exchange()
