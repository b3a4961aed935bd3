"""What web is told of those who vouch for people: by settings, and by the hub that starts this server."""

from __future__ import annotations

from pathlib import Path

from gitcollab import settings
from gitcollab.daemon.serving import vouchers

HUB = {
    "JUPYTERHUB_API_URL": "http://10.0.0.1:8081/hub/api",
    "JUPYTERHUB_API_TOKEN": "a token",
    "JUPYTERHUB_CLIENT_ID": "service-gitcollab",
    "JUPYTERHUB_PUBLIC_URL": "https://hub.example/services/gitcollab/",
}


def test_a_hub_tells_its_service_who_it_is(tmp_path: Path) -> None:
    chosen = settings.read(HUB | {"JUPYTERHUB_SERVICE_NAME": "gitcollab"}, root=tmp_path)
    assert {
        "jupyterhub": {
            "api": "http://10.0.0.1:8081/hub/api",
            "token": "a token",
            "client": "service-gitcollab",
            "hub": "https://hub.example/hub/",
        }
    } == vouchers(chosen, chosen.base_url)


def test_in_a_persons_notebook_server_the_hub_vouches_for_nobody(tmp_path: Path) -> None:
    chosen = settings.read(HUB, root=tmp_path)
    assert ({}, "") == (vouchers(chosen, "http://127.0.0.1:8474"), chosen.base_url)


def test_a_provider_is_told_with_its_secret(tmp_path: Path) -> None:
    said = {"GITCOLLAB_OIDC_ISSUER": "https://id.example", "GITCOLLAB_OIDC_CLIENT": "me"}
    chosen = settings.read(said | {"GITCOLLAB_OIDC_SECRET": "s"}, root=tmp_path)
    told = {"issuer": "https://id.example", "client": "me", "secret": "s", "title": "", "groups": "groups"}
    assert {"oidc": told} == vouchers(chosen, "http://127.0.0.1:8474")
