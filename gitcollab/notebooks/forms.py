"""The forms in which secrets come: what begins them, how they go on, and what only looks like one.

The prefixes are those that their issuers document for such scanners. A pattern is tried only where one of its signs
stands, and is bounded, so that looking takes time in proportion to the bytes.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable

import msgspec


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One form: ``pattern`` is tried where a text of ``signs`` stands, its group ``secret`` is the secret.

    ``shown`` is what an excerpt begins with. ``is_meant`` tells a secret from a placeholder by itself and by the group
    ``user``. ``is_whole``: not in the middle of a word. ``is_any_case``: signs and pattern are in small letters.
    """

    kind: str
    signs: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    shown: str = ""
    is_any_case: bool = False
    is_whole: bool = True
    is_meant: Callable[[bytes, bytes], bool] = lambda secret, user: is_varied(secret)

    def at(self, text: bytes, searched: bytes, start: int) -> tuple[bytes, int] | None:
        """Returns the secret whose sign stands at ``start``, and where it begins; None if there is none.

        ``searched`` is the text, in small letters for a form of any case.
        """
        if self.is_whole and start and text[start - 1] in _IN_WORDS:
            return None
        match = self.pattern.match(searched, start)
        if match is None:
            return None
        begin, end = match.span("secret")
        secret, user = text[begin:end], match.groupdict().get("user") or b""
        return (secret, begin) if self.is_meant(secret, user) else None


def is_varied(secret: bytes) -> bool:
    """Whether the text could be random at all: not one letter again and again, as in ``ghp_xxxxxxxx``."""
    return len(set(secret[-16:])) > 5


