"""Citing a version: the same few facts as a line of text, as BibTeX and as a citation file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

import msgspec

from gitcollab.model import Version

_SPECIAL = re.compile(r"[\\{}$&#%_~^]")
_WRITTEN = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """What is cited: ``authors`` by their display names, ``url`` where that very version is fetched."""

    version: Version
    title: str
    authors: Sequence[str]
    url: str

    @property
    def year(self) -> str:
        """The year it was published in."""
        return self.version.at[:4]

    @property
    def name(self) -> str:
        """The notebook's name without directory and suffix."""
        return self.version.notebook.rpartition("/")[2].removesuffix(".ipynb")


def as_text(cited: Citation) -> str:
    """One line of plain text."""
    people = ", ".join(cited.authors)
    return f"{people} ({cited.year}): {cited.name} (version {cited.version.version}). {cited.title}. {cited.url}\n"


def as_bibtex(cited: Citation) -> str:
    """An entry for BibTeX's ``misc``, which every style knows."""
    key = re.sub(r"[^A-Za-z0-9]+", "-", f"{cited.name}-{cited.version.version}").strip("-")
    fields = {
        "author": " and ".join("{" + _tex(one) + "}" for one in cited.authors),
        "title": "{" + _tex(cited.name) + "}",
        "howpublished": _tex(cited.title),
        "version": cited.version.version,
        "year": cited.year,
        "url": cited.url,
        "note": f"commit {cited.version.commit}",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{key},", *lines, "}"]) + "\n"


def as_cff(cited: Citation) -> str:
    """A CITATION.cff of the Citation File Format 1.2.0; its strings are JSON's, which are YAML's too."""
    lines = [
        "cff-version: 1.2.0",
        "message: If you use this notebook, please cite it as below.",
        "type: dataset",
    ]
    lines += [
        f"title: {_yaml(cited.name)}",
        "authors:",
        *(f"  - name: {_yaml(one)}" for one in cited.authors),
    ]
    lines += [f"version: {_yaml(cited.version.version)}", f"date-released: {_yaml(cited.version.at[:10])}"]
    lines += [f"url: {_yaml(cited.url)}", f"commit: {cited.version.commit}"]
    return "\n".join(lines) + "\n"


FORMS: dict[str, tuple[Callable[[Citation], str], str]] = {
    "text": (as_text, "text/plain"),
    "bibtex": (as_bibtex, "application/x-bibtex"),
    "cff": (as_cff, "application/yaml"),
}
"""How a version can be cited, and the type of each form (RFC 9512 for YAML)."""


def _tex(text: str) -> str:
    return _SPECIAL.sub(lambda found: _WRITTEN.get(found[0], f"\\{found[0]}"), text)


def _yaml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
