"""`python -m deploy` status, call, rollback and delete, and a whole life."""

import base64
import json
from pathlib import Path

import pytest

from posture.errors import Finding, refusal
from posture.wire.answer import failure
from testing import DEMO
from testing.runpod_api import OPERATION_IDS, Answer, Json, RunPod, problem
from tests.deploy.operator import IMAGE, NEWER, Operator, gpu_instead_of_cpu, write


def test_status_tells_what_runs(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    assert operator.deploy(NEWER).status == 0
    outcome = operator.run("status")
    assert outcome.status == 0
    assert f"endpoint  posture-analysis ({endpoint['id']})\nimage     {NEWER}\n" in outcome.out
    assert "workers   1 idle, 2 throttled" in outcome.out
    assert "release   2026-11-02T12:00:00Z  release2  changed template.imageName" in outcome.out
    assert runpod.writes == ["updateEndpoint"]


def test_status_tells_of_drift_and_of_a_rollout(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    endpoint["scaling"]["queueDelay"] = 60
    runpod.looks_until_rolled_out = 1
    outcome = operator.run("status")
    assert outcome.status == 1
    assert "rollout   50 % of the workers run the newest release" in outcome.out
    assert "not as runpod_config.json describes it:\n  scaling: {" in outcome.out


def test_status_tells_of_an_endpoint_of_another_kind(operator: Operator, endpoint: Json) -> None:
    gpu_instead_of_cpu(endpoint)
    endpoint["requestUrls"] = {"base": "https://e.api.runpod.ai", "health": "https://e.api.runpod.ai/ping"}
    outcome = operator.run("status")
    assert outcome.status == 1
    assert "machines  GPU" in outcome.out
    assert "it is a GPU endpoint" in outcome.out
    assert "\njobs" not in outcome.out


def test_status_minds_the_image_where_the_description_names_one(
    operator: Operator, endpoint: Json, tmp_path: Path
) -> None:
    outcome = operator.run("status", "--config", write(tmp_path, image=NEWER))
    assert outcome.status == 1
    assert f"image: {endpoint['image']} instead of {NEWER}" in outcome.out


@pytest.mark.parametrize("command", [["status"], ["call"], ["rollback"], ["delete", "--yes"]])
def test_without_an_endpoint_there_is_nothing_to_do(runpod: RunPod, operator: Operator, command: list[str]) -> None:
    outcome = operator.run(*command)
    assert (outcome.status, runpod.writes) == (1, [])
    assert "There is no endpoint named posture-analysis" in outcome.err


@pytest.mark.parametrize("looks", [0, 3])
def test_a_call_sends_the_demo_photos_and_checks_the_angles(
    runpod: RunPod, operator: Operator, endpoint: Json, good_angles: Json, looks: int
) -> None:
    runpod.output = {"output": {"status": "success", "data": good_angles}}
    runpod.looks_until_done = looks
    outcome = operator.run("call")
    assert outcome.status == 0
    assert "all as expected" in outcome.out
    assert "waited 1200 ms for a worker, measured in 340 ms" in outcome.out
    assert f"front_view shoulder_tilt  {good_angles['front_view']['shoulder_tilt']:9} " in outcome.out
    photos = {name: base64.b64decode(text) for name, text in runpod.jobs[0]["input"].items()}
    assert photos == {view: (DEMO / f"{view}_image.jpg").read_bytes() for view in ("front", "side")}
    assert len(runpod.sent("status")) == looks
    assert endpoint["id"] == "endpoint1"


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize("waiting", ["IN_PROGRESS", "RUNNING"])
def test_a_job_that_is_in_hand_is_waited_for(
    runpod: RunPod, operator: Operator, good_angles: Json, waiting: str
) -> None:
    runpod.output = {"output": {"data": good_angles}}
    runpod.looks_until_done, runpod.waiting = 2, waiting
    assert operator.run("call").status == 0
    assert len(runpod.sent("status")) == 2


@pytest.mark.parametrize("data", [None, {}, {"front_view": {}}])
def test_an_answer_without_angles_is_not_as_expected(
    runpod: RunPod, operator: Operator, endpoint: Json, data: object
) -> None:
    runpod.output = {"output": {"status": "success", "data": data}}
    outcome = operator.run("call")
    assert (outcome.status, endpoint["id"]) == (1, "endpoint1")
    assert "8 not as expected" in outcome.out


@pytest.mark.parametrize("wrong", [None, 99.0, "0.35"])
def test_an_angle_that_is_off_or_missing_is_marked(
    runpod: RunPod, operator: Operator, endpoint: Json, good_angles: Json, wrong: object
) -> None:
    data = {**good_angles, "side_view": {**good_angles["side_view"], "neck_tilt": wrong}}
    runpod.output = {"output": {"status": "success", "data": data}}
    outcome = operator.run("call")
    assert (outcome.status, endpoint["id"]) == (1, "endpoint1")
    assert [line.split()[1] for line in outcome.out.splitlines() if line.endswith("OFF")] == ["neck_tilt"]
    assert "1 not as expected" in outcome.out


@pytest.mark.parametrize(
    ("job", "told"),
    [
        (
            {"status": "FAILED", "error": "no person was found.", "output": {"message": "Show one person."}},
            "FAILED: no person was found. Show one person.\n",
        ),
        ({"status": "FAILED", "error": "out of memory", "output": "text"}, "FAILED: out of memory\n"),
        ({"status": "TIMED_OUT"}, "TIMED_OUT: see the log"),
        ({"status": "CANCELLED"}, "CANCELLED: see the log"),
    ],
)
def test_a_job_that_is_not_completed_is_told_with_its_advice(
    runpod: RunPod, operator: Operator, endpoint: Json, job: Json, told: str
) -> None:
    runpod.output = job
    outcome = operator.run("call")
    assert (outcome.status, endpoint["id"]) == (1, "endpoint1")
    assert f"Job job-1 is {told}" in outcome.err


def test_a_job_that_the_queue_does_not_take_is_told_in_its_words(
    runpod: RunPod, operator: Operator, endpoint: Json
) -> None:
    runpod.script("runsync", Answer(404, {"error": "endpoint not found"}))
    outcome = operator.run("call")
    assert (outcome.status, endpoint["id"]) == (1, "endpoint1")
    assert "HTTP 404 Not Found: endpoint not found" in outcome.err


def test_a_job_that_finds_no_worker_is_told(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    runpod.looks_until_done = 1_000_000
    outcome = operator.run("call", "--wait", "0.1")
    assert (outcome.status, endpoint["id"]) == (1, "endpoint1")
    assert "Job job-1 is IN_QUEUE after 0.1 s" in outcome.err


OWN = ["--front", str(DEMO / "front_image_2.jpg"), "--side", str(DEMO / "side_image_2.jpg")]


def test_a_call_with_own_photos_prints_the_answer_and_nothing_else(
    runpod: RunPod, operator: Operator, endpoint: Json
) -> None:
    runpod.output = {"output": {"status": "success", "data": {"front_view": {"head_tilt": -1.5}}}}
    outcome = operator.run("call", *OWN, "--mode", "precise", "--no-strict", "--camera", "front.roll=2")
    assert (outcome.status, endpoint["id"]) == (0, "endpoint1")
    assert json.loads(outcome.out) == runpod.output["output"]
    assert outcome.err == "waited 1200 ms for a worker, measured in 340 ms\n"
    given = runpod.jobs[0]["input"]
    photos = {view: base64.b64decode(given.pop(view)) for view in ("front", "side")}
    assert photos == {view: (DEMO / f"{view}_image_2.jpg").read_bytes() for view in ("front", "side")}
    assert given == {"mode": "precise", "strict": False, "camera": {"front": {"roll": 2}}}


def test_a_call_with_own_photos_that_brings_no_angles_fails(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    runpod.output = {"output": None}
    outcome = operator.run("call", *OWN)
    assert (outcome.status, outcome.out, endpoint["id"]) == (1, "null\n", "endpoint1")


def test_options_are_sent_with_the_demo_photos_too(
    runpod: RunPod, operator: Operator, endpoint: Json, good_angles: Json
) -> None:
    runpod.output = {"output": {"status": "success", "data": good_angles}}
    assert operator.run("call", "--mode", "fast").status == 0
    assert sorted(runpod.jobs[0]["input"]) == ["front", "mode", "side"]
    assert endpoint["id"] == "endpoint1"


def test_a_refusal_is_told_with_every_reason(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    """As the platform shows a failed job: the error at the top, the rest of the worker's answer in its output."""
    error = refusal(
        [Finding("no_person", "nobody.", "Show one.", "front"), Finding("back_view", "back.", "Turn.", "side")]
    )
    answer = failure(error)
    runpod.output = {"status": "FAILED", "error": answer.pop("error"), "output": answer}
    outcome = operator.run("call", *OWN)
    assert (outcome.status, outcome.out, endpoint["id"]) == (1, "", "endpoint1")
    assert outcome.err == (
        "error: Job job-1 is FAILED: no_person, front photo: nobody. Show one.\n  back_view, side photo: back. Turn.\n"
    )


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize("problems", [None, {}, [], "text", [7], 7])
def test_a_refusal_without_reasons_is_told_by_what_there_is(
    runpod: RunPod, operator: Operator, problems: object
) -> None:
    output = {"code": "timeout", "view": None, "message": "Send it again.", "problems": problems}
    runpod.output = {"status": "FAILED", "error": "not done in time.", "output": output}
    assert operator.run("call").err == "error: Job job-1 is FAILED: timeout: not done in time. Send it again.\n"


@pytest.mark.parametrize("words", [OWN[:2], ["--mode", "slow"], ["--mirrored", "front=1"], [*OWN[:3], "no.jpg"]])
def test_a_call_that_cannot_be_understood_sends_nothing(runpod: RunPod, operator: Operator, words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        operator.run("call", *words)
    assert (ended.value.code, runpod.received) == (2, [])


@pytest.mark.parametrize("seconds", ["nan", "-1", "inf", "1e9", "soon", ""])
@pytest.mark.parametrize("command", [["deploy", "--image", IMAGE], ["call"], ["rollback"]])
def test_a_wait_that_is_no_number_of_seconds_is_refused(
    runpod: RunPod, operator: Operator, capsys: pytest.CaptureFixture[str], command: list[str], seconds: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        operator.run(*command, f"--wait={seconds}")
    assert (ended.value.code, runpod.received) == (2, [])
    assert "--wait: it takes seconds, from 0 to 86400" in capsys.readouterr().err


@pytest.mark.parametrize("field", ["template.imageName", "image"])
def test_a_rollback_takes_the_image_before_and_a_second_one_takes_it_back(
    runpod: RunPod, operator: Operator, endpoint: Json, field: str
) -> None:
    runpod.image_field = field
    assert operator.deploy(NEWER).status == 0
    outcome = operator.run("rollback")
    assert outcome.status == 0
    assert f"rolled back from {NEWER}\n" in outcome.out
    assert endpoint["image"] == IMAGE
    assert operator.run("rollback").status == 0
    assert endpoint["image"] == NEWER
    assert runpod.sent("updateEndpoint") == [{"image": NEWER}, {"image": IMAGE}, {"image": NEWER}]


def test_a_rollback_without_an_image_before_is_refused(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    outcome = operator.run("rollback")
    assert (outcome.status, runpod.writes) == (1, [])
    assert f"No release of this endpoint says what ran before {endpoint['image']}" in outcome.err


def test_a_rollback_does_not_guess_what_ran_before_an_image_of_no_release(
    runpod: RunPod, operator: Operator, endpoint: Json
) -> None:
    assert operator.deploy(NEWER).status == 0
    runpod.received.clear()
    endpoint["image"] = "docker.io/clinic/posture-analysis:by-hand"
    outcome = operator.run("rollback")
    assert (outcome.status, runpod.writes) == (1, [])
    assert "what ran before docker.io/clinic/posture-analysis:by-hand" in outcome.err


def test_a_rollback_that_runpod_ignores_is_an_error(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    assert operator.deploy(NEWER).status == 0
    runpod.alter = lambda came: came.update(image=NEWER)
    outcome = operator.run("rollback")
    assert (outcome.status, endpoint["image"]) == (1, NEWER)
    assert f"RunPod did not take the image; image: {NEWER} instead of {IMAGE}" in outcome.err


def test_nothing_is_deleted_without_yes(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    outcome = operator.run("delete")
    assert (outcome.status, runpod.writes) == (1, [])
    assert "say --yes" in outcome.err
    assert endpoint["id"] in runpod.endpoints


def test_delete_deletes(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    outcome = operator.run("delete", "--yes")
    assert (outcome.status, runpod.endpoints) == (0, {})
    assert f"({endpoint['id']}) is deleted" in outcome.out


def test_a_deletion_whose_answer_was_lost_is_one(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    runpod.script("deleteEndpoint", Answer(503, carried_out=True))
    outcome = operator.run("delete", "--yes")
    assert (outcome.status, runpod.endpoints) == (0, {})
    assert len(runpod.sent("deleteEndpoint")) == 2
    assert f"({endpoint['id']}) is deleted" in outcome.out


def test_a_deletion_that_is_refused_is_told(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    runpod.script("deleteEndpoint", problem(403, "Forbidden", "read-only key"))
    outcome = operator.run("delete", "--yes")
    assert outcome.status == 1
    assert "HTTP 403 Forbidden: read-only key" in outcome.err
    assert endpoint["id"] in runpod.endpoints


def test_a_whole_life_uses_every_operation_of_the_document(
    runpod: RunPod, operator: Operator, good_angles: Json
) -> None:
    runpod.output = {"output": {"data": good_angles}}
    for command in (["deploy", "--image", IMAGE], ["deploy", "--image", NEWER], ["status"], ["call"], ["rollback"]):
        assert operator.run(*command).status == 0
    assert operator.run("delete", "--yes").status == 0
    assert {received.operation for received in runpod.received} == OPERATION_IDS | {"runsync"}
    assert len(OPERATION_IDS) == 8
