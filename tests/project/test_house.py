"""The arrows between the rooms: who may import whom, read from the imports themselves."""

import ast
from pathlib import Path

import pytest

from testing import TOP

# Rooms from the outside in; what is not named is of the core. Each may import what its row names, and itself.
MAY_IMPORT = {
    "core": set[str](),
    "posture/client": {"core"},
    "posture/wire": {"core"},
    "posture/worker": {"core", "posture/wire"},
    "posture/web": {"core", "posture/client", "posture/wire", "posture/worker", "posture/comparison", "posture/report"},
    "posture/comparison": {"core", "posture/wire"},
    "posture/report": {"core", "posture/wire", "posture/comparison"},
    "posture/cli": {"core", "posture/client", "posture/wire", "posture/comparison", "posture/report", "posture/web"},
    "posture/__main__": {"posture/cli"},
    "deploy": {"posture/wire"},
    "runpod_handler.py": {"core", "posture/wire", "posture/worker"},
    "test_runpod_local.py": {"core", "posture/wire", "runpod_handler.py", "deploy"},
    "docs": {"core", "posture/wire", "posture/worker"},
    "scripts": set[str](),
    "testing": {"core", "posture/wire"},
    "bench": {"core", "posture/wire", "posture/worker", "runpod_handler.py", "testing"},
}
# What looks for a room further out only when it is asked for what comes from there: the public face, and a measurement
# for the worker's answer and for a report.
EXCEPTIONS = {
    ("posture/__init__.py", "posture.comparison"),
    ("posture/measurement.py", "posture.wire.answer"),
    ("posture/measurement.py", "posture.report"),
}


def files() -> list[Path]:
    """The Python files of the tree that are not tests."""
    folders = ("posture", "deploy", "docs", "scripts", "testing", "bench")
    return sorted([*TOP.glob("*.py"), *(file for folder in folders for file in (TOP / folder).rglob("*.py"))])


def room(name: str) -> str | None:
    """The room of a module's dotted name or a file's path; None for what is not of this tree."""
    path = name.removesuffix(".py").replace(".", "/")
    for place in (*(room for room in MAY_IMPORT if not room.endswith(".py")), "tests"):
        if path == place or path.startswith(f"{place}/"):
            return place
    for script in ("runpod_handler", "test_runpod_local"):
        if path == script:
            return f"{script}.py"
    return "core" if path.split("/")[0] == "posture" else None


def imported(file: Path) -> set[str]:
    """The modules that a file imports, wherever in it."""
    names = set[str]()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("file", files(), ids=lambda file: str(file.relative_to(TOP)))
def test_a_room_imports_only_what_lies_further_in(file: Path) -> None:
    name = str(file.relative_to(TOP))
    mine = room(name)
    assert mine in MAY_IMPORT, f"{name} stands in no room"
    allowed = {mine, *MAY_IMPORT[mine], None}
    wrong = {module for module in imported(file) if room(module) not in allowed}
    assert {module for module in wrong if (name, module.rpartition(".")[0]) not in EXCEPTIONS} == set()