def entropy(text: bytes) -> float:
    """Returns Shannon's entropy of the bytes, in bits for each."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values()) if text else 0.0


def is_password(value: bytes, user: bytes = b"") -> bool:
    """Whether a value that is called a password could be one: of some length, mixed, and no placeholder."""
    is_mixed = all(kind.search(value) for kind in _KINDS[:3])
    if _PLACEHOLDER.search(value) or (_WORDY.search(value) and not is_mixed):
        return False
    kinds = sum(bool(kind.search(value)) for kind in _KINDS)
    has_digit = _KINDS[2].search(value) is not None
    return has_digit and kinds >= 2 and entropy(value) >= (3.0 if len(value) < 20 else 3.3)


def is_bare_password(value: bytes, user: bytes = b"") -> bool:
    """The same of a value without quotes, which in a program would be a name: it has to look random."""
    is_mixed = all(kind.search(value) for kind in _KINDS[:3])
    is_hex = re.fullmatch(rb"[0-9a-f]{32,}", value) is not None
    return (is_mixed or is_hex) and entropy(value) >= 3.5 and is_password(value)


def is_password_of_url(value: bytes, user: bytes = b"") -> bool:
    """Whether what stands before the ``@`` of an address is a password, not ``user:password@host``."""
    is_said = value.lower() == user.lower() or value.isdigit() or _CUSTOMARY.fullmatch(value)
    return not is_said and not _PLACEHOLDER.search(value)


_IN_WORDS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/+-")
_KINDS = tuple(map(re.compile, (rb"[a-z]", rb"[A-Z]", rb"[0-9]", rb"[^a-zA-Z0-9]")))
_PLACEHOLDER = re.compile(
    rb"(?i)example|your|change.?me|placeholder|dummy|redacted|insert|replace|\.\.\.|xxxx|\*\*\*|12345678|abcdefg|"
    rb"foobar|^[<$%{\[(]"
)
"""What people write where a password would stand."""

_CUSTOMARY = re.compile(rb"(?i)(?:my|db)?_?(?:pass(?:word|wd|w)?|pwd|secret|token|tiger|pw)[0-9]*")
"""What manuals write as the password in an address."""

_WORDY = re.compile(rb"(?i)passw|pass$|secret|token|none|null|true|false|todo|test|key")
"""Words that stand in names and placeholders rather than in passwords, unless those are mixed well."""


def _prefixed(kind: str, prefixes: bytes, rest: bytes) -> Form:
    """A form that begins with one of some fixed texts, divided by spaces."""
    signs = tuple(prefixes.split())
    starts = b"|".join(map(re.escape, signs))
    shown = (signs[0] if len(signs) == 1 else signs[0][:3]).decode("ascii")
    return Form(
        kind=kind, signs=signs, pattern=re.compile(rb"(?P<secret>(?:%b)%b)" % (starts, rest)), shown=shown
    )


_CALLED = (
    *(b"password", b"passwd", b"passwort", b"passphrase", b"pwd", b"secret", b"credential", b"token"),
    *(b"api_key", b"apikey", b"api-key", b"access_key", b"accesskey", b"auth_token", b"private_key"),
)
_ONE_OF_THEM = b"(?:" + b"|".join(map(re.escape, _CALLED)) + b")"
_NAME = (
    _ONE_OF_THEM
    + rb"(?:[_-]?(?:access|api|auth|client|private|secret|signing))?(?:[_-]?(?:key|token|value))?s?"
)
_QUOTE = rb"\\?[\"']"

FORMS: tuple[Form, ...] = (
    Form(
        kind="private-key",
        signs=(b"-----BEGIN ",),
        pattern=re.compile(
            rb"-----BEGIN (?P<secret>(?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
            rb"(?:(?:\\[rn]|[\s\",:]){1,40}(?:[A-Z][A-Za-z-]{1,20}: [^\n\\]{1,80})?){1,8}[A-Za-z0-9+/=]{16,200})"
        ),
        shown="-----BEGIN",
        is_whole=False,
    ),
    Form(
        kind="aws-access-key",
        signs=(b"AKIA", b"ASIA", b"ABIA", b"ACCA"),
        pattern=re.compile(rb"(?P<secret>A[A-Z]IA[A-Z0-9]{16}|ACCA[A-Z0-9]{16})(?![A-Za-z0-9/+=])"),
        shown="A",
    ),
    _prefixed("github-token", b"ghp_ gho_ ghu_ ghs_ ghr_", rb"[A-Za-z0-9]{36,255}"),
    _prefixed("github-token", b"github_pat_", rb"[A-Za-z0-9_]{22,255}"),
    _prefixed(
        "gitlab-token", b"glpat- gldt- glrt- glptt- gloas- glsoat- glcbt- glft-", rb"[A-Za-z0-9_-]{20,300}"
    ),
    _prefixed("slack-token", b"xoxa- xoxb- xoxe- xoxo- xoxp- xoxr- xoxs-", rb"[A-Za-z0-9-]{10,250}"),
    _prefixed("slack-token", b"xapp-", rb"[0-9]-[A-Za-z0-9-]{20,250}"),
    Form(
        kind="slack-webhook",
        signs=(b"hooks.slack.com/services/",),
        pattern=re.compile(
            rb"hooks\.slack\.com/services/(?P<secret>T[A-Z0-9]{6,15}/B[A-Z0-9]{6,15}/[A-Za-z0-9]{16,40})"
        ),
        shown="hooks.slack.com/",
        is_whole=False,
    ),
    _prefixed("google-key", b"AIza", rb"[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    _prefixed("google-key", b"GOCSPX-", rb"[A-Za-z0-9_-]{28}"),
    _prefixed("google-token", b"ya29.", rb"[A-Za-z0-9_-]{20,400}"),
    _prefixed("anthropic-key", b"sk-ant-", rb"[a-z0-9]{2,10}-[A-Za-z0-9_-]{20,200}"),
    _prefixed("openai-key", b"sk-proj- sk-svcacct- sk-admin-", rb"[A-Za-z0-9_-]{32,300}"),
    _prefixed("openai-key", b"sk-", rb"[A-Za-z0-9]{32,64}(?![A-Za-z0-9-])"),
    _prefixed("stripe-key", b"sk_live_ sk_test_ rk_live_ rk_test_", rb"[A-Za-z0-9]{16,250}"),
    _prefixed("npm-token", b"npm_", rb"[A-Za-z0-9]{36}(?![A-Za-z0-9])"),
    _prefixed("pypi-token", b"pypi-", rb"[A-Za-z0-9_-]{50,300}"),
    _prefixed("huggingface-token", b"hf_", rb"[A-Za-z0-9]{30,50}(?![A-Za-z0-9_])"),
    _prefixed("sendgrid-key", b"SG.", rb"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    _prefixed("databricks-token", b"dapi", rb"[a-f0-9]{32}(?![a-f0-9])"),
    Form(
        kind="gitcollab-token",
        signs=(b"gcp_", b"gcl_", b"gcs_"),
        pattern=re.compile(rb"(?P<secret>gc[pls]_[a-z2-7]{40,60})"),
        shown="gc",
        is_whole=False,  # a link's code stands behind a slash
    ),
    _prefixed("jwt", b"eyJ", rb"[A-Za-z0-9_-]{10,2000}+\.eyJ[A-Za-z0-9_-]{10,4000}+\.[A-Za-z0-9_-]{16,1000}"),
    Form(
        kind="azure-key",
        signs=(b"AccountKey=",),
        pattern=re.compile(rb"AccountKey=(?P<secret>[A-Za-z0-9+/]{60,100}={0,2})"),
        shown="AccountKey=",
        is_whole=False,
    ),
    Form(
        kind="url-password",
        signs=(b"://",),
        pattern=re.compile(
            rb"://(?P<user>[^\s:@/\"'<>\\]{0,64}):(?P<secret>[^\s:@/\"'<>\\]{4,128})@[A-Za-z0-9\[]"
        ),
        shown="://",
        is_whole=False,
        is_meant=is_password_of_url,
    ),
    Form(
        kind="password",
        signs=_CALLED,
        pattern=re.compile(
            rb"%b(?:%b)?\]?[ \t]{0,8}(?::=|=>|=|:)[ \t]{0,8}[rbuf]{0,2}%b(?P<secret>[^\s\"'\\]{8,200})%b"
            % (_NAME, _QUOTE, _QUOTE, _QUOTE)
        ),
        is_any_case=True,
        is_whole=False,
        is_meant=is_password,
    ),
    Form(
        kind="password",
        signs=_CALLED,
        pattern=re.compile(
            rb"%b[ \t]{0,8}[=:][ \t]{0,8}(?P<secret>[a-z0-9+/_=-]{16,200})(?=$|[\s\"'\\,;&<])" % _NAME
        ),
        is_any_case=True,
        is_whole=False,
        is_meant=is_bare_password,
    ),
)
"""Every form, the surest first."""
