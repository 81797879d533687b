"""What the image's files say, held against the tree. `make image-check` builds the image and works inside it."""

import re
import shutil
import subprocess
from pathlib import Path

from packaging.utils import canonicalize_name

from posture.models import files
from scripts.locks import pins
from testing import TOP
from testing.environment import python


def copies(stage: int | None = None) -> list[tuple[str, str]]:
    """What the Dockerfile copies from the tree in one of its stages, or all: each file or folder, and where to."""
    stages = re.split(r"^FROM ", (TOP / "Dockerfile").read_text(), flags=re.MULTILINE)[1:]
    text = "\n".join(stages) if stage is None else stages[stage]
    instructions = re.findall(r"^COPY (?!--from)(.+) (\S+)$", text, re.MULTILINE)
    return [(source, destination) for sources, destination in instructions for source in sources.split()]


def ignored() -> set[str]:
    """What .dockerignore keeps out of what it lets in."""
    lines = (TOP / ".dockerignore").read_text().splitlines()
    return {line for line in lines[lines.index("*") + 1 :] if line and line[0] not in "!#"}


def kept_out(folder: str, names: list[str]) -> set[str]:
    """Which names in a folder are not copied, for shutil."""
    return {name for name in names if (Path(folder) / name).relative_to(TOP).as_posix() in ignored()}


def copied() -> list[str]:
    """What the Dockerfile copies from the tree, one entry a file or folder."""
    return [source for source, _ in copies()]


def copy(stage: int, folder: Path) -> None:
    """What a stage copies from the tree, into a folder that is its working directory."""
    for source, destination in copies(stage):
        place = folder / destination
        if (TOP / source).is_dir():
            shutil.copytree(TOP / source, place, ignore=kept_out, dirs_exist_ok=True)
        elif destination.endswith(("/", ".")):
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(TOP / source, place)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TOP / source, place)


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return python(folder, folder, *arguments, **environment)


def allowed() -> set[str]:
    """What .dockerignore lets into the build context; all else is kept out first."""
    lines = [line for line in (TOP / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    return {line.removeprefix("!") for line in lines if line.startswith("!")}


def test_the_build_context_holds_what_is_copied_and_no_more() -> None:
    def entry(source: str) -> str:
        return next((each for each in allowed() if source == each or source.startswith(f"{each}/")), source)

    assert {entry(source) for source in copied()} == allowed()


def test_what_is_copied_is_enough_to_load_the_handler(tmp_path: Path) -> None:
    copy(1, tmp_path)
    loaded = run(tmp_path, "-c", "import runpod_handler; print(runpod_handler.__file__)")
    assert loaded.returncode == 0, loaded.stderr
    assert Path(loaded.stdout.strip()) == tmp_path / "runpod_handler.py"
    spoken = run(tmp_path, "-c", "from posture.words import *; print(*(texts(name)['name'] for name in LANGUAGES))")
    assert spoken.stdout == "English Deutsch\n"


def test_the_local_endpoint_stays_out_of_the_image_and_is_not_missed(tmp_path: Path) -> None:
    copy(1, tmp_path)
    assert (tmp_path / "posture" / "worker").is_dir()
    assert not (tmp_path / "posture" / "web").exists()
    told = run(tmp_path, "-m", "posture", "serve")
    assert (told.returncode, told.stderr) == (
        2,
        "Error: Serving needs posture.web, which is not installed. Run: pip install 'posture-measurement[web]'\n",
    )


def test_what_the_build_stage_copies_is_enough_to_fetch_the_model(tmp_path: Path) -> None:
    copy(0, tmp_path)
    told = run(tmp_path, "-m", "posture.model", "fetch", "--help")
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("usage: python -m posture.model")
    fetched = run(tmp_path, "-m", "posture.model", "fetch", POSTURE_MODEL=str(files.path()))  # which is there
    assert fetched.returncode == 0, fetched.stderr
    assert fetched.stdout == f"{files.path()}\n"


def test_the_build_stage_copies_nothing_else_whose_change_would_fetch_again(tmp_path: Path) -> None:
    """Else every change to the worker would download the model once more."""
    copy(0, tmp_path)
    program = "import runpy, sys; sys.argv[1:] = ['fetch']; runpy.run_module('posture.model', run_name='__main__')"
    listed = f"{program}; print(*(m.__file__ for n, m in sys.modules.items() if n.startswith('posture')), sep='\\n')"
    ran = run(tmp_path, "-c", listed, POSTURE_MODEL=str(files.path()))
    assert ran.returncode == 0, ran.stderr
    used = {str(Path(file).relative_to(tmp_path)) for file in ran.stdout.splitlines()[1:]}
    used |= {"posture/model.py", "posture/models/derived.py"}  # the latter where there is something to derive
    assert {source for source, _ in copies(0)} == used | {"requirements_runpod.lock"}


def test_the_list_of_licences_is_that_of_the_packages_in_the_image() -> None:
    locked = [f"{pin.name}=={pin.version}" for pin in pins(TOP / "requirements_runpod.lock") if pin.in_image]
    rows = re.findall(r"^\| (\S+) +\| (\d\S*) +\| (.*?) +\|$", (TOP / "docs/THIRD_PARTY.md").read_text(), re.MULTILINE)
    assert sorted(f"{canonicalize_name(name)}=={version}" for name, version, _ in rows) == sorted(locked)
    assert [name for name, _, licence in rows if licence in {"", "UNKNOWN"}] == []
