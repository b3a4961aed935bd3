"""The gallery: one collab in which everything that pages can show has happened, and the address of every page."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from gitcollab.client import Client
from gitcollab.demo.stage import House, as_saved

TIDES = "tides.ipynb"
PEOPLE = {"ana": "Ana Lima", "ben": "Ben Okri", "cleo": "Cleo Maris", "dan": "Dan Ito"}
Notebook = dict[str, Any]


def shipped(name: str) -> Notebook:
    """A notebook of the manual, with outputs that a kernel really made."""
    return dict(json.loads((resources.files("gitcollab") / "manual" / name).read_bytes()))


def cell(notebook: Notebook, name: str) -> dict[str, Any]:
    return next(each for each in notebook["cells"] if each["id"] == name)


def replace(notebook: Notebook, name: str, old: str, new: str) -> None:
    """Edits a cell; the old text must be there."""
    found = cell(notebook, name)
    text = "".join(found["source"])
    assert old in text, (name, old)
    found["source"] = text.replace(old, new).splitlines(keepends=True)


@dataclass
class Gallery:
    """The people's clients, the collab, and what was saved on the way (``points``: commits by name)."""

    clients: dict[str, Client]
    id: str = ""
    empty: str = ""
    link: str = ""
    points: dict[str, str] = field(default_factory=dict)

    def save(self, who: str, notebook: Notebook, base: str | None = None, path: str = TIDES) -> str:
        """Saves in the person's session; returns the version of their copy."""
        saved = self.clients[who].save(self.id, f"{who}/default", path, as_saved(notebook), base=base)
        return str(saved["version"])

    def copy_of(self, who: str, path: str = TIDES) -> tuple[Notebook, str]:
        """The notebook as the person's workspace has it now, and the version of that copy."""
        answer = self.clients[who].session_file(self.id, f"{who}/default", path)
        return json.loads(answer.body), str(answer.headers["gitcollab-version"])

    def copy_of_text(self, who: str, path: str) -> str:
        """The version of the person's copy of a file that is no notebook."""
        answer = self.clients[who].session_file(self.id, f"{who}/default", path)
        return str(answer.headers["gitcollab-version"])

    def edit(self, who: str, change: Callable[[Notebook], None]) -> str:
        """Opens the notebook, changes it and saves."""
        notebook, base = self.copy_of(who)
        change(notebook)
        return self.save(who, notebook, base)

    def pages(self) -> dict[str, str]:
        """The address of every page, by what it shows."""
        home, at = f"/c/{self.id}", self.points
        change = f"{home}/diff/{at['first']}..main/{TIDES}"
        return {
            "home": "/",
            "collab": home,
            "collab-empty": f"/c/{self.empty}",
            "notebook": f"{home}/n/{TIDES}",
            "notebook-before": f"{home}/n/{TIDES}?at={at['first']}",
            "text": f"{home}/n/notes.md",
            "changes": f"{home}/diff/{at['first']}..main",
            "changes-none": f"{home}/diff/main..main",
            "difference": change,
            "difference-unified": f"{change}?view=unified",
            "contested": f"{home}/contested",
            "contested-empty": f"/c/{self.empty}/contested",
            "versions": f"{home}/versions",
            "versions-empty": f"/c/{self.empty}/versions",
            "settings": f"{home}/settings",
            "settings-empty": f"/c/{self.empty}/settings",
            "invitation": f"/join/{self.link}",
            "public": f"/p/{self.id}",
            "public-file": f"/p/{self.id}/n/{TIDES}",
            "me": "/me",
            "help": "/help/merging",
            "nothing": f"{home}/n/nothing.ipynb",
        }


def accounts(house: House) -> dict[str, str]:
    """Makes an account for everybody; returns their tokens. The server need not run."""
    return {
        name: house.run(
            "user", "add", name, "--display", display, *(["--admin"] if name == "ana" else [])
        )["token"]
        for name, display in PEOPLE.items()
    }  # fmt: skip


def hung(clients: dict[str, Client]) -> Gallery:
    """Plays the story that fills the gallery."""
    made = Gallery(clients)
    begin(made)
    work_together(made)
    disagree(made)
    talk(made)
    made.clients["ana"].create("Wind at the pier")
    open_to_others(made)
    hold_back(made)
    return made


def begin(made: Gallery) -> None:
    """Ana begins with her notebook; Ben, Cleo and Dan join."""
    ana = made.clients["ana"]
    made.empty = ana.create("Ferries, an idea")["id"]
    made.id = ana.create("High water at the harbour")["id"]
    for name, role in (("ben", "editor"), ("cleo", "maintainer"), ("dan", "viewer")):
        ana.set_member(made.id, name, role)
    for name in ("ana", "ben", "cleo"):
        made.clients[name].open_session(made.id)
    made.save("ana", shipped(TIDES))
    notes = b"# Field notes\n\n- the gauge was cleaned on **3 March**\n- battery changed\n\n```python\nprint(1)\n```\n"
    ana.save(made.id, "ana/default", "notes.md", notes)
    ana.save(made.id, "ana/default", "stations.csv", b"name,lat,lon\nharbour,54.1,7.9\nisland,54.2,7.7\n")
    made.points["first"] = ana.resolve(made.id, "main")


