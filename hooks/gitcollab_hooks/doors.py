"""The doors: what the front end may ask over HTTP. Each needs Jupyter's sign-in and its authorizer's consent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from gitcollab.errors import BadInput, GitcollabError
from gitcollab_hooks.collaboration import Collaboration

Json = Any
Verb = Callable[[Collaboration, Json], Json]


class Door(APIHandler):
    """One verb. Reading verbs are asked with GET and a query, the others with POST and a JSON object."""

    auth_resource = "gitcollab"

    def initialize(self, collaboration: Collaboration, executor: Executor, verb: Verb) -> None:
        """Takes what the route gives."""
        self.collaboration, self.executor, self.verb = collaboration, executor, verb

    async def answer(self, asked: Json) -> None:
        """Says the verb in a thread and answers with what it returns, or with what went wrong."""
        loop = asyncio.get_running_loop()
        try:
            said = await loop.run_in_executor(self.executor, self.verb, self.collaboration, asked)
        except GitcollabError as error:
            self.set_status(error.status)
            self.finish(json.dumps({"error": error.code, "message": error.message, "hint": error.hint}))
            return
        except (KeyError, TypeError, AttributeError) as error:
            mistake = BadInput(f"this was not understood: {error!r}", "reload the page")
            self.set_status(mistake.status)
            self.finish(json.dumps({"error": mistake.code, "message": mistake.message, "hint": mistake.hint}))
            return
        self.finish(json.dumps(said))


class Reading(Door):
    """A verb that changes nothing."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answers."""
        await self.answer({name: self.get_query_argument(name) for name in self.request.query_arguments})


class Doing(Door):
    """A verb that changes something."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Does it, and answers."""
        asked = self.get_json_body()
        if not isinstance(asked, dict):
            raise web.HTTPError(400, "a JSON object is needed")
        await self.answer(asked)


READING: dict[str, Verb] = {
    "standing": lambda one, asked: one.standing(),
    "overview": lambda one, asked: one.overview(asked["path"]),
    "recover": lambda one, asked: one.recover(asked["path"]),
}
DOING: dict[str, Verb] = {
    "sync": lambda one, asked: one.sync(asked),
    "release": lambda one, asked: one.release(asked["path"], asked["tab"]),
    "draft": lambda one, asked: one.draft(asked),
    "forget-draft": lambda one, asked: one.forget_draft(asked["path"]),
    "settle": lambda one, asked: one.settle(asked),
    "share": lambda one, asked: one.share(asked),
    "publish": lambda one, asked: one.publish(asked),
    "open": lambda one, asked: one.open(asked["collab"]),
}


def routes(base_url: str, collaboration: Collaboration, executor: Executor) -> list[Any]:
    """Returns every route below ``base_url``."""
    made = []
    for kind, verbs in ((Reading, READING), (Doing, DOING)):
        for name, verb in verbs.items():
            given = {"collaboration": collaboration, "executor": executor, "verb": verb}
            made.append((url_path_join(base_url, "gitcollab", "api", name), kind, given))
    return made
