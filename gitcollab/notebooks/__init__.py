"""Notebooks: bytes in, values out. All that knows what a notebook is, pure: no git, no disk, no clock."""

from gitcollab.notebooks.agreement import cell_id, disagreements
from gitcollab.notebooks.bumps import suggested_bump
from gitcollab.notebooks.cells import LOCKED
from gitcollab.notebooks.checking import problems
from gitcollab.notebooks.diffing import CellDiff, Diff, diff
from gitcollab.notebooks.drawing import Line, OutputDiff
from gitcollab.notebooks.drivers import MergeDriver, driver_of, has_driver, merge_file
from gitcollab.notebooks.gates import shortcomings
from gitcollab.notebooks.kinship import kinship
from gitcollab.notebooks.lines import Clash, Clean, Hunk, Weave, hunks, is_text, split, weave
from gitcollab.notebooks.mending import EMPTY, mended
from gitcollab.notebooks.merging import merge
from gitcollab.notebooks.policy import STANDARD, Policy, policy_in
from gitcollab.notebooks.printing import as_json
from gitcollab.notebooks.secrets import Finding, masked, secrets
from gitcollab.notebooks.spots import both, pick, place
from gitcollab.notebooks.stamps import stamp, strip
from gitcollab.notebooks.values import Contested, Merge, Noted, Weighed, item_id
from gitcollab.notebooks.volatile import is_volatile
from gitcollab.notebooks.weighing import weigh

__all__ = [
    "EMPTY",
    "LOCKED",
    "STANDARD",
    "CellDiff",
    "Clash",
    "Clean",
    "Contested",
    "Diff",
    "Finding",
    "Hunk",
    "Line",
    "Merge",
    "MergeDriver",
    "Noted",
    "OutputDiff",
    "Policy",
    "Weave",
    "Weighed",
    "as_json",
    "both",
    "cell_id",
    "diff",
    "disagreements",
    "driver_of",
    "has_driver",
    "hunks",
    "is_text",
    "is_volatile",
    "item_id",
    "kinship",
    "masked",
    "mended",
    "merge",
    "merge_file",
    "pick",
    "place",
    "policy_in",
    "problems",
    "secrets",
    "shortcomings",
    "split",
    "stamp",
    "strip",
    "suggested_bump",
    "weave",
    "weigh",
]
