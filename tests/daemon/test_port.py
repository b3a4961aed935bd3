"""The port is bound first, and what is wrong with it is said at once."""

from __future__ import annotations

import socket

import pytest

from gitcollab.daemon import port
from gitcollab.errors import BadInput, Unusable


def test_any_free_port_is_found_and_named() -> None:
    with port.bind("127.0.0.1", 0) as listener:
        host, at = port.loopback(listener)
        assert f"http://127.0.0.1:{at}" == port.reachable("127.0.0.1", listener)
        socket.create_connection((host, at)).close()


def test_a_port_that_is_taken_is_said_with_a_way_out() -> None:
    with port.bind("127.0.0.1", 0) as listener:
        at = listener.getsockname()[1]
        with pytest.raises(Unusable, match=f"port {at} .* is taken") as caught:
            port.bind("127.0.0.1", at)
        assert 2 == caught.value.exit_code
        assert "--port" in caught.value.hint


def test_a_port_that_is_about_to_be_free_is_waited_for() -> None:
    listener = port.bind("127.0.0.1", 0)
    at = listener.getsockname()[1]
    with listener, pytest.raises(Unusable):
        port.bind("127.0.0.1", at, patience=0.15)
    port.bind("127.0.0.1", at, patience=1).close()


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(BadInput, match=r"cannot listen at 192\.0\.2\.1"):
        port.bind("192.0.2.1", 0)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_wildcard_is_reached_by_the_machines_name_and_on_the_loopback(host: str) -> None:
    with port.bind(host, 0) as listener:
        assert socket.gethostname() in port.reachable(host, listener)
        socket.create_connection(port.loopback(listener)).close()
