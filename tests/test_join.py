"""Taking part from another machine: Ana and Ben, each with a directory of their own, and a served root."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from gitcollab import errors
from gitcollab.client import Client
from gitcollab.client.transport import Answer, Transport
from gitcollab.flow.watch import Pace
from gitcollab.join import News, Progress, State, join
from gitcollab.join.state import Drawer, opened
from gitcollab.notebooks import strip

QUICK = Pace(quiet=0.03, most=0.3, grace=0.15, period=5.0)


class Cable(Transport):
    """A connection that can be pulled."""

    is_cut = False

    def ask(self, *args: object, **kwargs: object) -> Answer:
        if self.is_cut:
            raise errors.Unavailable("the cable is out")
        return super().ask(*args, **kwargs)  # type: ignore[arg-type]


class Asking:
    """The person's own questions to the server, in a thread: the event loop may not wait for a socket."""

    def __init__(self, client: Client) -> None:
        self._client, self._thread = client, ThreadPoolExecutor(1)

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        return lambda *args, **more: self._thread.submit(getattr(self._client, verb), *args, **more).result()

    def end(self) -> None:
        self.close()
        self._thread.shutdown()


class Participant:
    """A person with a directory."""

    def __init__(self, server: Any, user: str, directory: Path, collab: str) -> None:
        self.client, self.user, self.directory, self.collab = Client(server.url), user, directory, collab
        self.client.transport = Cable(server.url, server.tokens[user])
        self.asks = Asking(Client(server.url, server.tokens[user]))
        self.told: list[Progress] = []
        self.does_mean_it = False
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def hear(self, progress: Progress) -> bool:
        self.told.append(progress)
        if self._loop:
            self._loop.call_soon_threadsafe(self._news.set)
        return self.does_mean_it

    def write(self, path: str, text: str | bytes) -> None:
        (self.directory / path).parent.mkdir(parents=True, exist_ok=True)
        (self.directory / path).write_bytes(text if isinstance(text, bytes) else text.encode())

    def read(self, path: str) -> str | None:
        try:
            return (self.directory / path).read_text()
        except FileNotFoundError:
            return None

    def files(self) -> dict[str, bytes]:
        found = (path for path in self.directory.rglob("*") if path.is_file() and ".git" not in path.parts)
        return {path.relative_to(self.directory).as_posix(): strip(path.read_bytes())[0] for path in found}

    async def exchange(self, name: str = "desk") -> State:
        return await join(
            self.client, self.collab, self.directory, name=name, once=True, on_progress=self.hear, pace=QUICK
        )

    @contextlib.asynccontextmanager
    async def joined(self) -> AsyncIterator[asyncio.Task[State]]:
        self._loop = asyncio.get_running_loop()
        coming = join(
            self.client, self.collab, self.directory, name="desk", on_progress=self.hear, pace=QUICK
        )
        task = asyncio.create_task(coming)
        try:
            await self.until(lambda: self.heard(News.JOINED) != [] or task.done())
            yield task
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, errors.GitcollabError):
                await task

    async def until(self, is_so: Callable[[], bool], seconds: float = 60.0) -> None:
        async with asyncio.timeout(seconds):
            while not is_so():
                self._news.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), 0.5)

    async def has(self, path: str, text: str | None) -> None:
        await self.until(lambda: self.read(path) == text)

    def heard(self, news: News) -> list[str]:
        return [progress.path for progress in self.told if progress.news is news]

    def shared(self, path: str) -> str:
        return strip(self.asks.file(self.collab, path).body)[0].decode()

    def saves(self) -> int:
        return sum(entry["act"] == "snapshot" for entry in self.asks.log(self.collab, limit=1000))


@pytest.fixture
def ana(server: Any, tmp_path: Path) -> Iterator[Participant]:
    (tmp_path / "ana").mkdir()
    person = Participant(server, "ana", tmp_path / "ana", "")
    person.collab = person.asks.create("Analysis")["id"]
    yield person
    person.asks.end()


@pytest.fixture
def ben(server: Any, ana: Participant, tmp_path: Path) -> Iterator[Participant]:
    ana.asks.set_member(ana.collab, "ben", "editor")
    (tmp_path / "ben").mkdir()
    person = Participant(server, "ben", tmp_path / "ben", ana.collab)
    yield person
    person.asks.end()


def poem(**changed: str) -> str:
    lines = {f"line{n}": f"line {n}\n" for n in range(20)} | {
        key: f"{text}\n" for key, text in changed.items()
    }
    return "".join(lines.values())


def notebook(*sources: str) -> str:
    cells = [
        {"cell_type": "markdown", "id": f"cell{n}", "metadata": {}, "source": [source]}
        for n, source in enumerate(sources)
    ]
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1) + "\n"


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


