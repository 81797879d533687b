"""build_and_deploy.sh with tools that only write down what they are told: what it does, and in which order."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.config import PLACEHOLDERS
from posture import __version__
from testing import TOP

DIGEST = "sha256:" + "0123456789abcdef" * 4
REPOSITORY = "registry.example/you/posture-measurement-api"
# Shows the requests of a deployment by digest, before a push has told which.
REHEARSAL = f"python -m deploy deploy --image {REPOSITORY}@sha256:told-by-the-push --dry-run"

# Stands for docker, podman, buildah and python. It writes down its name and arguments, fails where FAIL has it with the
# first of them, and tells the digest of a push as each of the engines does.
TOOL = f"""#!/bin/bash
name=${{0##*/}}
printf '%s\\n' "$name $*" >>"$LOG"
[[ " $FAIL " != *" $name:$1 "* ]] || exit 1
[ "$name $1" != "docker push" ] || echo "v1: digest: ${{DIGEST-{DIGEST}}} size: 1234"
[ "$2" != --digestfile ] || printf '%s' "${{DIGEST-{DIGEST}}}" >"$3"
"""
# Runs the command without a network of its own, for which it would have to be root.
UNSHARE = """#!/bin/bash
[[ " $FAIL " != *" unshare:$1 "* ]] || exit 1
shift && exec "$@"
"""


@dataclass(frozen=True)
class Outcome:
    """What a run of the script came to: its exit status, what it printed, and what it told the tools."""

    status: int
    printed: str
    complaint: str
    told: list[str]


@dataclass(frozen=True)
class Checkout:
    """A git checkout of the script and what it reads, with one commit, and the tools it finds."""

    folder: Path
    tools: Path
    revision: str

    def run(self, *options: str, **environment: str) -> Outcome:
        """Runs the script with a registry and with docker working; FAIL says what does not, as in "docker:info"."""
        log = self.tools / "log"
        log.write_text("")
        settings = {
            "PATH": f"{self.tools}:/usr/bin:/bin",
            "HOME": str(self.tools),
            "LOG": str(log),
            "FAIL": "",
            "PYTHON": "python",
            "REGISTRY_URL": "registry.example/you",
        }
        done = subprocess.run(
            [self.folder / "build_and_deploy.sh", *options],
            env={**settings, **environment},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr, log.read_text().splitlines())

    def edit(self, **settings: str) -> None:
        """Writes settings into the lines at the top of the script."""
        script = self.folder / "build_and_deploy.sh"
        text = script.read_text()
        for name, value in settings.items():
            line = rf"^{name}=\$\{{{name}:-.*?\}}"
            text, count = re.subn(line, f"{name}=${{{name}:-{value}}}", text, flags=re.MULTILINE)
            assert count == 1, name
        script.write_text(text)

    def image(self) -> str:
        """The image's name, by default."""
        return f"{REPOSITORY}:{self.revision[:12]}"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    folder, tools = tmp_path / "checkout", tmp_path / "tools"
    tools.mkdir()
    for name in ("docker", "podman", "buildah", "python", "unshare"):
        (tools / name).write_text(UNSHARE if name == "unshare" else TOOL)
        (tools / name).chmod(0o755)
    for name in ("build_and_deploy.sh", "scripts/engine.sh", "posture/__init__.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / name, folder / name)
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "All"]):
        _git(folder, *arguments)
    return Checkout(folder, tools, _git(folder, "rev-parse", "HEAD"))


def _git(folder: Path, *arguments: str) -> str:
    who = {f"GIT_{role}_{what}": "you" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), **who}
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def test_builds_tries_and_pushes_in_this_order(checkout: Checkout) -> None:
    done = checkout.run()
    image = checkout.image()
    labels = f"--build-arg VERSION={__version__} --build-arg REVISION={checkout.revision}"
    sealed = "--network none --read-only --tmpfs /tmp"
    assert done.status == 0
    assert done.told == [
        "docker info",
        f"docker build --platform linux/amd64 {labels} --tag {image} .",
        f"docker run --rm --platform linux/amd64 {sealed} {image} python -u runpod_handler.py",
        f"docker push {image}",
    ]
    assert done.printed.splitlines()[-1] == f"{REPOSITORY}@{DIGEST}"
    assert done.complaint == ""


