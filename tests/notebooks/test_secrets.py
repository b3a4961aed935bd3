"""Suspected secrets: every form is found wherever it stands in a notebook, and what only looks like one is not."""

from __future__ import annotations

import json
import random
import string
import time
from pathlib import Path

import pytest

from gitcollab import notebooks
from gitcollab.notebooks import secrets

FIXTURES = Path(__file__).parents[2] / "fixtures"
LETTERS = string.ascii_letters + string.digits


def letters(count: int, of: str = LETTERS) -> str:
    """Random letters that are the same in each run and no secret of anybody."""
    return "".join(random.Random(count).choices(of, k=count))


# each in two parts, so that no scanner of this repository stumbles over its own tests
REAL = {
    "aws-access-key": "AKIA" + letters(16, string.ascii_uppercase + string.digits),
    "github-token": "ghp" + "_" + letters(36),
    "gitlab-token": "glpat" + "-" + letters(20),
    "slack-token": "xoxb" + "-" + letters(11, string.digits) + "-" + letters(24),
    "google-key": "AIza" + letters(35),
    "openai-key": "sk" + "-proj-" + letters(60),
    "anthropic-key": "sk" + "-ant-api03-" + letters(80),
    "stripe-key": "sk" + "_live_" + letters(24),
    "npm-token": "npm" + "_" + letters(36),
    "pypi-token": "pypi" + "-AgEIcHlwaS5vcmc" + letters(70),
    "huggingface-token": "hf" + "_" + letters(34),
    "gitcollab-token": "gcp" + "_" + letters(52, "abcdefghijklmnopqrstuvwxyz234567"),
    "jwt": "eyJ" + letters(30) + ".eyJ" + letters(60) + "." + letters(43),
    "url-password": "postgresql://ana:" + "kR7wQ2zz" + "@db.invalid/work",
    "password": 'password = "' + "tR4x-9vQz_1m" + '"',
}
PEM = f"-----BEGIN RSA {'PRIVATE'} KEY-----\nMIIE{letters(60)}\n{letters(64)}\n-----END RSA {'PRIVATE'} KEY-----\n"

HARMLESS = (
    'password = "your-password-here1"',
    'password = os.environ["PASSWORD"]',
    'token = "<pad>"; tokenizer = "bert-base-uncased-v2"',
    'secret = "${SECRET_KEY_1}"',
    "https://user:password@example.com/",
    "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    '<div id="sk-container-id-1" class="sk-top-container sk-parallel-item sk-estimator-doc-link">',
    "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
    "-----BEGIN CERTIFICATE-----\nMIIEabcdefghijklmnopqrstuvwxyz0123\n",
    'commit = "3f2a8c0e9d1b4f6a7c8e9d0b1a2c3d4e5f6a7b8c"',
    "AKIAlowercaseisnone1",
)


def notebook(**cell: object) -> bytes:
    whole = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "source": []} | cell
    plain = whole | {"id": "first", "metadata": {}, "outputs": [], "source": ["x = 1\n"]}
    document = {"cells": [plain, whole], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1).encode()


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


@pytest.mark.parametrize("kind", REAL)
def test_a_secret_is_found_in_a_text(kind: str) -> None:
    (found,) = secrets(f"one\ntwo\n{REAL[kind]}\n".encode())
    assert (kind, None, "file", 3) == (found.kind, found.cell, found.field, found.line)


@pytest.mark.parametrize("kind", REAL)
def test_a_secret_is_found_in_a_cell_s_source(kind: str) -> None:
    (found,) = secrets(notebook(source=lines(f"import os\n{REAL[kind]}\nrun()")))
    assert (kind, "a", "source", 2) == (found.kind, found.cell, found.field, found.line)


def test_a_secret_is_found_in_outputs_tracebacks_metadata_and_attachments() -> None:
    token = REAL["github-token"]
    stream = [{"output_type": "stream", "name": "stdout", "text": ["ok\n", f"env: {token}\n"]}]
    error = [{"output_type": "error", "ename": "E", "evalue": "", "traceback": ["\x1b[0;31m", f"u={token}"]}]
    table = [{"output_type": "display_data", "data": {"text/html": [f"<td>{token}</td>"]}, "metadata": {}}]
    for outputs in (stream, error, table):
        assert ["outputs"] == [found.field for found in secrets(notebook(outputs=outputs))]
    assert ["metadata"] == [found.field for found in secrets(notebook(metadata={"tags": [token]}))]
    attached = {"a.txt": {"text/plain": token}}
    assert ["attachments"] == [found.field for found in secrets(notebook(attachments=attached))]


