"""The wire carries acts, answers, errors and events, and says clearly when the other end has gone."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitcollab import acts, wire
from gitcollab.errors import BadInput, GitcollabError, Moved, NotFound, TooLarge, Unavailable
from gitcollab.events import AnyEvent, Joined, Landed
from gitcollab.model import Actor, Json, Receipt, SessionName, Take
from gitcollab.wire import frames

ANA = Actor(user="ana")
SESSION = SessionName(user="ana", name="default")


def save(data: bytes, path: str = "a.ipynb") -> acts.Save:
    return acts.Save(actor=ANA, collab="caaaaaaaaa", session=SESSION, path=path, data=data)


def receipt(version: str) -> Receipt:
    return Receipt(snapshot=version, landed=None, version=version)


@pytest.fixture
def door(tmp_path: Path) -> Path:
    """Where the peer listens: deeper than the 108 bytes that a unix address may have."""
    path = tmp_path / ("deep" * 30) / "writer.sock"
    path.parent.mkdir()
    return path


@asynccontextmanager
async def served(
    door: Path, answer: wire.serving.Answer, follow: wire.serving.Follow | None = None, **more: float
):  # type: ignore[no-untyped-def]
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: wire.serve(door, answer, follow, **more))
        async with wire.Wire(door) as line:
            yield line
        group.cancel_scope.cancel()


async def echo(act: acts.Act) -> object:
    assert isinstance(act, acts.Save)
    return receipt((act.data or b"").decode())


async def test_an_act_gets_its_answer_in_its_own_type(door: Path) -> None:
    async with served(door, echo) as line:
        assert receipt("1") == await line.call(save(b"1"))


async def test_only_its_user_may_connect(door: Path) -> None:
    async with served(door, echo) as line:
        await line.ping()
        assert 0o600 == door.stat().st_mode & 0o777


async def test_many_acts_travel_at_once_and_answers_find_their_askers(door: Path) -> None:
    gates = {str(n): asyncio.Event() for n in range(50)}

    async def answer(act: acts.Save) -> Receipt:
        name = (act.data or b"").decode()
        await gates[name].wait()
        if int(name):
            gates[str(int(name) - 1)].set()  # the last asked answers first
        return receipt(name)

    async with served(door, answer) as line:
        gates["49"].set()
        answers = await asyncio.gather(*(line.call(save(str(n).encode())) for n in range(50)))
        assert [str(n) for n in range(50)] == [answer.version for answer in answers]


async def test_an_error_arrives_as_it_was_raised(door: Path) -> None:
    async def answer(act: acts.Act) -> object:
        raise Moved("Somebody was faster", "look again", head="abc", number=10**30)

    async with served(door, answer) as line:
        with pytest.raises(Moved, match="Somebody was faster") as caught:
            await line.call(save(b""))
        assert ("look again", {"head": "abc", "number": 10**30}) == (caught.value.hint, caught.value.data)


async def test_an_unexpected_error_tells_the_asker_nothing_of_the_inside(door: Path) -> None:
    async def answer(act: acts.Act) -> object:
        raise KeyError("/secret/path")

    async with served(door, answer) as line:
        with pytest.raises(GitcollabError) as caught:
            await line.call(save(b""))
        assert "failed" == caught.value.code
        assert "secret" not in f"{caught.value.message} {caught.value.hint} {caught.value.data}"


async def test_an_answer_that_cannot_be_sent_is_an_error_and_not_silence(door: Path) -> None:
    async def answer(act: acts.Act) -> object:
        return object()

    async with served(door, answer) as line:
        with pytest.raises(GitcollabError, match="Something went wrong"):
            await line.call(save(b""))


async def test_what_is_no_act_is_refused(door: Path) -> None:
    class Unheard(acts.Act, frozen=True):
        pass

    async with served(door, echo) as line:
        with pytest.raises(BadInput, match="Not an act"):
            await line.call(Unheard(actor=ANA))


async def test_a_message_over_the_limit_is_refused_by_its_sender(
    door: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "LIMIT", 10_000)
    async with served(door, echo) as line:
        with pytest.raises(TooLarge, match="too many for one message"):
            await line.call(save(b"x" * 10_000))
        assert receipt("small") == await line.call(save(b"small"))


async def test_twenty_megabytes_pass_unchanged(door: Path) -> None:
    data = os.urandom(2**16) * 320

    async def answer(act: acts.Save) -> Receipt:
        return receipt(str(act.data == data))

    async with served(door, answer) as line:
        assert receipt("True") == await line.call(save(data))


async def test_a_stream_that_is_no_frame_ends_that_connection_only(door: Path) -> None:
    async with served(door, echo) as line:
        await line.ping()
        with frames.address(door) as name:
            reader, writer = await asyncio.open_unix_connection(name)
        writer.write(b"\xff\xff\xff\xff GET / HTTP/1.1")
        assert b"" == await reader.read()
        writer.close()
        assert receipt("ok") == await line.call(save(b"ok"))


# --- being away ----------------------------------------------------------------------------------------------------


async def test_a_peer_that_is_away_is_named(door: Path) -> None:
    with pytest.raises(Unavailable, match="writer cannot be reached"):
        await wire.Wire(door, patience=0).call(save(b""))


async def test_those_who_wait_for_a_peer_that_is_away_wait_together(door: Path) -> None:
    line = wire.Wire(door, patience=0.5)
    with anyio.fail_after(60):  # one after the other they would wait for 150 seconds
        answers = await asyncio.gather(*(line.call(save(b"")) for _ in range(300)), return_exceptions=True)
    assert {Unavailable} == set(map(type, answers))


async def test_a_peer_that_comes_back_is_waited_for(door: Path) -> None:
    async with wire.Wire(door) as line, anyio.create_task_group() as group:
        answer = asyncio.ensure_future(line.call(save(b"late")))
        await anyio.sleep(0.05)
        group.start_soon(wire.serve, door, echo)
        assert receipt("late") == await answer
        group.cancel_scope.cancel()


async def test_a_peer_that_dies_before_it_answers_fails_the_call_and_the_next_call_reconnects(
    door: Path,
) -> None:
    async def stuck(act: acts.Act) -> object:
        await anyio.sleep_forever()
        return None

    async with wire.Wire(door) as line:
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: wire.serve(door, stuck, grace=0))
            call = asyncio.ensure_future(line.call(save(b"")))
            await line.ping()
            group.cancel_scope.cancel()
        with pytest.raises(Unavailable, match="may be done or not"):
            await call
        async with anyio.create_task_group() as group:
            group.start_soon(wire.serve, door, echo)
            assert receipt("again") == await line.call(save(b"again"))
            group.cancel_scope.cancel()


async def test_an_answer_that_takes_too_long_is_given_up_and_the_line_stays(door: Path) -> None:
    release = asyncio.Event()

    async def slow(act: acts.Save) -> Receipt:
        if act.data == b"slow":
            await release.wait()
        return receipt("done")

    async with served(door, slow) as line:
        with pytest.raises(Unavailable, match=r"not answered within 0\.05 s"):
            await line.call(save(b"slow"), within=0.05)
        release.set()
        assert receipt("done") == await line.call(save(b"quick"))


async def test_an_act_is_finished_when_its_asker_leaves(door: Path) -> None:
    begun, release, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def answer(act: acts.Act) -> Receipt:
        begun.set()
        await release.wait()
        done.set()
        return receipt("")

    async with served(door, answer):
        async with wire.Wire(door) as leaving:
            call = asyncio.ensure_future(leaving.call(save(b"")))
            await begun.wait()
        with pytest.raises(Unavailable):
            await call
        release.set()
        with anyio.fail_after(60):
            await done.wait()


async def test_stopping_finishes_the_acts_under_way_and_answers_them(door: Path) -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def answer(act: acts.Act) -> Receipt:
        begun.set()
        await release.wait()
        return receipt("finished")

    async with wire.Wire(door) as line, anyio.create_task_group() as group:
        group.start_soon(wire.serve, door, answer)
        call = asyncio.ensure_future(line.call(save(b"")))
        await begun.wait()
        group.cancel_scope.cancel()
        asyncio.get_running_loop().call_later(0.05, release.set)
        with anyio.CancelScope(shield=True):
            assert receipt("finished") == await call


# --- events --------------------------------------------------------------------------------------------------------

JOINED = Joined(collab="caaaaaaaaa", user="ana", session="ana/default", n=1)
LANDED = Landed(
    collab="caaaaaaaaa",
    user="ana",
    session="ana/default",
    n=2,
    commit="c",
    parent="p",
    snapshot="s",
    files=(),
)


async def test_a_follower_gets_every_event_from_ready_on(door: Path) -> None:
    hub: list[AnyEvent] = []
    more = asyncio.Event()

    async def follow() -> AsyncIterator[AnyEvent]:
        place = len(hub)
        while True:
            await more.wait()
            more.clear()
            for event in hub[place:]:
                yield event
            place = len(hub)

    async with served(door, echo, follow) as line, line.follow() as events:
        for event in (JOINED, LANDED):
            hub.append(event)
            more.set()
            assert event == await anext(events)


async def test_following_may_be_a_plain_loop(door: Path) -> None:
    async def follow() -> AsyncIterator[AnyEvent]:
        yield JOINED
        yield LANDED

    heard: list[AnyEvent] = []
    async with served(door, echo, follow) as line:
        with suppress(Unavailable):
            async for event in line.follow():
                heard.append(event)  # noqa: PERF401  # it ends by raising
    assert [JOINED, LANDED] == heard


async def test_a_stream_that_ends_sends_its_follower_to_the_journal(door: Path) -> None:
    async def follow() -> AsyncIterator[AnyEvent]:
        yield JOINED

    async with served(door, echo, follow) as line, line.follow() as events:
        assert JOINED == await anext(events)
        with pytest.raises(Unavailable):
            await anext(events)


async def test_a_follower_that_leaves_ends_its_stream(door: Path) -> None:
    ended = asyncio.Event()

    async def follow() -> AsyncIterator[AnyEvent]:
        try:
            yield JOINED
            await anyio.sleep_forever()
        finally:
            ended.set()

    async with served(door, echo, follow) as line:
        async with line.follow() as events:
            await anext(events)
        with anyio.fail_after(60):
            await ended.wait()


async def test_where_nothing_can_be_followed_following_is_refused(door: Path) -> None:
    async with served(door, echo) as line:
        with pytest.raises(BadInput, match="Nothing can be followed"):
            async with line.follow():
                pass


# --- one by one ----------------------------------------------------------------------------------------------------


def blocking_echo(act: acts.Act) -> object:
    assert isinstance(act, acts.Resolve)
    match act.at:
        case "nowhere":
            raise NotFound("nowhere is nothing")
        case "huge":
            raise MemoryError
    return act.at


@pytest.fixture
def listener(door: Path) -> Iterator[socket.socket]:
    with wire.listen(door) as listening:
        yield listening


def resolve(at: str) -> acts.Resolve:
    return acts.Resolve(actor=ANA, collab="caaaaaaaaa", at=at)


async def test_errands_are_answered_one_by_one(door: Path, listener: socket.socket) -> None:
    worker = threading.Thread(
        target=wire.serve_one_by_one, args=(listener, blocking_echo), kwargs={"jobs": 3}
    )
    worker.start()
    errands = wire.Errands(door)
    await errands.ping()
    assert "main" == await errands.call(resolve("main"))
    with pytest.raises(NotFound, match="nowhere is nothing"):
        await errands.call(resolve("nowhere"))
    await anyio.to_thread.run_sync(worker.join)


async def test_a_worker_without_memory_answers_and_ends(door: Path, listener: socket.socket) -> None:
    worker = threading.Thread(target=wire.serve_one_by_one, args=(listener, blocking_echo))
    worker.start()
    with pytest.raises(GitcollabError, match="too much memory"):
        await wire.Errands(door).call(resolve("huge"))
    await anyio.to_thread.run_sync(worker.join)


async def test_a_worker_that_ends_before_it_began_costs_nothing(door: Path, listener: socket.socket) -> None:
    def hang_up() -> None:
        listener.accept()[0].close()
        wire.serve_one_by_one(listener, blocking_echo, jobs=1)

    worker = threading.Thread(target=hang_up)
    worker.start()
    assert "main" == await wire.Errands(door).call(resolve("main"))
    await anyio.to_thread.run_sync(worker.join)


async def test_a_worker_that_is_killed_fails_its_errand_with_a_hint(
    door: Path, listener: socket.socket
) -> None:
    def hang_up() -> None:
        connection, _ = listener.accept()
        with connection:
            frames.receive_blocking(connection)
            connection.sendall(frames.frame(0, "begun"))

    worker = threading.Thread(target=hang_up)
    worker.start()
    with pytest.raises(Unavailable, match="too long or too much memory"):
        await wire.Errands(door).call(resolve("main"))
    await anyio.to_thread.run_sync(worker.join)


# --- values --------------------------------------------------------------------------------------------------------

ANY_TEXT = st.text(st.characters(exclude_categories=()))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
)


@given(ANY_JSON)
def test_every_json_value_passes_unchanged(value: Json) -> None:
    act = acts.Settle(actor=ANA, collab="caaaaaaaaa", item="i", take=Take.BOTH, seen=value)
    content = frames.frame(1, "act", act)
    message = msgspec.msgpack.decode(content[4:], type=frames.Frame)
    assert act == frames.value_of(message, wire.serving.ACTS)


def test_bytes_stay_bytes_beside_what_messagepack_cannot_hold() -> None:
    value = {"a": b"\x00\xff", "b": 10**40, "\ud800": ["\udfff"]}
    message = msgspec.msgpack.decode(frames.frame(1, "ok", value)[4:], type=frames.Frame)
    assert value == frames.value_of(message)


@given(st.binary(max_size=200))
def test_reading_any_bytes_raises_only_one_kind_of_error(content: bytes) -> None:
    near, far = socket.socketpair()
    with near, far:
        near.sendall(content)
        near.shutdown(socket.SHUT_WR)
        with suppress(msgspec.DecodeError):
            frames.receive_blocking(far)