class TestDirectories:
    async def test_a_git_repository_that_is_there_sees_nothing(
        self, ana: Participant, ben: Participant
    ) -> None:
        ana.write("a.txt", "a")
        await ana.exchange()
        await anyio.run_process(["git", "init", "-q", str(ben.directory)])
        before = {path: path.read_bytes() for path in (ben.directory / ".git").rglob("*") if path.is_file()}
        await ben.exchange()
        after = {path: path.read_bytes() for path in (ben.directory / ".git").rglob("*") if path.is_file()}
        assert after == before
        assert ben.files().keys() == {"a.txt", "collab.toml"}
        assert ben.asks.files(ben.collab) == ana.asks.files(ana.collab)

    async def test_what_is_remembered_is_for_the_users_eyes_only(self, ana: Participant) -> None:
        ana.write("a.txt", "a")
        await ana.exchange()
        path = Drawer(ana.directory.resolve()).path
        assert [oct(each.stat().st_mode & 0o777) for each in (path, path.parent)] == ["0o600", "0o700"]
        assert ana.client.transport.token not in path.read_text()
        assert not path.is_relative_to(ana.directory)

    async def test_only_one_may_join_a_directory(self, ana: Participant) -> None:
        with contextlib.ExitStack() as other:
            await anyio.to_thread.run_sync(other.enter_context, opened(ana.directory.resolve()))
            with pytest.raises(errors.Unusable, match=f"joined already, by process {os.getpid()}"):
                await ana.exchange()
        await ana.exchange()

    @pytest.mark.slow
    async def test_a_directory_of_another_collab_is_refused_until_that_is_left(
        self, ana: Participant
    ) -> None:
        ana.write("a.txt", "a")
        state = await ana.exchange()
        first, ana.collab = ana.collab, ana.asks.create("Other")["id"]
        with pytest.raises(errors.Unusable, match=first):
            await ana.exchange()
        ana.asks.close_session(first, state.session)
        await ana.exchange()

    @pytest.mark.slow
    async def test_only_the_collabs_paths_are_taken_from_a_directory_with_other_files(
        self, ana: Participant, ben: Participant
    ) -> None:
        ana.collab = ben.collab = ana.asks.create("Limited", ["analysis.ipynb"])["id"]
        ana.asks.set_member(ana.collab, "ben", "editor")
        ana.write("analysis.ipynb", notebook("x"))
        ana.write("private.txt", "mine")
        await ana.exchange()
        await ben.exchange()
        assert ana.files().keys() == {"analysis.ipynb", "private.txt"}
        assert ben.files().keys() == {"analysis.ipynb", "collab.toml"}

    async def test_a_directory_emptied_by_other_means_is_filled_again(self, ana: Participant) -> None:
        """A mount that failed, a restored backup: another directory under the same name."""
        ana.write("a.txt", "a")
        await ana.exchange()
        ana.directory.rename(ana.directory.with_name("moved"))
        ana.directory.mkdir()
        await ana.exchange()
        assert ana.read("a.txt") == "a"
        assert ana.heard(News.DELETED) == []

    @pytest.mark.slow
    async def test_a_mass_deletion_counts_only_if_it_is_meant(self, ana: Participant) -> None:
        for n in range(12):
            ana.write(f"{n}.txt", f"{n}")
        await ana.exchange()
        for n in range(6):
            (ana.directory / f"{n}.txt").unlink()
        await ana.exchange()
        assert (ana.heard(News.DELETED), len(ana.asks.files(ana.collab))) == ([], 13)
        ana.does_mean_it = True
        await ana.exchange()
        assert (len(ana.heard(News.DELETED)), len(ana.asks.files(ana.collab))) == (6, 7)

    async def test_a_file_in_place_of_a_directory_is_bad_input(
        self, ana: Participant, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("")
        ana.directory = tmp_path / "file"
        with pytest.raises(errors.BadInput, match="cannot be a workspace"):
            await ana.exchange()

    async def test_what_the_server_refuses_is_said_once_and_hinders_nothing(
        self, ana: Participant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = ana.client.save

        def choosy(collab: str, session: str, path: str, *args: object, **kwargs: object) -> object:
            if path == "bad.txt":
                raise errors.TooLarge("too much of it", "less")
            return real(collab, session, path, *args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(ana.client, "save", choosy)
        ana.write("bad.txt", "bad")
        ana.write("good.txt", "good")
        await ana.exchange()
        await ana.exchange()
        assert (ana.heard(News.REFUSED), ana.heard(News.SAVED)) == (["bad.txt"], ["good.txt"])
        assert ana.read("bad.txt") == "bad"


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
