"""Thinning: old backups go, as a rule says; what any that stays still needs does not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from gitcollab.backup.manifest import FOLDER, Manifest
from gitcollab.backup.taking import manifest_of
from gitcollab.backup.targets import Target
from gitcollab.errors import BadInput, Unusable

RULE = re.compile(r"(\d{1,4})([dwm])")
NAMES = re.compile(
    r"(?:store|files|collabs/c[a-z2-7]{9})/[0-9a-f]{32}(?:\.jsonl|\.bundle)?(?:\.[0-9a-f]{8}\.part)?"
)
"""What our own files are called, and what a killed backup leaves; all else in the place is somebody's."""

FRESH = timedelta(days=1)
"""Backups that are younger stay, all of them."""

GRACE = 2 * 86400.0
"""Seconds for which a file that no backup names is left alone: one that is being made may name it soon."""


class Keep(msgspec.Struct, frozen=True, kw_only=True):
    """Of how many days, weeks and months the last backup is kept; only those count that have one."""

    days: int = 0
    weeks: int = 0
    months: int = 0


class Thinned(msgspec.Struct, frozen=True, kw_only=True):
    """What went: backups by their names, and files that no backup needs."""

    backups: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def keep_of(text: str) -> Keep:
    """Reads a rule as people write it: ``7d,4w,12m``.

    :raises BadInput: it is none.
    """
    found = [RULE.fullmatch(one.strip()) for one in text.split(",")]
    counts = {one[2]: int(one[1]) for one in found if one}
    if not all(found) or len(counts) != len(found) or not any(counts.values()):
        raise BadInput(f"{text[:60]!r} is no rule for backups", "write it as 7d,4w,12m: days, weeks, months")
    return Keep(days=counts.get("d", 0), weeks=counts.get("w", 0), months=counts.get("m", 0))


def kept(times: Iterable[str], keep: Keep, now: str) -> set[str]:
    """Returns which of the moments (UTC) stay: the newest, all of the last day, and what the rule says."""
    newest_first = sorted(times, reverse=True)
    stay = {*newest_first[:1], *(at for at in newest_first if _when(now) - _when(at) < FRESH)}
    forms = ((keep.days, "%Y-%m-%d"), (keep.weeks, "%G-W%V"), (keep.months, "%Y-%m"))
    for count, form in forms:
        last: dict[str, str] = {}
        for at in newest_first:
            last.setdefault(_when(at).strftime(form), at)
        stay.update(list(last.values())[:count])
    return stay


def thin(place: Target, keep: Keep, now: str) -> Thinned:
    """Removes the backups that a rule no longer keeps, then the files that none of those left needs.

    ``now`` is the time (UTC). Killed at any moment, what is left is whole, and the next call goes on.

    :raises Unusable: a backup that stays cannot be read, so that nobody knows what it needs; nothing goes then.
    """
    names = place.names(FOLDER)
    found = {name: _read(place, name) for name in names}
    stay = kept((one.at for one in found.values()), keep, now)
    old = tuple(name for name, one in found.items() if one.at not in stay)
    needed = {piece.name for one in found.values() if one.at in stay for piece in one.pieces}
    place.remove(old)
    orphans = _orphans(place, needed, _when(now).timestamp() - GRACE)
    place.remove(orphans)
    return Thinned(backups=old, files=orphans)


def _read(place: Target, name: str) -> Manifest:
    try:
        return manifest_of(place, name)
    except BadInput as error:
        raise Unusable(
            f"{name} cannot be read, so nothing is removed: {error.message}", "look at it; remove it by hand"
        ) from error


def _orphans(place: Target, needed: set[str], before: float) -> tuple[str, ...]:
    ages = {
        name: at for folder in ("store/", "files/", "collabs/") for name, at in place.ages(folder).items()
    }
    return tuple(
        sorted(
            name for name, at in ages.items() if name not in needed and at < before and NAMES.fullmatch(name)
        )
    )


def _when(at: str) -> datetime:
    try:
        return datetime.fromisoformat(at.replace("Z", "+00:00")).astimezone(UTC)
    except ValueError as error:
        raise Unusable(f"{at[:40]!r} is no time of a backup", "look at the manifests") from error