@pytest.mark.parametrize(
    "wrap", [str.encode, lambda text: notebook(source=lines(text))], ids=["text", "cell"]
)
def test_a_private_key_is_found_once(wrap) -> None:
    (found,) = secrets(wrap("key below\n" + PEM))
    assert ("private-key", 2) == (found.kind, found.line)


def test_a_password_is_found_as_a_json_value_and_without_quotes() -> None:
    value = "tR4x9vQz" + "1mWp7LkD"
    for text in (
        f'{{"db_password": "{value}"}}',
        f"AWS_SECRET_ACCESS_KEY={value}/{value}\n",
        f"token: '{value}'",
    ):
        assert ["password"] == [found.kind for found in secrets(text.encode())]


def test_an_invitation_link_of_ours_is_a_secret() -> None:
    link = "http://h.invalid/join/gcl" + "_" + letters(52, "abcdefghijklmnopqrstuvwxyz234567")
    assert ["gitcollab-token"] == [found.kind for found in secrets(link.encode())]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_secret_is_none(text: str) -> None:
    assert () == secrets(text.encode())
    assert () == secrets(notebook(source=lines(text)))


@pytest.mark.parametrize("kind", REAL)
def test_a_finding_never_holds_the_secret(kind: str) -> None:
    secret = REAL[kind].removesuffix('"').removeprefix('password = "')
    (found,) = secrets(REAL[kind].encode())
    shown = " ".join(map(str, (found.kind, found.cell, found.field, found.line, found.excerpt)))
    assert not any(secret[at : at + 6] in shown for at in range(8, len(secret) - 6))


def test_a_secret_is_told_once_however_often_it_stands_there_and_another_apart() -> None:
    two = REAL["github-token"], REAL["aws-access-key"]
    found = secrets(f"{two[0]} {two[1]}\n{two[0]}\n".encode())
    assert ["github-token", "aws-access-key"] == [each.kind for each in found]
    assert 2 == len({each.digest for each in found})


def test_the_same_secret_has_the_same_digest_in_another_place() -> None:
    (here,), (there,) = secrets(notebook(source=[PEM])), secrets(PEM.encode())
    (key,), (cell,) = secrets(REAL["jwt"].encode()), secrets(notebook(source=[REAL["jwt"]]))
    assert (key.digest, here.kind) == (cell.digest, there.kind)


def test_a_secret_across_two_windows_is_found_once() -> None:
    for before in range((1 << 20) - 50, (1 << 20) + 2, 7):
        assert 1 == len(secrets(b" " * before + REAL["github-token"].encode() + b" " * 90))


def test_utf_16_is_read() -> None:
    assert ["github-token"] == [found.kind for found in secrets(f"x {REAL['github-token']}".encode("utf-16"))]


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe\x00", b"{" * 100_000, b'{"cells": 5}', b'{"cells": [[], {"id": 3}]}']
)
def test_any_bytes_are_looked_through(data: bytes) -> None:
    assert () == secrets(data)
    assert "github-token" in {each.kind for each in secrets(data + b" " + REAL["github-token"].encode())}


@pytest.mark.parametrize(
    "unit",
    [
        b"eyJaaaaa",
        b"token",
        b"password='",
        b"://a:",
        b"sk-",
        b"-----BEGIN PRIVATE KEY-----",
        b"gcp_",
        b"secret=aB1",
        b"\x00",
    ],
)
def test_time_grows_with_the_bytes_whatever_they_are(unit: bytes) -> None:
    """A quadratic search of one long line would take hours; a bound this loose knows no machine."""
    began = time.process_time()
    secrets(unit * (4_000_000 // len(unit)))
    assert time.process_time() - began < 60


def test_no_fixture_is_suspected() -> None:
    files = [path for path in FIXTURES.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert {} == {path.name: found for path in files if (found := secrets(path.read_bytes()))}
    assert len(files) > 100


def test_the_cells_of_a_notebook_without_ids_are_counted() -> None:
    cells = [{"cell_type": "raw", "metadata": {}, "source": text} for text in ("x", REAL["jwt"])]
    (found,) = notebooks.secrets(json.dumps({"cells": cells, "nbformat": 4}).encode())
    assert "#1" == found.cell