def test_podman_where_docker_has_no_daemon(checkout: Checkout) -> None:
    done = checkout.run(FAIL="docker:info")
    assert done.status == 0
    assert [command.split()[:2] for command in done.told] == [
        ["docker", "info"],
        ["podman", "info"],
        ["podman", "build"],
        ["podman", "run"],
        ["podman", "push"],
    ]
    assert done.printed.splitlines()[-1] == f"{REPOSITORY}@{DIGEST}"


def test_buildah_as_the_last_choice(checkout: Checkout) -> None:
    done = checkout.run(FAIL="docker:info podman:info")
    assert done.status == 0
    assert [command.split()[:2] for command in done.told[2:]] == [
        ["buildah", "info"],
        ["buildah", "build"],
        ["buildah", "from"],
        ["buildah", "run"],
        ["buildah", "rm"],
        ["buildah", "push"],
    ]
    assert done.told[5].endswith("-- python -u runpod_handler.py")
    assert done.printed.splitlines()[-1] == f"{REPOSITORY}@{DIGEST}"


def test_the_engine_can_be_named(checkout: Checkout) -> None:
    done = checkout.run(CONTAINER_ENGINE="podman")
    assert {command.split()[0] for command in done.told} == {"podman"}


def test_settings_from_the_environment(checkout: Checkout) -> None:
    done = checkout.run(
        IMAGE_NAME="tilt", IMAGE_TAG="v2", BASE_IMAGE="python@sha256:1", REGISTRY_URL="localhost:5000/a/"
    )
    assert done.told[-1] == "docker push localhost:5000/a/tilt:v2"
    assert "--build-arg BASE=python@sha256:1 " in done.told[1]
    assert done.printed.splitlines()[-1] == f"localhost:5000/a/tilt@{DIGEST}"


def test_a_named_tag_allows_changes_which_the_label_tells(checkout: Checkout) -> None:
    (checkout.folder / "new.py").touch()
    done = checkout.run(IMAGE_TAG="trial")
    assert done.status == 0
    assert f"REVISION={checkout.revision}-dirty " in done.told[1]


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"REGISTRY_URL": ""}, "REGISTRY_URL still holds the placeholder your-dockerhub-username."),
        ({"REGISTRY_URL": "https://registry.example/you"}, "no https://"),
        ({"REGISTRY_URL": "registry.example/You"}, "small letters"),
        ({"REGISTRY_URL": "you:secret@registry.example/you"}, "holds a name or a password"),
        ({"IMAGE_NAME": "posture worker"}, "cannot be an image's name"),
        ({"IMAGE_TAG": "a/b"}, "cannot be an image's tag"),
        ({"FAIL": "docker:info podman:info buildah:info"}, "until 'docker info' succeeds"),
        ({"FAIL": "docker:info podman:info unshare:--net"}, "buildah can try the image only as root"),
    ],
)
def test_refuses_before_anything_is_built(checkout: Checkout, environment: dict[str, str], complaint: str) -> None:
    done = checkout.run(**environment)
    assert done.status == 1
    assert complaint in done.complaint
    assert "secret" not in done.printed + done.complaint
    assert all(command.endswith(" info") for command in done.told)


@pytest.mark.parametrize("form", ["docker.io/{}", "{}", "{}/clinic", "{}:5000/clinic", "https://{}.example/clinic"])
@pytest.mark.parametrize("name", sorted(PLACEHOLDERS))
def test_refuses_every_placeholder_by_its_name(checkout: Checkout, name: str, form: str) -> None:
    done = checkout.run(REGISTRY_URL=form.format(name))
    assert (done.status, done.told) == (1, [])
    assert f"REGISTRY_URL still holds the placeholder {name}." in done.complaint


def test_an_account_that_is_named_like_a_placeholder_is_none(checkout: Checkout) -> None:
    done = checkout.run(REGISTRY_URL="docker.io/not-your-username")
    assert done.status == 0
    assert done.told[-1].startswith("docker push docker.io/not-your-username/")


@pytest.mark.parametrize("change", ["posture/__init__.py", "scripts/engine.sh", "new.py"])
def test_refuses_a_tree_with_changes(checkout: Checkout, change: str) -> None:
    with (checkout.folder / change).open("a") as file:
        file.write("# changed\n")
    checkout.edit(IMAGE_NAME="tilt")
    done = checkout.run()
    assert (done.status, done.told) == (1, [])
    assert "Commit them, or set IMAGE_TAG" in done.complaint


