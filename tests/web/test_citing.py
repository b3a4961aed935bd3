"""Citations: the same facts in three forms, whatever people and notebooks are called."""

from __future__ import annotations

import pytest

from gitcollab.model import Version
from gitcollab.web.citing import FORMS, Citation

VERSION = Version(
    notebook="data/ti_des.ipynb",
    version="1.2.0",
    tag="data/ti_des/v1.2.0",
    commit="a" * 40,
    at="2026-11-20T10:00:00Z",
)
URL = "https://x.example/api/collabs/caaaaaaaaa/files/data/ti_des.ipynb?at=1.2.0"


def cited(form: str, *authors: str, title: str = "Tides") -> str:
    return FORMS[form][0](Citation(version=VERSION, title=title, authors=authors or ("Ana", "Ben"), url=URL))


def test_as_text():
    assert f"Ana, Ben (2026): ti_des (version 1.2.0). Tides. {URL}\n" == cited("text")


def test_as_bibtex():
    assert (
        "@misc{ti-des-1-2-0,\n  author = {{Ana} and {Ben}},\n  title = {{ti\\_des}},\n  howpublished = {Tides},\n"
        f"  version = {{1.2.0}},\n  year = {{2026}},\n  url = {{{URL}}},\n  note = {{commit {'a' * 40}}},\n}}\n"
    ) == cited("bibtex")


def test_as_cff():
    assert (
        "cff-version: 1.2.0\nmessage: If you use this notebook, please cite it as below.\ntype: dataset\n"
        'title: "ti_des"\nauthors:\n  - name: "Ana"\n  - name: "Ben"\nversion: "1.2.0"\ndate-released: "2026-11-20"\n'
        f'url: "{URL}"\ncommit: {"a" * 40}\n'
    ) == cited("cff")


@pytest.mark.parametrize("name", ["} @evil{", "a\nb: c", '"quoted"', "50 % & more", "\\input{x}"])
def test_no_name_breaks_out_of_its_place(name):
    bibtex, cff = cited("bibtex", name), cited("cff", name)
    unescaped = bibtex.replace("\\{", "").replace("\\}", "")
    assert unescaped.count("{") == unescaped.count("}")
    assert ["  - name: "] == [line[:10] for line in cff.split("\n") if line.startswith("  - name")]
