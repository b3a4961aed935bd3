"""Which directories can be joined, what is left alone in them, and what is not taken for a deletion."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import anyio.to_thread
import pytest

from gitcollab import errors
from gitcollab.join import News
from gitcollab.join.state import Drawer, opened

from .conftest import Participant, notebook  # type: ignore[import-not-found]


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
