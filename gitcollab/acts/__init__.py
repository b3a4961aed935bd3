"""Acts: what is asked of the writer. Each is one value, sent over the wire, decided and done under the collab's lock.

``ANSWERS`` says what comes back. Reading acts are asked of the workers; they change nothing.
"""

from gitcollab.acts import people, pure, pushing, reading, serving, work
from gitcollab.acts.act import Act, CollabAct
from gitcollab.acts.people import (
    AddUser,
    CreateCollab,
    CreateLink,
    CreateToken,
    DeleteCollab,
    ReadAudit,
    RedeemLink,
    RemoveMember,
    RevokeLink,
    RevokeToken,
    SetMember,
)
from gitcollab.acts.pure import DiffBytes, MergeBytes
from gitcollab.acts.pushing import Push, Pushed
from gitcollab.acts.reading import (
    Difference,
    FileBytes,
    ListFiles,
    PieceBytes,
    ReadBlame,
    ReadDiff,
    ReadFile,
    Reading,
    ReadItems,
    ReadLog,
    ReadVersions,
    RenderDiff,
    Rendered,
    RenderNotebook,
    RenderPiece,
    Resolve,
    SuggestVersion,
)
from gitcollab.acts.serving import Follow, Status
from gitcollab.acts.work import (
    CloseSession,
    Deliver,
    Hold,
    Land,
    Opened,
    OpenSession,
    Publish,
    Release,
    Rename,
    Save,
    Settle,
    Sweep,
)

ANSWERS: dict[type[Act], object] = {
    **people.ANSWERS,
    **work.ANSWERS,
    **pushing.ANSWERS,
    **serving.ANSWERS,
    **reading.ANSWERS,
    **pure.ANSWERS,
}
"""The type of each act's answer."""

__all__ = [
    "ANSWERS",
    "Act",
    "AddUser",
    "CloseSession",
    "CollabAct",
    "CreateCollab",
    "CreateLink",
    "CreateToken",
    "DeleteCollab",
    "Deliver",
    "DiffBytes",
    "Difference",
    "FileBytes",
    "Follow",
    "Hold",
    "Land",
    "ListFiles",
    "MergeBytes",
    "OpenSession",
    "Opened",
    "PieceBytes",
    "Publish",
    "Push",
    "Pushed",
    "ReadAudit",
    "ReadBlame",
    "ReadDiff",
    "ReadFile",
    "ReadItems",
    "ReadLog",
    "ReadVersions",
    "Reading",
    "RedeemLink",
    "Release",
    "RemoveMember",
    "Rename",
    "RenderDiff",
    "RenderNotebook",
    "RenderPiece",
    "Rendered",
    "Resolve",
    "RevokeLink",
    "RevokeToken",
    "Save",
    "SetMember",
    "Settle",
    "Status",
    "SuggestVersion",
    "Sweep",
]
