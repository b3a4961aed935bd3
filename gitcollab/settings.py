"""Settings: what can be chosen, and where it is read from. Only the command line and the daemon read it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from gitcollab.errors import BadInput
from gitcollab.model import Value

FILE = "gitcollab.toml"
"""The settings file, in the root."""

PREFIX = "GITCOLLAB_"
"""Before a setting's name in capitals, in the environment: ``GITCOLLAB_PORT=8500``."""

HUB = {
    "JUPYTERHUB_PUBLIC_URL": "base_url",
    "JUPYTERHUB_API_URL": "hub_api",
    "JUPYTERHUB_API_TOKEN": "hub_token",
    "JUPYTERHUB_CLIENT_ID": "hub_client",
    "JUPYTERHUB_PUBLIC_HUB_URL": "hub_url",
}
"""What a JupyterHub tells a service that it starts; a person's notebook server hears the same of itself."""

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=86400)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Megabytes = Annotated[int, msgspec.Meta(ge=64, le=1_048_576)]


class Settings(Value, forbid_unknown_fields=True):
    """What can be chosen about a daemon. The last wins of: defaults, ROOT/gitcollab.toml, environment, arguments."""

    root: Path
    host: str = "127.0.0.1"
    port: Port = 8474  # 0: any free one
    base_url: str = ""  # how people reach it, if not as http://HOST:PORT (a proxy with TLS, say)
    proxies: str = ""  # addresses of the proxies before it, with commas between; theirs alone are believed
    guests: bool = False  # whether links may open a collab to read without an account
    oidc_issuer: str = ""  # who vouches for people by OpenID Connect; needs the extra "oidc"
    oidc_client: str = ""  # what the provider calls this server
    oidc_secret: str = ""  # better said in the environment
    oidc_title: str = ""  # what stands on the button; empty: the issuer
    oidc_groups: str = "groups"  # the claim that lists a person's groups; empty: none
    hub_api: str = (
        ""  # of the JupyterHub whose service this is; it says this and the next three in the environment
    )
    hub_token: str = ""
    hub_client: str = ""
    hub_url: str = ""  # where people find it, if not below the base URL's host
    database: str = ""  # empty: SQLite in the root
    node: Annotated[str, msgspec.Meta(pattern=r"^([a-z0-9][a-z0-9-]{0,31})?$")] = (
        ""  # this one's name among several on one PostgreSQL and one root; empty: there is one
    )
    address: str = ""  # where the other nodes reach this one: http://HOST:PORT; empty: as host and port say
    debounce: Seconds = 0.3  # a file that stops changing for so long is taken in
    longest_wait: Seconds = 5.0  # one that never stops is taken in after so long
    land: Literal["save", "request"] = "save"
    deliver: Literal["landing", "request"] = "landing"
    unix_accounts: Literal["auto", "yes", "no"] = (
        "auto"  # participants are users of this system; auto: if root serves
    )
    workers: Annotated[int, msgspec.Meta(ge=0, le=256)] = 0  # 0: one per core, at least four
    job_seconds: Seconds = 10.0  # a worker's job may take so long
    job_memory: Megabytes = 1024  # and so much memory
    run_gates: Literal["auto", "yes", "no"] = (
        "auto"  # notebooks run before they are published; auto: where they can be kept from the server's files
    )
    gate_commands: bool = (
        False  # whether collab.toml may name a command to be run before a notebook is published
    )
    gate_network: bool = False  # whether what is run has the network, this machine's own servers with it
    gate_seconds: Seconds = 600.0  # that one run may take at most, whatever collab.toml says
    gate_memory: Megabytes = 2048
    status_hosts: str = (
        ""  # which a collab may ask for a status before publishing: HOST or HOST:PORT, with commas
    )
    webhook_hosts: str = (
        ""  # which webhooks may call; empty: any that is public, else only these, private or not
    )
    mirror_hosts: str = ""  # where mirrors may be besides public hosts: HOST, or the beginning of an address
    evening: Annotated[str, msgspec.Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")] = (
        "23:30"  # when the day's last look is, local time; empty: never
    )
    thin_after: Annotated[float, msgspec.Meta(ge=0, le=36500)] = (
        0.0  # days after which closed sessions are thinned, archived first; 0: never
    )
    saves_per_minute: Count = 0  # of one person; this and the next five: 0 is any number
    collab_megabytes: Count = 0  # of one collab's history
    user_megabytes: Count = 0  # of all collabs that one person owns
    collab_files: Count = 0
    collab_sessions: Count = 0  # that are open
    collab_refs: Count = 0  # branches and versions
    backup: str = ""  # where the daemon makes backups by itself: a directory, or s3://BUCKET/PREFIX
    backup_hours: Annotated[float, msgspec.Meta(gt=0, le=8760)] = 24.0  # from one to the next
    backup_keep: str = ""  # which old ones stay: "7d,4w,12m"; empty: all
    log: Literal["file", "stderr"] = "file"  # file: ROOT/run/log

    @property
    def run(self) -> Path:
        """Sockets, lock and log: what lives as long as the daemon, and is one node's own where there are several."""
        return self.root / "run" / self.node

    @property
    def are_accounts_unix(self) -> bool:
        """Whether participants are users of this system, to whom their directories are opened."""
        return self.unix_accounts == "yes" or (self.unix_accounts == "auto" and os.geteuid() == 0)

    def hosts_of(self, what: str) -> list[str]:
        """The hosts that the setting ``status_hosts``, ``webhook_hosts`` or ``mirror_hosts`` lists."""
        return [host.strip() for host in getattr(self, f"{what}_hosts").split(",") if host.strip()]

    @property
    def private(self) -> Path:
        """What nobody but the daemon's user may read."""
        return self.root / "private"


