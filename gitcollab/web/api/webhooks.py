"""API of webhooks: whom a collab calls, and how the last calls went."""

from __future__ import annotations

import msgspec

from gitcollab.acts import AddWebhook, RemoveWebhook
from gitcollab.store.webhooks import Webhook
from gitcollab.store.webhooks import webhooks as of_collab
from gitcollab.web.ask import Ask
from gitcollab.web.doors import Door


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to call; ``kinds``: landed, contested, published, all of them if none is named."""

    url: str
    kinds: tuple[str, ...] = ()


async def webhooks(ask: Ask) -> tuple[Webhook, ...]:
    """Lists whom the collab calls, each with its last deliveries; without secrets."""
    collab = await ask.collab()
    await ask.admit(RemoveWebhook(actor=ask.actor, collab=collab, webhook=""))
    return await ask.site.look(of_collab, collab)


async def add_webhook(ask: Ask) -> Webhook:
    """Has a URL called from now on; the secret that its signatures are made with is in this answer alone."""
    new = await ask.form(NewWebhook)
    act = AddWebhook(actor=ask.actor, collab=await ask.collab(), secret_url=new.url, kinds=new.kinds)
    return msgspec.convert(await ask.do(act), Webhook)


async def remove_webhook(ask: Ask) -> None:
    """Calls it no more."""
    act = RemoveWebhook(actor=ask.actor, collab=await ask.collab(), webhook=ask.part("webhook"))
    await ask.do(act)


AT = "/api/collabs/{id}/webhooks"
DOORS = (
    Door(method="GET", path=AT, go=webhooks, answer=tuple[Webhook, ...]),
    Door(method="POST", path=AT, go=add_webhook, body=NewWebhook, answer=Webhook, status=201, is_secret=True),
    Door(method="DELETE", path=f"{AT}/{{webhook}}", go=remove_webhook, status=204),
)