def test_settings_may_be_written_into_the_script(checkout: Checkout) -> None:
    checkout.edit(REGISTRY_URL="localhost:5000/a", IMAGE_NAME="tilt")
    done = checkout.run(REGISTRY_URL="")
    assert done.status == 0
    assert f" --build-arg REVISION={checkout.revision} " in done.told[1]
    assert done.told[-1] == f"docker push localhost:5000/a/tilt:{checkout.revision[:12]}"
    checkout.edit(IMAGE_TAG="v2")
    assert checkout.run(REGISTRY_URL="").told[-1] == "docker push localhost:5000/a/tilt:v2"


def test_refuses_a_tree_without_revision(checkout: Checkout) -> None:
    shutil.rmtree(checkout.folder / ".git")
    done = checkout.run(GIT_CEILING_DIRECTORIES=str(checkout.folder.parent))
    assert (done.status, done.told) == (1, [])
    assert "no git revision" in done.complaint


def test_refuses_an_unknown_option(checkout: Checkout) -> None:
    done = checkout.run("--depoly")
    assert (done.status, done.told) == (1, [])
    assert "There is no option --depoly." in done.complaint


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        ("build", "The image could not be built."),
        ("run", "The image does not work"),
        ("push", "'docker login registry.example'"),
    ],
)
def test_stops_at_the_first_failure(checkout: Checkout, step: str, complaint: str) -> None:
    done = checkout.run("--deploy", FAIL=f"docker:{step}", RUNPOD_API_KEY="secret")
    assert done.status == 1
    assert complaint in done.complaint
    assert done.told[-1].split()[:2] == ["docker", step]


def test_buildah_leaves_no_container_behind_a_failure(checkout: Checkout) -> None:
    done = checkout.run(CONTAINER_ENGINE="buildah", FAIL="buildah:run")
    assert done.status == 1
    assert "The image does not work" in done.complaint
    container = done.told[2].split()[-2]
    assert done.told[-1] == f"buildah rm {container}"


def test_a_push_that_tells_no_digest_is_a_failure(checkout: Checkout) -> None:
    done = checkout.run("--deploy", DIGEST="", RUNPOD_API_KEY="secret")
    assert done.status == 1
    assert "did not tell its digest" in done.complaint
    assert done.told[-1].startswith("docker push")


def test_deploys_the_digest_after_a_rehearsal(checkout: Checkout) -> None:
    done = checkout.run("--deploy", RUNPOD_API_KEY="secret")
    assert done.status == 0
    assert done.told[0] == REHEARSAL
    assert done.told[-1] == f"python -m deploy deploy --image {REPOSITORY}@{DIGEST}"
    assert done.printed.splitlines()[-1] == f"{REPOSITORY}@{DIGEST}"
    assert "secret" not in done.printed + done.complaint + "".join(done.told)


def test_bash_does_not_show_the_key_where_it_shows_every_command(checkout: Checkout) -> None:
    tracing = checkout.tools / "tracing"
    tracing.write_text("set -x\n")
    done = checkout.run("--deploy", RUNPOD_API_KEY="secret", BASH_ENV=str(tracing))
    assert done.status == 0
    assert "+ check_deploy" in done.complaint
    assert "secret" not in done.printed + done.complaint


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({}, "RUNPOD_API_KEY is not set"),
        ({"RUNPOD_API_KEY": "secret", "PYTHON": "missing"}, "Run 'make setup'"),
        ({"RUNPOD_API_KEY": "secret", "FAIL": "python:-m"}, "nothing was changed"),
    ],
)
def test_builds_nothing_that_could_not_be_deployed(
    checkout: Checkout, environment: dict[str, str], complaint: str
) -> None:
    done = checkout.run("--deploy", **environment)
    assert done.status == 1
    assert complaint in done.complaint
    assert not any(command.startswith("docker") for command in done.told)


def test_says_how_to_repeat_a_failed_deployment(checkout: Checkout) -> None:
    # The rehearsal succeeds; it takes the tool away with which the deployment itself would.
    once = TOOL + '[ "$name" != python ] || ln -sf /bin/false "$0"\n'
    (checkout.tools / "python").write_text(once)
    done = checkout.run("--deploy", RUNPOD_API_KEY="secret")
    assert done.status == 1
    assert f"Repeat just this step with: python -m deploy deploy --image {REPOSITORY}@{DIGEST}" in done.complaint


