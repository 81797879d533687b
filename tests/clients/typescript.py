"""The module for Node and browsers, built from its sources as they are now."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from testing import TOP

SOURCES = TOP / "clients" / "typescript"
_NEEDED = (SOURCES / "node_modules", TOP / "docs" / "openapi.json", TOP / "tests" / "vectors" / "camera.json")
_NOT_COPIED = shutil.ignore_patterns("node_modules", "dist", "schema.ts")


def missing() -> str | None:
    """What building it lacks here."""
    programs = [name for name in ("node", "npm") if not shutil.which(name)]
    if programs:
        return f"no {' and no '.join(programs)} here: make setup-typescript"
    return None if _NEEDED[0].exists() else "clients/typescript/node_modules is missing: make setup-typescript"


def built(folder: Path) -> Path:
    """The package in a copy of the tree around it, built as its own script does: with its types checked."""
    if lacks := missing():
        if os.environ.get("POSTURE_TYPESCRIPT") == "required":
            pytest.fail(lacks)
        pytest.skip(lacks)
    package = folder / SOURCES.relative_to(TOP)
    shutil.copytree(SOURCES, package, ignore=_NOT_COPIED)
    for needed in _NEEDED:
        copy = folder / needed.relative_to(TOP)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.symlink_to(needed)
    run(["npm", "run", "build"], package)
    return package


def run(command: Sequence[str], folder: Path, **environment: str) -> str:
    """What a command writes, which has to succeed; it sees the PATH and this environment alone."""
    done = subprocess.run(
        command, cwd=folder, env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
