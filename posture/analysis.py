"""The whole way from a request to a report."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from posture import angles, calibration, images, judge, view
from posture.camera import Camera
from posture.errors import VIEWS, PoseNotDetectedError, PostureError, View, first
from posture.estimate import LOOKS, estimate
from posture.evidence import uncertainty
from posture.images import Photo
from posture.judge import Scene
from posture.landmarks import Detect, Landmarks
from posture.report import PostureReport, ViewReport
from posture.request import Options, PostureRequest

Outcome = ViewReport | PostureError


def analyze(request: PostureRequest, detect: Detect, run: Callable[..., Iterable[Any]] = map) -> PostureReport:
    """Measures both photos of a request.

    `run` is the built-in `map` or something like it that works on both photos at once. Raises PostureError when a
    photo is refused: that of the front photo if both are, with the advice for both.
    """
    options = request.options
    front, side = run(partial(_outcome, detect, options), VIEWS, (request.front, request.side))
    _raise_refusal(front, side)
    include = options.include if options.strict else options.include | {"details"}
    if all("wrong_view" in dict(report.warnings) for report in (front, side)):
        front, side = map(_as_swapped, (front, side))
    return PostureReport(front, side, include)


def _raise_refusal(front: Outcome, side: Outcome) -> None:
    refused = [outcome for outcome in (front, side) if isinstance(outcome, PostureError)]
    if [error.code for error in refused] == ["wrong_view", "wrong_view"]:
        raise judge.views_swapped()
    if refused:
        raise first(refused)


def _as_swapped(report: ViewReport) -> ViewReport:
    """The report of one of two photos that each show the other's view."""
    swapped = judge.views_swapped()
    told = {"wrong_view": (swapped.code, swapped.problem)}
    return replace(report, warnings=[told.get(code, (code, problem)) for code, problem in report.warnings])


def _outcome(detect: Detect, options: Options, photo: View, encoded: str) -> Outcome:
    """What one photo shows, or why it is refused: both photos are judged, whatever becomes of the other."""
    try:
        return _measured(detect, options, photo, images.decode(encoded))
    except PostureError as error:
        error.view = photo
        return error


def _measured(detect: Detect, options: Options, name: View, photo: Photo) -> ViewReport:
    found = estimate(photo.pixels, detect, LOOKS[options.mode])
    if found is None:
        raise PoseNotDetectedError
    camera = Camera(getattr(options.camera_roll, name), getattr(options.mirrored, name))
    height, width = photo.pixels.shape[:2]
    scene = Scene(name, found, camera.righted(found.mean, width, height), width, height)
    findings = judge.judge(scene)
    if findings and options.strict:
        raise findings[0]
    direction = view.direction(scene.person, name)

    def values(person: Landmarks) -> dict[str, float]:
        if options.calibration == "anatomical":
            person = calibration.anatomical(person, name, direction)
        return angles.measure(person, name, direction)

    looks = [values(camera.righted(look, width, height)) for look in found.looks]
    plain = angles.measure(scene.person, name, direction)
    return ViewReport(
        scene=scene,
        photo=photo,
        camera=camera,
        direction=direction,
        values=plain if options.calibration == "none" else values(scene.person),
        plain=plain,
        uncertainty=uncertainty(options.mode, name, looks, scene.person.stature),
        warnings=[(finding.code, finding.problem) for finding in findings] + judge.remarks(scene),
    )
