"""What an installation of the package holds and needs, read from the wheel as it is built here, without a network."""

import ast
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser

import pytest
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from posture import __version__
from testing import TOP

# Packages whose module has another name. OpenCV comes with MediaPipe: whichever of its packages is installed.
DISTRIBUTIONS = {"PIL": "pillow", "pillow_heif": "pillow-heif", "cv2": "mediapipe"}


@dataclass(frozen=True)
class Wheel:
    """The names of the files in a wheel, its metadata, and what it puts among a user's commands."""

    files: set[str]
    metadata: Message
    scripts: str

    def requires(self, *extras: str) -> dict[str, SpecifierSet]:
        """The packages that it requires with these extras, and which versions of them."""
        lines = [Requirement(line) for line in self.metadata.get_all("Requires-Dist", [])]
        return {
            line.name: line.specifier
            for line in lines
            if line.marker is None or any(line.marker.evaluate({"extra": extra}) for extra in extras)
        }

    def requires_at_most(self) -> dict[str, SpecifierSet]:
        """The same with all extras."""
        return self.requires(*self.metadata.get_all("Provides-Extra", []))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    folder = tmp_path_factory.mktemp("wheel")
    (built,) = WheelBuilder(str(TOP)).build(directory=str(folder), versions=["standard"])
    with zipfile.ZipFile(built) as archive:
        names = set(archive.namelist())
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        scripts = archive.read(metadata.replace("METADATA", "entry_points.txt")).decode()
        return Wheel(names, Parser().parsestr(archive.read(metadata).decode()), scripts)


@pytest.fixture(scope="module")
def pins() -> list[Requirement]:
    """What images and `make setup` install, one for each Python where they differ."""
    lines = (TOP / "requirements_runpod.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def imported() -> set[str]:
    """The packages that posture/ imports, anywhere in its modules, beyond itself and the standard library."""
    trees = [ast.walk(ast.parse(file.read_text())) for file in (TOP / "posture").rglob("*.py")]
    modules: set[str] = set()
    for node in (node for tree in trees for node in tree):
        if isinstance(node, ast.Import):
            modules |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules.add(node.module or "")
    packages = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names - {"posture"}
    return {DISTRIBUTIONS.get(package, package) for package in packages}


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Wheel) -> None:
    package = (file for file in (TOP / "posture").rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    information = f"posture_measurement-{__version__}.dist-info"
    drawings = {f"posture/web/page/photos/{file.name}" for file in (TOP / "docs" / "photos").iterdir()}
    assert {name for name in wheel.files if not name.startswith(f"{information}/")} == {
        file.relative_to(TOP).as_posix() for file in package
    } | drawings
    data = {"evidence.json", "languages/de.json", "languages/en.json", "py.typed", "report.html"}
    assert {*(f"posture/{name}" for name in data), f"{information}/licenses/LICENSE"} <= wheel.files


def test_the_wheel_has_the_version_of_the_package(wheel: Wheel) -> None:
    assert (wheel.metadata["Name"], wheel.metadata["Version"]) == ("posture-measurement", __version__)


def test_the_wheel_brings_the_command_line(wheel: Wheel) -> None:
    assert wheel.scripts == "[console_scripts]\nposture = posture.__main__:main\n"


def test_without_extras_it_needs_what_a_client_needs(wheel: Wheel) -> None:
    assert wheel.requires().keys() == {"httpx", "pillow"}


def test_the_worker_needs_what_measuring_needs_and_more(wheel: Wheel) -> None:
    measure, worker = wheel.requires("measure"), wheel.requires("worker")
    assert measure.items() < worker.items()
    assert worker.keys() - measure.keys() == {"certifi", "httpcore", "runpod"}


def test_the_package_adds_no_opencv_to_the_one_that_mediapipe_requires(wheel: Wheel) -> None:
    assert [name for name in wheel.requires_at_most() if "opencv" in name] == []


def test_every_pinned_version_is_one_that_the_package_allows(wheel: Wheel, pins: list[Requirement]) -> None:
    allowed = wheel.requires_at_most()
    both = [pin for pin in pins if pin.name in allowed]
    assert {"mediapipe", "runpod", "pillow", "numpy"} <= {pin.name for pin in both}
    for pin in both:
        (exactly,) = pin.specifier
        assert exactly.version in allowed[pin.name], f"{pin}, but the package wants {allowed[pin.name]}"


def test_every_package_that_posture_imports_is_required(wheel: Wheel) -> None:
    assert imported() - wheel.requires_at_most().keys() == set()


def test_importing_posture_takes_no_extra(wheel: Wheel) -> None:
    extras = wheel.requires_at_most().keys() - wheel.requires().keys() | {"cv2"}
    hidden = f"import sys; sys.modules.update(dict.fromkeys({sorted(extras)}))"
    code = f"{hidden}; import posture; print(posture.__version__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=TOP, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (f"{__version__}\n", "")


def test_the_pythons_of_the_workflow_are_those_that_the_package_names(wheel: Wheel) -> None:
    workflow = (TOP / ".github" / "workflows" / "check.yml").read_text()
    (matrix,) = re.findall(r"^ +python: \[(.*)\]$", workflow, re.MULTILINE)
    named = [line.rpartition(" ")[2] for line in wheel.metadata.get_all("Classifier", []) if ":: 3." in line]
    assert re.findall(r"3\.\d+", matrix) == named
    assert wheel.metadata["Requires-Python"] == f">={named[0]}"
