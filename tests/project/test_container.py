"""What the image's files say, held against the tree. `make image-check` builds the image and works inside it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from testing import TOP


def copied() -> list[str]:
    """What the Dockerfile copies from the tree, one entry a file or folder."""
    instructions = re.findall(r"^COPY (?!--from)(.+) \S+$", (TOP / "Dockerfile").read_text(), re.MULTILINE)
    return [source for sources in instructions for source in sources.split()]


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
    for source in copied():
        if (TOP / source).is_dir():
            shutil.copytree(TOP / source, tmp_path / source, dirs_exist_ok=True)
        else:
            (tmp_path / source).parent.mkdir(exist_ok=True)
            shutil.copy(TOP / source, tmp_path / source)
    loaded = subprocess.run(
        [sys.executable, "-c", "import runpod_handler; print(runpod_handler.__file__)"],
        cwd=tmp_path,
        env={"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert loaded.returncode == 0, loaded.stderr
    assert Path(loaded.stdout.strip()) == tmp_path / "runpod_handler.py"


def test_the_list_of_licences_is_that_of_the_packages_in_the_image() -> None:
    image = {"python_version": "3.11", "python_full_version": "3.11.0", "sys_platform": "linux"}
    lines = re.findall(r"^[a-z0-9-]+==[^\\\n]+", (TOP / "requirements_runpod.lock").read_text(), re.MULTILINE)
    locked = [
        f"{package.name}{package.specifier}"
        for package in map(Requirement, lines)
        if package.marker is None or package.marker.evaluate(image)
    ]
    rows = re.findall(r"^\| (\S+) +\| (\d\S*) +\| (.*?) +\|$", (TOP / "docs/THIRD_PARTY.md").read_text(), re.MULTILINE)
    assert sorted(f"{canonicalize_name(name)}=={version}" for name, version, _ in rows) == sorted(locked)
    assert [name for name, _, licence in rows if licence in {"", "UNKNOWN"}] == []
