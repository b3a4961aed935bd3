"""A mirror leads to public servers, by https or ssh; to anything else only where the administrator has listed it."""

from __future__ import annotations

import pytest

from gitcollab.errors import BadInput
from gitcollab.mirrors import checked, resolved


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port"),
    [
        ("https://github.com/ana/tides.git", "https", "github.com", 443),
        ("https://gitlab.example.org:8443/a/b/c.git", "https", "gitlab.example.org", 8443),
        ("git@github.com:ana/tides.git", "ssh", "github.com", 22),
        ("ssh://git@example.org:2222/~ana/tides.git", "ssh", "example.org", 2222),
    ],
)
def test_https_and_ssh_are_taken(url, scheme, host, port):
    made = checked(url)
    assert (scheme, host, port, False) == (made.scheme, made.host, made.port, made.is_listed)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://example.org/x.git",
        "file:///srv/x.git",
        "/srv/x.git",
        "ext::sh -c true",
        "git://example.org/x.git",
        "https://ana:secret@example.org/x.git",
        "https://token@example.org/x.git",
        "https://example.org/../x.git",
        "https://example.org/x.git?a=b",
        "https://example.org/x.git#a",
        "https://-oProxyCommand=x/x.git",
        "ssh://-oProxyCommand=x/x.git",
        "ssh://-l@example.org/x.git",
        "-oProxyCommand=x:y",
        "--upload-pack=x",
        "https:///x.git",
        "https://example.org:0/x.git",
        "https://example.org:99999/x.git",
        "https://example.org/x y.git",
        "https://example.org/x\n.git",
        "https://exämple.org/x.git",
        "https://example.org/" + "x" * 2000,
        "https://[::1/x.git",
    ],
)
def test_nothing_else_is(url):
    with pytest.raises(BadInput):
        checked(url)


def test_who_runs_the_server_may_list_hosts_and_beginnings():
    listed = ("git.corp.example", "file:///srv/mirrors/", "http://127.0.0.1:3000")
    assert checked("https://git.corp.example/x.git", listed).is_listed
    assert checked("file:///srv/mirrors/x.git", listed).is_listed
    assert checked("http://127.0.0.1:3000/x.git", listed).is_listed
    for url in (
        "file:///srv/mirrors-of-others/x.git",
        "http://127.0.0.1:30001/x.git",
        "http://git.corp.example/x",
    ):
        with pytest.raises(BadInput):
            checked(url, listed)
    with pytest.raises(BadInput):
        checked("file:///srv/mirrors/../x.git", listed)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254", "localhost", "0.0.0.0", "[::ffff:7f00:1]"]
)
def test_a_private_host_is_gone_to_only_if_it_is_listed(host):
    with pytest.raises(BadInput):
        resolved(checked(f"https://{host}/x.git"))
    assert resolved(checked("https://127.0.0.1/x.git", ("127.0.0.1",))) == "127.0.0.1"
