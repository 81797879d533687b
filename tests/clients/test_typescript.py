"""The client for Node: its own tests, and the table of failures of the one for Python with the same queue."""

import base64
import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from posture import __version__
from posture.client.errors import KINDS
from posture.client.photos import MOST_BYTES
from testing import DEMO, TOP
from testing.runpod_api import KEY, Answer, RunPod, serving
from tests.client.test_endpoint import ADVICE, MEASURED, PROBLEMS, REFUSAL, SENTENCE, TABLE
from tests.clients.typescript import SOURCES, run
from tests.posture.web.test_server import ServerProcess

PHOTOS = [(DEMO / f"{view}_image.jpg").read_bytes() for view in ("front", "side")]
README = (SOURCES / "README.md").read_text()

Measure = Callable[..., Any]


class Node:
    """A process that measures again and again."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin
        assert process.stdout
        self._stdin, self._stdout = process.stdin, process.stdout

    def measured(self, asked: Any, abort_when: Callable[[], object] | None = None) -> Any:
        """What comes of it. It is aborted once that is true."""
        print(json.dumps(asked), file=self._stdin, flush=True)
        if abort_when:
            while not abort_when():
                time.sleep(0.01)  # another thread receives what is asked
            print("abort", file=self._stdin, flush=True)
        return json.loads(self._stdout.readline())

    def close(self) -> None:
        self._stdin.close()


@pytest.fixture(scope="module")
def node(package: Path) -> Iterator[Node]:
    script = TOP / "tests" / "clients" / "measure.js"
    shutil.copy(script, package)
    with subprocess.Popen(
        ["node", script.name, "dist/posture.js"],  # noqa: S607
        cwd=package,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        node = Node(process)
        yield node
        node.close()


@pytest.fixture
def runpod() -> RunPod:
    account = RunPod()
    account.endpoints["endpoint1"], account.output = {}, {"output": MEASURED}
    return account


@pytest.fixture
def measure(runpod: RunPod, node: Node) -> Iterator[Measure]:
    """Measures the demo pair by the queue, with these settings and options."""
    with serving(runpod) as environment:
        base = {
            "endpointId": "endpoint1",
            "apiKey": environment["RUNPOD_API_KEY"],
            "baseUrl": environment["RUNPOD_ENDPOINT_BASE_URL"],
            "patience": {"tries": 3, "pause": 0, "look": 0, "longest": 0},
        }

        def measure(
            abort_when: Callable[[], object] | None = None, settings: dict[str, Any] | None = None, **options: Any
        ) -> Any:
            photos = [base64.b64encode(photo).decode() for photo in PHOTOS]
            asked = {"settings": {**base, **(settings or {})}, "photos": photos, "options": options}
            return node.measured(asked, abort_when)

        yield measure


def test_its_own_tests_pass(package: Path) -> None:
    assert re.search(r"^. pass \d\d+$", run(["npm", "test", "--silent"], package), re.MULTILINE)


def test_the_answer_is_the_workers(runpod: RunPod, measure: Measure) -> None:
    assert measure(mode="precise", include=["details"]) == {"answer": MEASURED}
    (job,) = runpod.jobs
    assert [base64.b64decode(job["input"].pop(view)) for view in ("front", "side")] == PHOTOS
    assert job == {"input": {"mode": "precise", "include": ["details"]}, "policy": {"ttl": 300_000}}


def test_a_job_that_is_not_done_at_once_is_looked_at_again(runpod: RunPod, measure: Measure) -> None:
    runpod.looks_until_done = 3
    assert measure() == {"answer": MEASURED}
    assert [received.operation for received in runpod.received] == ["runsync", "status", "status", "status"]


def test_a_refusal_is_told_with_every_problem(runpod: RunPod, measure: Measure) -> None:
    runpod.output = REFUSAL
    told = measure()
    assert (told["name"], told["isClientError"]) == ("Refused", True)
    assert (told["code"], told["view"], told["message"], told["advice"]) == ("no_person", "front", SENTENCE, ADVICE)
    assert told["problems"] == PROBLEMS
    assert len(runpod.jobs) == 1


def test_a_refusal_without_its_particulars_is_still_one(runpod: RunPod, measure: Measure) -> None:
    runpod.output = {"output": {"status": "error", "code": "of_a_later_version", "problems": [3], "view": 7}}
    told = measure()
    assert (told["name"], told["message"], told["view"], told["problems"]) == (
        "Refused", "of_a_later_version", None, [],
    )  # fmt: skip


@pytest.mark.parametrize(("answer", "kind", "times"), TABLE.values(), ids=TABLE)
def test_a_failure_is_told_as_in_python(
    runpod: RunPod, measure: Measure, answer: Answer, kind: str, times: int
) -> None:
    runpod.script("runsync", *[answer] * (times + 1))
    told = measure()
    assert (told["name"], told["kind"], told["isClientError"]) == ("EndpointError", kind, True)
    assert told["message"].startswith(told["kinds"][kind])
    assert told.get("status") == (None if answer.status == 200 else answer.status)
    assert told.get("job") == ("job-1" if "id" in (answer.body or "") else None)
    assert len(runpod.sent("runsync")) == times
    assert KEY not in told["shown"]
    assert base64.b64encode(PHOTOS[0]).decode()[:40] not in told["shown"]


def test_its_kinds_are_those_of_python(runpod: RunPod, measure: Measure) -> None:
    runpod.script("runsync", Answer(401))
    kinds = measure()["kinds"]
    names = {"endpointId": "endpoint_id", "apiKey": "api_key"}
    assert {kind: re.sub("endpointId|apiKey", lambda it: names[it[0]], text) for kind, text in kinds.items()} == KINDS


@pytest.mark.parametrize("answer", [Answer(503), Answer(429), Answer(200, raw=b"")])
def test_what_passes_is_tried_again(runpod: RunPod, measure: Measure, answer: Answer) -> None:
    runpod.looks_until_done = 1
    runpod.script("runsync", answer, answer)
    runpod.script("status", answer, answer)
    assert measure() == {"answer": MEASURED}
    assert (len(runpod.sent("runsync")), len(runpod.jobs), len(runpod.sent("status"))) == (3, 1, 3)


def test_a_job_that_is_not_known_any_more_has_expired(runpod: RunPod, measure: Measure) -> None:
    runpod.looks_until_done = 1
    runpod.script("status", Answer(404))
    told = measure()
    assert (told["kind"], told["job"]) == ("expired", "job-1")


def test_a_job_that_is_given_up_is_cancelled(runpod: RunPod, measure: Measure) -> None:
    runpod.looks_until_done = 1
    runpod.script("status", *[Answer(500)] * 3)
    assert measure()["kind"] == "server_error"
    assert runpod.cancelled == {"job-1"}


def test_a_measurement_that_is_aborted_has_its_job_cancelled(runpod: RunPod, measure: Measure) -> None:
    runpod.looks_until_done = 1_000_000
    told = measure(lambda: runpod.sent("status"), {"patience": {"look": 10}})
    assert told["name"] == "AbortError"
    assert runpod.cancelled == {"job-1"}


def test_a_request_that_stays_without_an_answer_is_aborted_too(runpod: RunPod, measure: Measure) -> None:
    runpod.script("runsync", Answer(200, silent=True))
    assert measure(lambda: runpod.sent("runsync"))["name"] == "AbortError"


def test_a_request_that_stays_without_an_answer_ends_with_the_time(runpod: RunPod, measure: Measure) -> None:
    runpod.script("runsync", Answer(200, silent=True))
    assert measure(timeout=300)["kind"] == "timed_out"


def test_an_address_where_nobody_answers_is_unreachable(runpod: RunPod, measure: Measure) -> None:
    told = measure(settings={"baseUrl": "http://127.0.0.1:2"})
    assert told["kind"] == "unreachable"
    assert "(cause ECONNREFUSED)" in told["message"]
    assert runpod.received == []


def test_the_key_is_needed_where_the_endpoint_wants_one(runpod: RunPod, measure: Measure) -> None:
    told = measure(settings={"apiKey": ""})
    assert (told["kind"], told["status"]) == ("unauthorized", 401)
    assert runpod.received == []


def test_its_largest_files_are_those_of_python() -> None:
    (most,) = re.findall(r"^const MOST_BYTES = ([0-9_]+);$", (SOURCES / "posture.ts").read_text(), re.MULTILINE)
    assert int(most) == MOST_BYTES


def sample(language: str) -> str:
    (code,) = re.findall(rf"^```{language}\n(.+?)^```$", README, re.MULTILINE | re.DOTALL)
    return str(code)


def test_the_sample_measures_the_demo_pair_by_a_local_endpoint(package: Path, tmp_path: Path) -> None:
    """Unedited, in a project that has the package, by what the environment says."""
    project = tmp_path / "project"
    (project / "node_modules").mkdir(parents=True)
    (project / "node_modules" / "posture-measurement").symlink_to(package)
    (project / "measure.mjs").write_text(sample("javascript"))
    for view in ("front", "side"):
        shutil.copy(DEMO / f"{view}_image.jpg", project / f"{view}.jpg")
    with ServerProcess(tmp_path, POSTURE_LANDMARKERS="1") as process:
        base = f"{process.ready()}/v2"
        told = {"RUNPOD_ENDPOINT_BASE_URL": base, "ENDPOINT_ID": "local"}
        assert run(["node", "measure.mjs"], project, **told) == "-0.92\n"
        shutil.copy(project / "front.jpg", project / "side.jpg")
        assert run(["node", "measure.mjs"], project, **told).startswith("wrong_view side")


def test_a_caller_is_told_of_wrong_types(package: Path, tmp_path: Path) -> None:
    """What the compiler makes of the sample, and of what the schema forbids."""
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "posture-measurement").symlink_to(package)
    wrong = [
        'client.measure(bytes, bytes, { mode: "slow" })',
        "client.measure(bytes, bytes, { camera: { front: { tilt: 1 } } })",
        "client.measure(bytes, 7)",
        "(await client.measure(bytes, bytes)).data.front_view.neck_tilt",
        "new Client({ key: 'a' })",
    ]
    right = [
        'client.measure(bytes, "https://example.org/side.jpg", { include: ["details"], timeout: 9_000 })',
        "(await client.measure(bytes, bytes)).data.details?.side_view.angles.neck_tilt.uncertainty.toFixed(1)",
    ]
    lines = ['import { Client } from "posture-measurement";', "const bytes = new Uint8Array();"]
    lines += ["const client = new Client();", *(f"{line};" for line in right)]
    lines += [f"// @ts-expect-error\n{line};" for line in wrong]
    (tmp_path / "caller.mts").write_text("\n".join(lines))
    compiler = package / "node_modules" / "typescript" / "bin" / "tsc"
    options = ["--noEmit", "--strict", "--module", "NodeNext", "--target", "ES2022", "--skipLibCheck"]
    run(["node", str(compiler), *options, "caller.mts"], tmp_path)


def test_what_is_packed_is_the_module_its_types_and_what_it_is(package: Path) -> None:
    (packed,) = json.loads(run(["npm", "pack", "--dry-run", "--json", "--ignore-scripts"], package))
    assert {file["path"] for file in packed["files"]} == {
        "README.md", "package.json",
        *(f"dist/{name}" for name in ("posture.js", "posture.d.ts", "schema.js", "schema.d.ts")),
    }  # fmt: skip
    assert packed["version"] == __version__
    assert packed["entryCount"] == 6
    assert "import" not in re.findall(r"^\s*(\w+)", (package / "dist" / "posture.js").read_text(), re.MULTILINE)


def test_its_packages_are_pinned_and_no_registry_is_named() -> None:
    described = json.loads((SOURCES / "package.json").read_text())
    lock = json.loads((SOURCES / "package-lock.json").read_text())
    assert "dependencies" not in described
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in described["devDependencies"].values())
    assert (lock["packages"][""]["version"], lock["version"]) == (described["version"],) * 2
    installed = [of for name, of in lock["packages"].items() if name]
    assert all(of["dev"] and of["integrity"].startswith("sha512-") and "resolved" not in of for of in installed)
