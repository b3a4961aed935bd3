"""Pictures of every page: ``python tests/browser/pictures.py [FOLDER] [PAGE…]``; FOLDER is ``screenshots`` unless said.

Each page is taken light, dark and narrow. ``--readme`` as FOLDER takes the two that stand in README, into the manual.
Needs Chromium. Nothing here is a test; look at what it makes.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
import gallery

from gitcollab.client import Client
from gitcollab.demo.stage import House

FORMS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 800}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 390, "height": 800}},
}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]


ALL_PICTURES = """async () => {
  const found = [...document.images];
  for (const each of found) each.loading = "eager";
  await Promise.all(found.map((each) => each.decode().catch(() => 0)));
}"""


MANUAL = Path(__file__).parents[2] / "gitcollab" / "manual"
IN_README = {"difference": ("#cell-fortnight", "changes.png"), "contested": (".question", "contested.png")}


@contextmanager
def opened() -> Iterator[tuple[str, gallery.Gallery]]:
    """A server with the gallery in it, and its address."""
    with tempfile.TemporaryDirectory() as place:
        house = House(Path(place))
        tokens = gallery.accounts(house)
        url = house.start()
        try:
            yield url, gallery.hung({name: Client(url, token) for name, token in tokens.items()})
        finally:
            house.stop()


def take(folder: Path, wanted: list[str]) -> None:
    """Takes the pictures that are wanted; all of them if none is named."""
    folder.mkdir(parents=True, exist_ok=True)
    with opened() as (url, made), sync_playwright() as started:
        chromium = started.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        for form, options in FORMS.items():
            context = chromium.new_context(**options)
            form_sent = {"token": made.clients["ana"].transport.token}
            context.request.post(f"{url}/signin", form=form_sent, max_redirects=0)
            page = context.new_page()
            for name, address in made.pages().items():
                if wanted and name not in wanted:
                    continue
                page.goto(url + address)
                page.evaluate(ALL_PICTURES)
                page.screenshot(path=folder / f"{name}-{form}.png", full_page=True)
                print(f"{name}-{form}.png", flush=True)
            context.close()


def take_for_readme() -> None:
    """Takes the two pictures that stand in README."""
    with opened() as (url, made), sync_playwright() as started:
        chromium = started.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        context = chromium.new_context(viewport={"width": 1080, "height": 600})
        form_sent = {"token": made.clients["ana"].transport.token}
        context.request.post(f"{url}/signin", form=form_sent, max_redirects=0)
        page = context.new_page()
        for name, (spot, file) in IN_README.items():
            page.goto(url + made.pages()[name])
            page.evaluate(ALL_PICTURES)
            page.locator(spot).first.scroll_into_view_if_needed()
            page.evaluate("(spot) => document.querySelector(spot).scrollIntoView()", spot)
            page.screenshot(path=MANUAL / file)


if __name__ == "__main__" and sys.argv[1:] == ["--readme"]:
    take_for_readme()
elif __name__ == "__main__":
    take(Path(sys.argv[1] if sys.argv[1:] else "screenshots"), sys.argv[2:])
