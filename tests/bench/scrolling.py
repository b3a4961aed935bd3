"""How a notebook of 2,000 cells with 60 MB of outputs opens and scrolls: ``python tests/bench/scrolling.py``.

Every fourth cell put out a picture, every fourth a long text. Told: seconds until the page has loaded, bytes that came
over the wire for it, milliseconds between frames while it is scrolled from top to bottom in 300 steps, and what came
meanwhile. Needs Chromium.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
import viewer

from gitcollab.client import Client
from gitcollab.demo.stage import House

CELLS = 2_000
SCROLLED = """async () => {
  const frames = [], step = document.documentElement.scrollHeight / 300;
  let last = performance.now(), y = 0;
  await new Promise((done) => {
    const turn = () => {
      const now = performance.now();
      frames.push(now - last);
      last = now;
      window.scrollTo({ top: (y += step), behavior: "instant" });
      frames.length < 300 ? requestAnimationFrame(turn) : done();
    };
    requestAnimationFrame(turn);
  });
  frames.sort((one, other) => one - other);
  return [frames[150], frames[285], frames[299]].map(Math.round);
}"""


def notebook() -> bytes:
    chance = random.Random(7)
    cells = []
    for k in range(CELLS):
        shown: list[dict[str, Any]] = []
        if k % 4 == 0:
            shown = [viewer.output(chance, is_picture=True)]
        elif k % 4 == 1:
            lines = [f"{chance.random():.9f} " * 8 + "\n" for _ in range(700)]
            shown = [{"output_type": "stream", "name": "stdout", "text": lines}]
        cell = {"id": f"c{k}", "cell_type": "code", "metadata": {}, "execution_count": k, "outputs": shown}
        cells.append(cell | {"source": viewer.source(chance)})
    return viewer.written(cells)


def look(url: str, token: str, address: str) -> None:
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.request.post(f"{url}/signin", form={"token": token}, max_redirects=0)
        page, came = context.new_page(), []
        page.on("response", lambda answer: came.append(answer.url))
        begun = time.perf_counter()
        page.goto(address, timeout=120_000)
        seconds = time.perf_counter() - begun
        sent = page.evaluate("performance.getEntriesByType('navigation')[0].transferSize")
        print(f"loaded after {seconds:.1f} s, {sent / 1000:,.0f} kB, {len(came)} requests")
        median, most, longest = page.evaluate(SCROLLED)
        page.wait_for_timeout(3000)
        print(
            f"ms between frames: median {median}, p95 {most}, longest {longest}; {len(came)} requests by then"
        )
        browser.close()


def main() -> None:
    data = notebook()
    print(f"{CELLS:,} cells, {len(data) / 1e6:.0f} MB")
    with tempfile.TemporaryDirectory() as place:
        house = House(Path(place))
        token = house.run("user", "add", "ana", "--admin")["token"]
        url = house.start()
        try:
            with Client(url, token, timeout=120) as ana:
                collab = ana.create("Bench")["id"]
                ana.open_session(collab)
                ana.save(collab, "ana/default", "large.ipynb", data)
            look(url, token, f"{url}/c/{collab}/n/large.ipynb")
        finally:
            house.stop()


if __name__ == "__main__":
    main()
