"""Hostile notebooks in every view: nothing runs, nothing leaves, nothing appears outside its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import as_bytes, book  # type: ignore[import-not-found]

BREAKOUT = (
    """"'></textarea></style></script><script>window.canary=1</script><img src=x onerror=window.canary=1>"""
)
TEXTS = {
    "markup": BREAKOUT,
    "links": "[x](javascript:window.canary=1) ![y](https://evil.invalid/p.png) <https://evil.invalid>",
    "form": "<form id=x action=https://evil.invalid><input name=body><button>Decide</button></form><base href=//evil>",
    "style": "<style>*{display:none}</style><div style='position:fixed;inset:0'>over</div><link href=//e>",
    "drawing": "<svg xmlns='http://www.w3.org/2000/svg' onload='canary=1'><script>parent.canary=1</script></svg>",
    "frames": "<iframe srcdoc='<script>parent.canary=1</script>'></iframe><object data=x></object><embed src=//evil>",
    "clobber": "<a id=main></a><form name=documentElement></form><img name=getElementById><a id=pill>x</a>",
    "bidi": "if admin:\u202e ⁦# no\u2066 \u200b\ufeff",
    "ansi": "\x1b]8;;https://evil.invalid\x07x\x1b]8;;\x07\x1b[31mred\x1b[0m",
}
FORMS = (
    "text/html", "image/svg+xml", "text/markdown", "text/latex", "application/javascript", "image/png",
    "application/vnd.vegalite.v5+json", "application/vnd.jupyter.widget-view+json", "text/plain",
)  # fmt: skip


def hostile(text: str) -> dict[str, Any]:
    """A notebook with ``text`` wherever a notebook may hold text."""
    made = book(md1=text, a=text, b="x = 1")
    made["cells"][1]["outputs"] = [
        *({"output_type": "display_data", "data": {form: text}, "metadata": {}} for form in FORMS),
        {"output_type": "stream", "name": "stdout", "text": text},
        {"output_type": "error", "ename": text, "evalue": text, "traceback": [text]},
    ]
    made["cells"][0]["attachments"] = {text: {"image/png": text}}
    made["metadata"] = {"kernelspec": {"name": "x", "display_name": text, "language": text}, "title": text}
    return made


@pytest.mark.parametrize("kind", TEXTS)
def test_a_hostile_notebook_is_harmless_in_every_view(
    kind: str, work: Any, opened: Callable[..., Any]
) -> None:
    text = TEXTS[kind]
    base = work.version("ben")
    first = work.save_bytes("ana", as_bytes(hostile(text)))
    changed = hostile(text + "\nmore")
    work.save_bytes("ben", as_bytes(changed), base)
    window = opened("ana")
    for path in (
        f"/c/{work.id}", f"/c/{work.id}/n/rain.ipynb", f"/c/{work.id}/n/rain.ipynb?at=sessions/ben/default",
        f"/c/{work.id}/diff/{base}..{first}/rain.ipynb", f"/c/{work.id}/diff/{first}..{base}/rain.ipynb?view=unified",
        f"/c/{work.id}/diff/{first}..sessions/ben/default/rain.ipynb", f"/c/{work.id}/contested",
        f"/c/{work.id}/versions",
    ):  # fmt: skip
        page = window.see(path)
        page.keyboard.press("f")
        expect(page.locator(".tabs")).to_be_visible()
        assert page.evaluate("window.canary === undefined && document.baseURI === location.href"), path
        assert page.locator("main :is(script, iframe, object, embed, base, link, style, svg)").count() == 0
        assert (
            page.locator("main [style], main [onload], main [onerror], main form[action^=http]").count() == 0
        )
    if kind == "bidi":
        expect(window.see(f"/c/{work.id}/n/rain.ipynb").locator("#cell-a")).to_contain_text("U+202E")


def test_hostile_names_stay_names(town: Any, opened: Callable[..., Any]) -> None:
    made = town.ana.create("<b onmouseover=canary=1>\u202eevil\"'>")
    town.ana.open_session(made["id"])
    for path in (
        "<img src=x onerror=canary=1>.md",
        "a\u202ecod.ipynb",
        "'\";--><script>canary=1</script>.ipynb",
        "a#b?c%2e.ipynb",
    ):
        data = b"# x\n" if path.endswith(".md") else as_bytes(book(a="x = 1"))
        town.ana.save(made["id"], "ana/default", path, data)
    window = opened("ana")
    for part in ("", "/contested", "/versions", "/settings"):
        page = window.see(f"/c/{made['id']}{part}")
        expect(page.locator(".head .title")).to_contain_text("<b onmouseover=canary=1>⟦U+202E⟧evil")
        assert page.locator("main :is(script, img[src=x]), [onmouseover]").count() == 0
    window.see(f"/c/{made['id']}")
    links = [each.get_attribute("href") for each in page.locator("#files .main").all()]
    assert len(links) == 4
    for link in links:
        page = window.see(link)
        expect(page.locator("article")).to_be_visible()
        page.locator(".history a").last.click()
        expect(page.locator("main")).to_be_visible()
        assert page.evaluate("window.canary === undefined")
    page = window.see(f"/c/{made['id']}/versions")
    page.get_by_label("Notebook").select_option(index=0)
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".versions .number")).to_have_text("1.0.0")