def test_a_dry_run_shows_every_command_and_changes_nothing(checkout: Checkout) -> None:
    done = checkout.run("--dry-run", "--deploy")
    image = checkout.image()
    assert done.status == 0
    assert done.told == ["docker info", REHEARSAL]
    assert [line.split()[:3] for line in done.printed.splitlines()] == [
        ["+", "docker", "build"],
        ["+", "docker", "run"],
        ["+", "docker", "push"],
        ["+", "python", "-m"],
    ]
    assert done.printed.splitlines()[-2:] == [f"+ docker push {image}", f"+ {REHEARSAL}"]


def test_a_dry_run_refuses_what_a_run_refuses(checkout: Checkout) -> None:
    done = checkout.run("--dry-run", IMAGE_TAG="a/b")
    assert (done.status, done.printed) == (1, "")


@pytest.mark.parametrize(
    ("environment", "engine"), [({}, "docker"), *(({"CONTAINER_ENGINE": name}, name) for name in ("podman", "buildah"))]
)
def test_a_dry_run_needs_no_engine(checkout: Checkout, environment: dict[str, str], engine: str) -> None:
    for name in ("docker", "podman", "buildah"):
        (checkout.tools / name).unlink()
    done = checkout.run("--dry-run", PATH=str(only_git(checkout)), **environment)
    assert (done.status, done.told) == (0, [])
    commands = [line.split()[:3] for line in done.printed.splitlines()]
    assert commands[0] == ["+", engine, "build"]
    assert commands[-1] == ["+", engine, "push"]
    assert f"The commands are shown as for {engine}." in done.complaint


def only_git(checkout: Checkout) -> Path:
    """A folder with the commands that a dry run uses, where no engine is installed."""
    folder = checkout.tools / "bin"
    folder.mkdir()
    for name in ("bash", "env", "dirname", "git", "sed", "mktemp", "grep", "tail", "tee", "rm", "sh", "cat"):
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


def test_a_dry_run_writes_nothing_into_the_checkout(checkout: Checkout) -> None:
    def files() -> dict[str, tuple[bytes, int]]:
        there = [path for path in checkout.folder.rglob("*") if path.is_file()]
        return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in there}

    (checkout.folder / "posture" / "__init__.py").touch()  # git would note in its index that nothing changed
    before = files()
    assert checkout.run("--dry-run").status == 0
    assert files() == before


def test_the_tag_latest_is_deployed_by_digest_like_any_other(checkout: Checkout) -> None:
    done = checkout.run("--deploy", IMAGE_TAG="latest", RUNPOD_API_KEY="secret")
    assert done.status == 0
    assert done.told[0] == REHEARSAL
    assert done.told[-2:] == [
        f"docker push {REPOSITORY}:latest",
        f"python -m deploy deploy --image {REPOSITORY}@{DIGEST}",
    ]
    assert checkout.run("--deploy", "--dry-run", IMAGE_TAG="latest").told[-1] == REHEARSAL


@pytest.mark.parametrize("tag", ["latest", "v1"])
def test_its_dry_run_of_the_deployment_shows_the_request(checkout: Checkout, tag: str) -> None:
    """With the real `python -m deploy`, and no key."""
    for name in ("deploy", "posture"):
        shutil.copytree(TOP / name, checkout.folder / name, dirs_exist_ok=True)
    shutil.copy(TOP / "runpod_config.json", checkout.folder)
    done = checkout.run("--deploy", "--dry-run", IMAGE_TAG=tag, PYTHON=sys.executable)
    assert done.status == 0, done.complaint
    assert f'"image": "{REPOSITORY}@sha256:told-by-the-push"' in done.printed
    assert done.printed.endswith("dry run: nothing was changed\n")


def test_help_names_every_setting_and_does_nothing(checkout: Checkout) -> None:
    done = checkout.run("--help", REGISTRY_URL="")
    assert (done.status, done.told, done.complaint) == (0, [], "")
    for word in ("--deploy", "--dry-run", "REGISTRY_URL", "IMAGE_NAME", "IMAGE_TAG", "BASE_IMAGE", "CONTAINER_ENGINE"):
        assert word in done.printed
