"""How long a keystroke takes to a colleague's screen: two JupyterLabs at one gitcollab, beside one room of
jupyter-collaboration.

Run: ``python tests/bench/live.py [--rounds N]``. Everything is real: Ana and Ben with a Jupyter and a browser each, at
a served root; and two browsers in one live document of a Jupyter that has jupyter-collaboration. They are measured turn
by turn in the same run, by one clock: that of the browsers, which is the machine's.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from browser.jupyters import CURRENT, Jupyter, Lab, Stage, environment, jupyter, notebook
from browser.labs import made
from playwright.sync_api import sync_playwright

from gitcollab.client import Client
from gitcollab.demo.stage import House

CELLS = 20
QUIET = 1
"""Seconds without a key after which a draft is sent, here; by default it is 5."""

WATCH = """([n, token]) => {
  const now = () => performance.timeOrigin + performance.now();
  const seen = window.seen = { heard: {} };
  const model = () => CURRENT.content.model.sharedModel;
  const look = () => {
    const cell = [...document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell')][n];
    if (!seen.model && model().cells[n]?.getSource().includes(token)) seen.model = now();
    if (!seen.screen && cell?.querySelector('.cm-content')?.innerText.includes(token)) {
      requestAnimationFrame(() => { seen.screen ??= now(); });
    }
  };
  window.watching?.disconnect();
  window.watching = new MutationObserver(look);
  window.watching.observe(document.body, { childList: true, subtree: true, characterData: true });
  const cell = model().cells[n];
  cell?.changed.connect(look);
  if (!window.isHearing) {
    window.isHearing = true;
    window.jupyterapp.serviceManager.events?.stream.connect((_, event) => {
      if (event.kind) window.seen.heard[event.kind] ??= now();
    });
  }
}""".replace("CURRENT", CURRENT)
"""Notes when a cell of the open notebook has a token in it, in the model and on the screen, and what is heard of."""

SENT = """() => {
  const at = time => performance.timeOrigin + time;
  const found = {};
  for (const one of performance.getEntriesByType('resource')) {
    const isDraft = one.name.includes('/gitcollab/api/draft');
    const name = isDraft ? 'draft' : /api.contents.*[.]ipynb/.test(one.name) ? 'save' : '';
    if (name) {
      found[name] ??= at(one.startTime);
      found[`${name} answered`] = at(one.responseEnd);
    }
  }
  return found;
}"""
"""When a page has sent a draft or what belongs to a save first, and when the last of it was answered."""


@dataclass
class Times:
    """Milliseconds by stage, in the order in which stages were first seen."""

    found: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def note(self, stage: str, begin: float, end: float | None) -> None:
        """Adds one measurement; a stage that did not happen is not counted."""
        if end is not None:
            self.found[stage].append(end - begin)

    def median(self, stage: str) -> float:
        """Half of them took longer."""
        return statistics.median(self.found[stage])

    def table(self, beside: str) -> str:
        """All stages, and how many times the median of one."""
        lines = ["| stage | n | p50 ms | max ms | times the room's |", "|---|---:|---:|---:|---:|"]
        for stage, times in self.found.items():
            p50 = statistics.median(times)
            lines.append(
                f"| {stage} | {len(times)} | {p50:,.0f} | {max(times):,.0f} | {p50 / self.median(beside):.1f} |"
            )
        return "\n".join(lines)


def types(lab: Lab, n: int, token: str) -> float:
    """Types at the end of a cell; returns when."""
    lab.cell(n).locator(".cm-content").click()
    lab.page.keyboard.press("Control+End")
    at = lab.js("() => performance.timeOrigin + performance.now()")
    lab.page.keyboard.insert_text(token)
    return float(at)


def seen(lab: Lab, what: str) -> dict[str, Any]:
    """Waits until something was seen, and returns all that was."""
    lab.until(f"() => window.seen.{what}")
    return lab.js("() => window.seen")  # type: ignore[no-any-return]


def room(one: Lab, other: Lab, turn: int, times: Times) -> None:
    """Typed in one browser, on the other's screen."""
    n, token = turn % CELLS, f"  # room {turn}."
    other.js(WATCH, [n, token])
    begin = types(one, n, token)
    found = seen(other, "screen")
    times.note("one live room: typed → in the other's model", begin, found["model"])
    times.note(ROOM, begin, found["screen"])


ROOM = "one live room: typed → on the other's screen"


def draft(ana: Lab, ben: Lab, turn: int, times: Times) -> None:
    """Typed and not saved, told to Ben."""
    n, token = turn % CELLS, f"  # draft {turn}."
    ben.js(WATCH, [n, token])
    ana.js("() => performance.clearResourceTimings()")
    begin = types(ana, n, token)
    found = seen(ben, "heard.drafted")
    sent = ana.js(SENT)
    times.note(f"draft: typed → sent (quiet time {QUIET} s)", begin, sent["draft"])
    times.note("draft: sent → durable, answered", sent["draft"], sent.get("draft answered"))
    times.note("draft: sent → told in Ben's browser", sent["draft"], found["heard"]["drafted"])


def save(ana: Lab, ben: Lab, turn: int, times: Times) -> None:
    """Typed and saved, put into Ben's open notebook."""
    n, token = turn % CELLS, f"  # save {turn}."
    ben.js(WATCH, [n, token])
    ana.js("() => performance.clearResourceTimings()")
    types(ana, n, token)
    begin = float(ana.js("() => performance.timeOrigin + performance.now()"))
    ana.page.keyboard.press("Control+s")
    found = seen(ben, "screen")
    ana.until(f"() => !{CURRENT}.context.model.dirty")
    sent, heard = ana.js(SENT), found["heard"]
    times.note("save: Ctrl+S → Jupyter has written the file", begin, sent.get("save answered"))
    for kind, words in (("saved", "snapshot"), ("landed", "landed"), ("delivered", "delivered")):
        times.note(f"save: Ctrl+S → {words}, told in Ben's browser", begin, heard.get(kind))
    times.note("save: Ctrl+S → in Ben's model", begin, found["model"])
    times.note(SAVE, begin, found["screen"])
    ben.until(f"() => {CURRENT}.node.dataset.gitcollab?.startsWith('saved')")


SAVE = "save: Ctrl+S → on Ben's screen"


@contextmanager
def staged(place: Path, browser: Any) -> Iterator[tuple[Lab, Lab, Lab, Lab]]:
    """Ana's and Ben's Labs at a gitcollab, and two browsers in one live room."""
    with ExitStack() as last:
        house = House(place)
        tokens = {name: house.run("user", "add", name)["token"] for name in ("ana", "ben")}
        url = house.start()
        last.callback(house.stop)
        server = Served(url, {name: last.enter_context(Client(url, token)) for name, token in tokens.items()})
        servers: dict[str, Jupyter] = {}
        for person in ("ana", "ben"):
            env = environment(server, person, place)
            servers[person] = last.enter_context(jupyter(made("lab-4.6"), person, place, env))
            slower(place / f"{person}-home")
        alone = {"XDG_STATE_HOME": str(place / "cleo-state"), "XDG_DATA_HOME": str(place / "cleo-data")}
        servers["cleo"] = last.enter_context(jupyter(made("lab-live"), "cleo", place, alone))
        stage = Stage(server, servers, browser)
        last.callback(stage.close)
        data = notebook(*(f"value_{n} = {n}" for n in range(CELLS)))
        path = stage.shared("bench", data)
        (servers["cleo"].directory / "plan.ipynb").write_bytes(data)
        labs = [stage.opens("ana", path), stage.opens("ben", path)]
        for lab in labs:
            lab.is_tracked()
        yield labs[0], labs[1], stage.opens("cleo", "plan.ipynb"), stage.opens("cleo", "plan.ipynb")


def slower(home: Path) -> None:
    """Sets the quiet time of drafts."""
    settings = home / ".jupyter" / "lab" / "user-settings" / "gitcollab" / "plugin.jupyterlab-settings"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(f'{{"draftInterval": {QUIET}}}')


@dataclass
class Served:
    """The server, as the stage wants it."""

    url: str
    clients: dict[str, Client]

    def client(self, person: str) -> Client:
        """A person's client."""
        return self.clients[person]


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    times = Times()
    arguments = ["--no-sandbox", "--disable-gpu"]
    with tempfile.TemporaryDirectory() as place, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        with staged(Path(place), browser) as (ana, ben, one, other):
            for turn in range(-1, rounds):
                if turn == 0:
                    times = Times()  # the first round is for warming up
                room(one, other, turn + 1, times)
                draft(ana, ben, turn + 1, times)
                save(ana, ben, turn + 1, times)
                time.sleep(0.5)  # what follows a save is over, so that the next turn is measured alone
        browser.close()
    print(times.table(ROOM))


if __name__ == "__main__":
    main()
