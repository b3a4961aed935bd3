"""Plays the story on the stage, says what happens and where to look, and checks that every step comes out as told."""

from __future__ import annotations

import copy
import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from gitcollab.client import Client
from gitcollab.demo import checks, story
from gitcollab.demo.stage import Actor, House, Watch, as_saved
from gitcollab.demo.story import Edit, Notebook, Rerun, Scene, joined, named

PATH = "tides.ipynb"
GIT = "git"
PEOPLE = (("ana", ("--display", "Ana", "--admin")), ("ben", ("--display", "Ben")))


@dataclass(frozen=True)
class Pace:
    """How fast people are, in seconds: between one's save and the other's, and between scenes."""

    between_saves: float = 0.0
    between_scenes: float = 0.0


HUMAN = Pace(2.0, 6.0)


def say(text: str) -> None:
    """Tells the person who watches."""
    print(text, flush=True)


def is_overlapping(scene: Scene) -> bool:
    """Whether both touch the same cell, so that only saving at the same time makes it a merge."""
    return bool(
        {act.cell for act in scene.ana if not isinstance(act, Rerun)}
        & {act.cell for act in scene.ben if not isinstance(act, Rerun)}
    )


def shipped(name: str) -> Notebook:
    """Returns a notebook that ships with the program."""
    notebook: Notebook = json.loads((resources.files("gitcollab") / "manual" / name).read_bytes())
    return notebook


class Play:
    """One performance: two people, one collab, and what the notebook should look like by now (``told``)."""

    def __init__(self, house: House, pace: Pace) -> None:
        self.house, self.pace = house, pace
        self.first, self.after = shipped(PATH), shipped("tides-rerun.ipynb")
        self.told = copy.deepcopy(self.first)
        self.version = (0, 0, 0)

    def open(self) -> None:
        """Starts the server, makes the accounts and says where to look."""
        say("A server starts on a fresh root, with two people: Ana and Ben.")
        tokens = {who: self.house.run("user", "add", who, *more)["token"] for who, more in PEOPLE}
        self.url = self.house.start()
        self.ana, self.ben = (Actor(who, Client(self.url, tokens[who])) for who, _ in PEOPLE)

    def share(self) -> None:
        """Ana shares her notebook with Ben, who finds a copy of his own."""
        home = self.house.place / "ana"
        home.mkdir()
        self.ana.file = home / PATH
        self.ana.file.write_bytes(as_saved(self.first))
        self.scene("Ana shares her notebook with Ben", "share ben tides.ipynb")
        made = self.ana.client.share(["ben"], [self.ana.file])
        self.collab = made["id"]
        if not made["directory"]:
            raise story.NotAsTold("share names no directory for Ben")
        self.ben.file = Path(made["directory"]) / PATH
        self.watch = Watch(self.ana.client, self.collab)
        self.watch.start()
        say(f"  id {made['id']}, alias {made['alias']}")
        say(f"  Ana works in {self.ana.file.parent}")
        say(f"  Ben works in {self.ben.file.parent}")
        say(f"  look at     {self.sign_in()}")
        self.watch.until(lambda: "" if self.ben.file.exists() else "Ben's copy does not appear")
        self.check("Ben has Ana's notebook, byte for byte", self.not_everybody_has)

    def sign_in(self) -> str:
        """Returns an address that signs the watching person in, once, and shows the collab."""
        return str(self.house.run("user", "sign-in", "ana", "--next", f"/c/{self.collab}")["address"])

    def round(self, scenes: tuple[Scene, ...], fix: Scene) -> None:
        """Plays all scenes, publishes, fixes, publishes again."""
        for scene in scenes:
            self.play(scene)
        self.publish("MINOR")
        self.play(fix)
        self.publish("HOTFIX")

    def play(self, scene: Scene) -> None:
        """Has both do their part at the same time, and waits for everybody to have what the story tells."""
        self.scene(scene.title, scene.look)
        if scene.agreed is not None:
            self.disagree(scene, scene.agreed)
            return
        if scene.ana:
            self.ana.edits(scene.ana)
            if scene.ben and not is_overlapping(scene):
                time.sleep(self.pace.between_saves)
        if scene.ben:
            self.ben.edits(scene.ben)
        for act in (*scene.ana, *scene.ben):
            act.apply(self.told)
        self.check("everybody has it all, in the same bytes", self.not_everybody_has)

    def disagree(self, scene: Scene, agreed: Edit) -> None:
        """Plays the contested line: both keep theirs, then Ana settles on a third."""
        texts = set()
        for actor, acts in ((self.ana, scene.ana), (self.ben, scene.ben)):
            mine = copy.deepcopy(self.told)
            for act in acts:
                act.apply(mine)
            texts.add(joined(named(mine, agreed.cell)["source"]))
            actor.edits(acts)
        both = (self.ana, self.ben)
        self.check(
            "one cell is contested; each of them sees their own",
            lambda: checks.contested_as_told(self.ana.client, self.collab, agreed.cell, texts, both),
        )
        time.sleep(self.pace.between_scenes)
        agreed.apply(self.told)
        source = joined(named(self.told, agreed.cell)["source"])
        item = self.ana.client.contested(self.collab)[0]
        say(f"  Ana settles it with a text of her own: {agreed.new.strip()} …")
        self.ana.client.settle(self.collab, item["id"], "text", source, item["seen"])
        self.check("both have the line they settled on", self.not_everybody_has)

    def publish(self, bump: str) -> None:
        """Ana publishes the notebook as it is."""
        major, minor, hotfix = self.version
        self.version = (
            (major, minor, hotfix + 1) if bump == "HOTFIX" else (major, minor + 1, 0) if major else (1, 0, 0)
        )
        wanted = ".".join(map(str, self.version))
        self.scene(f"Ana publishes version {wanted}", f"publish {self.collab} -version {bump} -- tides")
        made = self.ana.client.publish(self.collab, PATH, bump.lower(), f"Tides, {wanted}")
        if made["version"] != wanted:
            raise story.NotAsTold(f"it was published as {made['version']}")
        self.check(
            f"{wanted} is tagged, on the blessed branch, and will not move",
            lambda: checks.published_as_told(self.ana.client, self.collab, PATH, wanted),
        )

    def close(self) -> None:
        """Checks the stream as a whole and shows the history as git has it."""
        self.check(
            "the event stream told every step, each once", lambda: checks.stream_as_told(self.watch.events)
        )
        self.watch.stop()
        repository = self.house.root / "collabs" / f"{self.collab}.git"
        shape = "--format=%h %s%C(auto)%d"
        command = [GIT, "-C", str(repository), "log", "--graph", shape, "--branches", "--tags"]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise story.NotAsTold(f"git cannot read the repository: {ran.stderr.strip()}")
        say("\nThe history, as git shows it:\n")
        say(ran.stdout.rstrip())

    def not_everybody_has(self) -> str:
        """Why not everybody has the notebook as told."""
        return checks.everybody_has(self.told, self.ana.client, self.collab, PATH, (self.ana, self.ben))

    def scene(self, title: str, look: str) -> None:
        """Announces what comes now."""
        time.sleep(self.pace.between_scenes)
        say(f"\n{title}\n  {look}")

    def check(self, promise: str, why_not: Callable[[], str]) -> None:
        """Waits until the promise holds and says so; NotAsTold if it never does."""
        begun = time.monotonic()
        try:
            self.watch.until(why_not)
        except story.NotAsTold as failed:
            raise story.NotAsTold(f"{promise}: {failed}") from failed
        say(f"  ✓ {promise}  ({time.monotonic() - begun:.1f} s)")
