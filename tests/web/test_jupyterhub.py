"""Signing in with a JupyterHub, a real one, whose service this server is. The hub alone runs: no proxy is needed."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from gitcollab import store
from gitcollab.daemon.port import bind
from gitcollab.web.app import Application, Surroundings, create_app
from gitcollab.web.jupyterhub import HubProvider, Service

from .conftest import BASE, Recorder, running  # type: ignore[import-not-found]

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]
HOME = Path(__file__).parents[2]
SERVICE_TOKEN = "0123456789abcdef" * 4
CONFIG = """
from jupyterhub.proxy import Proxy

class NoProxy(Proxy):
    should_start = False
    async def add_route(self, routespec, target, data): pass
    async def delete_route(self, routespec): pass
    async def get_all_routes(self): return {{}}
    async def check_routes(self, *_, **__): pass

c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.hub_port = {port}
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.db_url = "sqlite:///{here}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{here}/cookie"
c.JupyterHub.authenticator_class = "dummy"  # of JupyterHub 5 and 6
c.JupyterHub.spawner_class = "simple"
c.Authenticator.allow_all = True
c.DummyAuthenticator.password = "a hub's password"
c.JupyterHub.load_groups = {{"proj1": {{"users": ["alice"]}}, "Odd Group": {{"users": ["alice"]}}}}
c.JupyterHub.services = [{{
    "name": "gitcollab", "url": "{base}", "api_token": "{token}", "oauth_no_confirm": True,
    "oauth_redirect_uri": "{base}/signin/hub/callback",
}}]
c.JupyterHub.load_roles = [
    {{"name": "user", "scopes": ["self", "access:services!service=gitcollab"]}},
    {{"name": "helpdesk", "users": ["zoe"], "scopes": ["tokens"]}},
]
"""


@dataclass(frozen=True)
class Hub:
    """A running hub."""

    url: str

    @property
    def api(self) -> str:
        return f"{self.url}api"


@pytest.fixture(scope="session")
def programs() -> Path:
    """JupyterHub in an environment of its own, made once; it would not fit beside ours."""
    environment = HOME / ".tests" / "hub"
    environment.mkdir(parents=True, exist_ok=True)
    with environment.with_name("hub.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # another worker may want it at the same moment
        if not (environment / "whole").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True, timeout=120)
            pip = [environment / "bin" / "pip", "install", "-q", "jupyterhub>=5,<7"]
            subprocess.run(pip, check=True, timeout=400)
            (environment / "whole").touch()
    return environment / "bin"


@pytest.fixture(scope="module")
def hub(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    here = tmp_path_factory.mktemp("hub")
    with bind("127.0.0.1", 0, 0.0) as free:
        port = free.getsockname()[1]
    config = CONFIG.format(port=port, here=here, base=BASE, token=SERVICE_TOKEN)
    (here / "config.py").write_text(config)
    command = [programs / "python", programs / "jupyterhub", "-f", here / "config.py"]
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(here)}
    with (here / "log").open("wb") as log:
        running = subprocess.Popen(command, cwd=here, env=environment, stdout=log, stderr=log)
        try:
            yield answering(Hub(f"http://127.0.0.1:{port}/hub/"), running, here / "log")
        finally:
            running.kill()
            running.wait(30)


def answering(hub: Hub, running: subprocess.Popen[bytes], log: Path) -> Hub:
    deadline = time.monotonic() + 120
    while running.poll() is None and time.monotonic() < deadline:
        with suppress(httpx2.HTTPError):
            if httpx2.get(f"{hub.api}/", timeout=5).status_code == 200:
                return hub
        time.sleep(0.2)
    raise AssertionError(log.read_text()[-4000:])


@pytest.fixture
def built(hub: Hub, url: str, recorder: Recorder, tmp_path: Path) -> Application:
    service = Service(api=hub.api, token=SERVICE_TOKEN, client="service-gitcollab", hub=hub.url)
    given = Surroundings(
        store=store.async_engine(url),
        writer=recorder,
        workers=recorder,
        key=b"k" * 32,
        base_url=BASE,
        repositories=tmp_path / "collabs",
        providers=(HubProvider(service),),
    )
    return create_app(given)


@pytest.fixture
async def browser(built: Application) -> AsyncIterator[httpx2.AsyncClient]:
    async with running(built):
        transport = httpx2.ASGITransport(app=built.asgi)
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
            yield client


async def sent_back(hub: Hub, address: str, name: str) -> str:
    """Signs in at the hub as ``name``, as a browser does; where the hub sends it on to."""
    async with httpx2.AsyncClient(follow_redirects=False, timeout=30) as outside:
        answer = await outside.get(address)
        for _ in range(10):
            if answer.status_code in {301, 302, 303}:
                address = str(httpx2.URL(address).join(answer.headers["location"]))
                if address.startswith(BASE):
                    return address
                answer = await outside.get(address)
                continue
            form = {"username": name, "password": "a hub's password", "_xsrf": outside.cookies.get("_xsrf")}
            answer = await outside.post(address, data=form)
    raise AssertionError(f"{answer.status_code} {address} {answer.text[:500]}")


async def token(hub: Hub, name: str, **asked: object) -> str:
    """A token of the hub for ``name``, as their notebook server has one."""
    async with httpx2.AsyncClient(timeout=30) as outside:
        page = await outside.get(f"{hub.url}login")
        assert 200 == page.status_code
        form = {"username": name, "password": "a hub's password", "_xsrf": outside.cookies.get("_xsrf")}
        await outside.post(f"{hub.url}login", data=form)
        made = await outside.post(
            f"{hub.api}/users/{name}/tokens",
            params={"_xsrf": outside.cookies.get("_xsrf")},
            headers={"referer": hub.url, "origin": hub.url.removesuffix("/hub/")},
            json=asked,
        )
        assert 201 == made.status_code, made.text
        return str(made.json()["token"])


def problem(page: str) -> str:
    """What a page says went wrong."""
    return page.partition('role="alert">')[2].partition("<")[0]


async def test_who_is_signed_in_at_the_hub_is_signed_in_here_with_their_groups(
    hub: Hub, browser: httpx2.AsyncClient
) -> None:
    assert "Sign in with JupyterHub" in (await browser.get("/signin")).text
    going = await browser.get("/signin/hub?next=/me")
    back = await sent_back(hub, going.headers["location"], "alice")
    entered = await browser.get(back)
    assert (303, "/me") == (entered.status_code, entered.headers.get("location")), problem(entered.text)
    assert "alice" == (await browser.get("/api/me")).json()["name"]
    assert [("proj1", "jupyterhub")] == [
        (one["name"], one["source"]) for one in (await browser.get("/api/groups")).json()
    ]
    assert 401 == (await browser.get(back)).status_code


async def test_a_token_of_the_hub_reads_and_saves_and_no_more(hub: Hub, browser: httpx2.AsyncClient) -> None:
    theirs = {"authorization": f"Bearer {await token(hub, 'bob', scopes=['inherit'])}"}
    told = await browser.get("/api/me", headers=theirs)
    assert ("bob", ["read", "write"]) == (told.json()["name"], told.json()["scopes"])
    assert 403 == (await browser.post("/api/tokens", json={}, headers=theirs)).status_code
    as_jupyter_says = {"authorization": theirs["authorization"].replace("Bearer", "token")}
    assert "bob" == (await browser.get("/api/me", headers=as_jupyter_says)).json()["name"]


async def test_a_token_that_is_not_for_this_service_opens_nothing(
    hub: Hub, browser: httpx2.AsyncClient
) -> None:
    narrow = await token(hub, "carol", scopes=["read:users!user"])
    for secret in (narrow, SERVICE_TOKEN, "0" * 64):
        answer = await browser.get("/api/me", headers={"authorization": f"Bearer {secret}"})
        assert 401 == answer.status_code, answer.text
