"""The API: every route of it in one table, noun by noun."""

from __future__ import annotations

from gitcollab.web.api import (
    audit,
    collabs,
    comments,
    contested,
    files,
    groups,
    held,
    history,
    identities,
    invitations,
    members,
    mirrors,
    people,
    sessions,
    versions,
    visibility,
    webhooks,
)
from gitcollab.web.doors import Door

DOORS: tuple[Door, ...] = (
    *people.DOORS,
    *collabs.DOORS,
    *members.DOORS,
    *sessions.DOORS,
    *files.DOORS,
    *history.DOORS,
    *contested.DOORS,
    *comments.DOORS,
    *held.DOORS,
    *versions.DOORS,
    *audit.DOORS,
    *groups.DOORS,
    *visibility.DOORS,
    *webhooks.DOORS,
    *invitations.DOORS,
    *identities.DOORS,
    *mirrors.DOORS,
)