def read(environment: Mapping[str, str] | None = None, **arguments: Any) -> Settings:
    """Returns the settings. ``arguments`` that are None were not given; BadInput names a source that is wrong."""
    environment = os.environ if environment is None else environment
    given = {name: value for name, value in arguments.items() if value is not None}
    root = Path(given.pop("root", None) or environment.get(f"{PREFIX}ROOT") or default_root(environment))
    found: dict[str, Any] = {"root": root.expanduser().absolute()}
    for source, values in _sources(found["root"], environment, given):
        for name, value in values.items():
            found[name] = _checked(source, name, value)
    return Settings(**found)


def default_root(environment: Mapping[str, str]) -> Path:
    """Where the root is unless it is named: the user's data directory."""
    data = (
        environment.get("XDG_DATA_HOME") or Path(environment.get("HOME") or Path.home()) / ".local" / "share"
    )
    return Path(data) / "gitcollab"


def _sources(
    root: Path, environment: Mapping[str, str], arguments: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield str(root / FILE), _file(root / FILE)
    names = (HUB if environment.get("JUPYTERHUB_SERVICE_NAME") else {}) | {
        f"{PREFIX}{name.upper()}": name for name in NAMES
    }
    yield (
        "the environment",
        {names[key]: value for key, value in environment.items() if key in names and value},
    )
    yield "the arguments", arguments


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read", "look at its permissions and encoding") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} is no TOML: {error}", "correct it, or move it away") from error


def _checked(source: str, name: str, value: Any) -> Any:
    if name not in TYPES or name == "root":
        raise BadInput(f"{source}: there is no setting {name!r}", f"the settings are {', '.join(NAMES)}")
    try:
        return msgspec.convert(value, TYPES[name], strict=not isinstance(value, str))
    except msgspec.ValidationError as error:
        raise BadInput(f"{source}: {name}: {error}", "correct it, or leave it out for the default") from error


TYPES: dict[str, Any] = {field.name: field.type for field in msgspec.structs.fields(Settings)}
NAMES = tuple(name for name in TYPES if name != "root")
