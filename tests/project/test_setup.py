"""What `make setup` installs, and what it says where it cannot."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from testing import TOP

SYSTEM_PACKAGES = TOP / "scripts" / "system_packages.sh"
BROWSER = TOP / "scripts" / "browser.sh"
TYPESCRIPT = TOP / "scripts" / "typescript.sh"
PINNED = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[^ \\;]+)")


def pins(file: str) -> set[str]:
    """The `name==version` that begin the lines of a requirements file."""
    lines = (TOP / file).read_text().splitlines()
    return {pin.group() for line in lines if (pin := PINNED.match(line))}


@pytest.mark.parametrize("stem", ["requirements_runpod", "requirements_dev", "requirements_audit"])
def test_the_lock_holds_every_pinned_requirement_and_a_hash_for_each_package(stem: str) -> None:
    wanted = [line for line in (TOP / f"{stem}.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert all(PINNED.match(line) for line in wanted), "every direct requirement is pinned"
    assert pins(f"{stem}.txt") <= pins(f"{stem}.lock")
    entries = re.split(r"^(?=[a-z0-9])", (TOP / f"{stem}.lock").read_text(), flags=re.MULTILINE)[1:]
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_image_has_one_opencv_and_it_is_the_headless_one() -> None:
    assert {pin.split("==")[0] for pin in pins("requirements_runpod.lock") if "opencv" in pin} == {
        "opencv-python-headless"
    }


@pytest.mark.parametrize("lock", ["requirements_dev.lock", "requirements_audit.lock"])
def test_the_tools_agree_with_the_worker_on_every_package_that_both_need(lock: str) -> None:
    shared = {pin.split("==")[0] for pin in pins("requirements_runpod.lock")}
    assert {pin for pin in pins(lock) if pin.split("==")[0] in shared} <= pins("requirements_runpod.lock")


def executable(file: Path, script: str) -> Path:
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A folder of commands that stand before the machine's own: a user who is not root, and may not use sudo."""
    executable(tmp_path / "id", "echo 1000")
    executable(tmp_path / "sudo", "exit 1")
    executable(tmp_path / "apt-get", f'echo "$@" >> {tmp_path}/apt.log')
    return tmp_path


def a_python(system: Path, *, lacks: str = "", version: str = "3.11") -> Path:
    """A Python of that version whose system lacks these packages, until apt has installed them."""
    old = "exit 1" if version == "3.9" else "exit 0"
    return executable(
        system / "a-python",
        f'case "$2" in *version_info?:2?*) echo {version}; exit;; *"< (3, 10)"*) {old};; esac\n'
        f"grep -qs install {system}/apt.log || printf '%s\\n' {lacks}",
    )


def prepare(python: Path | str, system: Path, script: Path = SYSTEM_PACKAGES) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [script, python],
        cwd=TOP,
        env={"PATH": f"{system}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_set_up_has_nothing_to_say_where_nothing_is_missing(system: Path) -> None:
    finished = prepare(sys.executable, system)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


def test_set_up_stops_with_the_command_that_installs_what_is_missing(system: Path) -> None:
    finished = prepare(a_python(system, lacks="python3.11-venv libegl1 libgles2"), system)
    assert finished.returncode == 1
    assert finished.stderr.splitlines()[-1].strip() == (
        "sudo apt-get update && sudo apt-get install -y --no-install-recommends python3.11-venv libegl1 libgles2"
    )
    assert not (system / "apt.log").exists()


@pytest.mark.parametrize("command", ["id", "sudo"])
def test_set_up_installs_what_is_missing_where_it_may(system: Path, command: str) -> None:
    executable(system / command, {"id": "echo 0", "sudo": 'shift; exec "$@"'}[command])
    finished = prepare(a_python(system, lacks="libegl1 libgles2"), system)
    assert finished.returncode == 0, finished.stderr
    assert (system / "apt.log").read_text().splitlines() == [
        "update -qq",
        "install -y -qq --no-install-recommends libegl1 libgles2",
    ]


def test_set_up_refuses_a_python_that_is_too_old(system: Path) -> None:
    finished = prepare(a_python(system, version="3.9"), system)
    assert finished.returncode == 1
    assert "is Python 3.9; 3.10 or later is needed. Name one: make setup PYTHON=" in finished.stderr


def test_set_up_says_that_there_is_no_python(system: Path) -> None:
    finished = prepare("python-of-nowhere", system)
    assert finished.returncode == 1
    assert finished.stderr.startswith("There is no python-of-nowhere here.")


def test_a_browser_is_installed_with_a_font(system: Path) -> None:
    executable(system / "id", "echo 0")
    finished = prepare(a_python(system, lacks="chromium fonts-liberation"), system, BROWSER)
    assert finished.returncode == 0, finished.stderr
    assert (system / "apt.log").read_text().splitlines() == [
        "update -qq",
        "install -y -qq --no-install-recommends chromium fonts-liberation",
    ]


def test_what_apt_could_not_bring_is_named(system: Path) -> None:
    executable(system / "id", "echo 0")
    python = executable(system / "a-python", "echo chromium")
    finished = prepare(python, system, BROWSER)
    assert finished.returncode == 1
    assert finished.stderr == "apt installed chromium, but these are still missing: chromium \n"


def test_a_look_that_fails_is_not_taken_for_nothing_missing(system: Path) -> None:
    finished = prepare(executable(system / "a-python", "exit 3"), system, BROWSER)
    assert finished.returncode == 3


def test_node_is_installed_with_npm_and_then_the_packages_of_the_lock(system: Path) -> None:
    executable(system / "id", "echo 0")
    for command in ("dirname", "tr"):  # nothing else of this machine is seen, which may have a Node of its own
        (system / command).symlink_to(shutil.which(command) or "")
    npm = f"#!/bin/sh\necho npm $PWD $* >>{system}/apt.log\n"
    install = f"printf '{npm}' >{system}/npm; >{system}/node; /bin/chmod +x {system}/npm {system}/node"
    executable(system / "apt-get", f'echo "$@" >>{system}/apt.log; case "$1" in install) {install};; esac')
    for _ in range(2):
        done = subprocess.run([TYPESCRIPT], env={"PATH": str(system)}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    ci = f"npm {TOP}/clients/typescript ci --ignore-scripts --silent"
    assert (system / "apt.log").read_text().splitlines() == [
        "update -qq", "install -y -qq --no-install-recommends nodejs npm", ci, ci,
    ]  # fmt: skip


def test_ci_fails_without_a_browser_or_node() -> None:
    lines = (TOP / ".ci" / "run").read_text().splitlines()
    assert lines[-3:] == [
        "make setup-browser setup-typescript",
        "export POSTURE_BROWSER=required POSTURE_TYPESCRIPT=required",
        "exec make check",
    ]