def work_together(made: Gallery) -> None:
    """Edits, a re-run with new outputs, a moved and a removed cell, two versions."""
    made.edit("ben", lambda book: replace(book, "fortnight", "2025-03-15", "2025-03-31"))
    made.edit("cleo", lambda book: replace(book, "findings", "Nearly all", "99 % and more"))
    made.clients["cleo"].publish(made.id, TIDES, "minor", "The first year of readings")
    after = {each["id"]: each for each in shipped("tides-rerun.ipynb")["cells"]}

    def run_again(book: Notebook) -> None:
        for each in book["cells"]:
            if each["cell_type"] == "code":
                each["outputs"] = copy.deepcopy(after[each["id"]]["outputs"])
                each["execution_count"] = after[each["id"]]["execution_count"]

    def rearrange(book: Notebook) -> None:
        moved = cell(book, "quality")
        book["cells"].remove(moved)
        book["cells"].insert(3, moved)
        book["cells"].remove(cell(book, "next"))
        thanks = ["## Thanks\n", "\n", "To the harbour master."]
        book["cells"].append({"cell_type": "markdown", "id": "thanks", "metadata": {}, "source": thanks})
        cell(book, "gaps")["metadata"] = {"tags": ["checked"]}

    made.edit("ben", run_again)
    notes = "# Field notes\n\n- the gauge was cleaned on **4 March**\n- battery changed\n- new cable\n"
    made.clients["ana"].save(made.id, "ana/default", "notes.md", notes.encode())
    made.clients["ana"].save(made.id, "ana/default", "units.csv", b"name,unit\nlevel,m\nsurge,m\n")
    made.edit("ana", rearrange)
    made.clients["ana"].publish(made.id, TIDES, "hotfix", "Run again with the spring tide")


def open_to_others(made: Gallery) -> None:
    """What is published is for everyone; and a link invites to another collab."""
    ana, empty = made.clients["ana"], made.clients["cleo"].create("Currents in the channel")["id"]
    saved = 'title = "High water at the harbour"\ndescription = "A year of readings"\nlicence = "CC-BY-4.0"\n'
    base = made.copy_of_text("ana", "collab.toml")
    ana.save(made.id, "ana/default", "collab.toml", saved.encode(), base=base)
    ana.set_visibility(made.id, "everyone")
    made.link = made.clients["cleo"].invite(empty, "editor")["link"].rpartition("/")[2]
    ana.invite(made.id, "viewer")


def hold_back(made: Gallery) -> None:
    """Ana's script holds what looks like a token, and waits for her."""
    secret = "ghp" + "_0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R"
    made.clients["ana"].save(made.id, "ana/default", "fetch.py", f"token = '{secret}'\n".encode())


def talk(made: Gallery) -> None:
    """An open thread on a line, a resolved one, and one on the file."""
    ana, ben, cleo = (made.clients[name] for name in ("ana", "ben", "cleo"))
    asked = cleo.comment(made.id, TIDES, "Why these two and not N2, @ben?", "constituents", line=2)["id"]
    ben.reply(
        made.id, asked, "The record is too short to tell it from M2.\nWith two years it will be possible."
    )
    done = ben.comment(made.id, TIDES, "The unit is missing on the axis.", "fortnight", output=0)["id"]
    ana.resolve_comment(made.id, done)
    cleo.comment(made.id, TIDES, "Are these two the storms of the log book?", "rest-plot", output=0)
    cleo.comment(made.id, TIDES, "Ready to be published, I think.")


def disagree(made: Gallery) -> None:
    """Two cells that two people changed at once, and a draft of Ben's."""
    theirs, base = made.copy_of("ben")

    def of_ana(book: Notebook) -> None:
        replace(book, "surges", "threshold = 0.30", "threshold = 0.25")
        replace(book, "weather", "A storm surge lifts", "Each storm lifts")

    made.edit("ana", of_ana)
    replace(theirs, "surges", "threshold = 0.30", "threshold = 0.40")
    replace(theirs, "weather", "A storm surge lifts", "A surge raises")
    made.save("ben", theirs, base)
    draft, base = made.copy_of("ben")
    replace(draft, "sources", "as in every tide table since", "and every table since")
    made.clients["ben"].save(made.id, "ben/default", TIDES, as_saved(draft), base=base, is_draft=True)
