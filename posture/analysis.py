"""The whole way from photos to a measurement."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np

from posture import __version__, anatomy, angles, images, judge
from posture.camera import Camera
from posture.errors import Finding, PoseNotDetectedError, PostureError, UnfitPhotoError, refusal
from posture.estimate import LOOKS, estimate
from posture.evidence import uncertainty
from posture.images import Photo
from posture.landmarks import Array, Detect, Landmarks, Pixels, exchange_sides
from posture.measurement import Line, Measurement, Reading, ViewMeasurement
from posture.models import files
from posture.options import Options
from posture.scene import Scene
from posture.views import VIEWS, View

_Result = TypeVar("_Result")
Outcome: TypeAlias = ViewMeasurement | tuple[Finding, ...]  # what one photo shows, or the reasons to refuse it

NOBODY = Finding(
    "no_person",
    "no person was found.",
    "Show one person standing, the whole body from head to feet in the picture, well lit.",
)


class Model(Protocol):
    """What finds people in pictures: posture.models.mediapipe.LandmarkerPool, or a test's own."""

    def detect(self, pixels: Pixels) -> list[Landmarks]:
        """The people in a picture, the most prominent first."""

    def map(self, function: Callable[..., _Result], *items: Iterable[Any]) -> Iterator[_Result]:
        """Like the built-in `map`, on several items at once where that is possible."""


def measure(photos: Mapping[str, bytes | Finding], options: Options, model: Model) -> Measurement:
    """Measures the photos of one person.

    `photos`: by the name of each view in VIEWS, the bytes of the file, or why there are none. Raises PostureError with
    every reason for every photo when one is refused.
    """
    sent = [photos[view.name] for view in VIEWS]
    outcomes = list(model.map(partial(_outcome, model.detect, options), VIEWS, sent))
    refused = [outcome for outcome in outcomes if not isinstance(outcome, ViewMeasurement)]
    if refused:
        swapped = [first.code for first, *_ in refused] == ["wrong_view"] * len(VIEWS)
        problems = tuple(chain(*refused))
        raise refusal(_told_as_swapped(problems) if swapped else problems)
    measured = [outcome for outcome in outcomes if isinstance(outcome, ViewMeasurement)]
    if all("wrong_view" in [warning.code for warning in of.warnings] for of in measured):
        measured = [replace(of, warnings=_told_as_swapped(of.warnings)) for of in measured]
    views = {of.view.name: of for of in measured}
    return Measurement(views, options, f"{files.NAME} sha256:{files.SHA256}", __version__)


def _told_as_swapped(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings about photos that each show another's view: told once, where the first says so."""
    swapped = judge.views_swapped(VIEWS)
    told = [swapped if finding.code == "wrong_view" else finding for finding in findings]
    return tuple(dict.fromkeys(told))


def _outcome(detect: Detect, options: Options, view: View, sent: bytes | Finding) -> Outcome:
    """Each photo is judged, whatever becomes of the others."""
    try:
        if isinstance(sent, Finding):
            raise refusal([sent])
        return _measured(detect, options, view, images.read(sent))
    except PostureError as error:
        return tuple(replace(problem, view=view.name) for problem in error.problems)


def _measured(detect: Detect, options: Options, view: View, photo: Photo) -> ViewMeasurement:
    found = estimate(photo.pixels, detect, LOOKS[options.mode])
    if found is None:
        raise PoseNotDetectedError(NOBODY)
    camera = options.camera(view)
    height, width = photo.pixels.shape[:2]
    scene = Scene(view, found, camera.righted(found.mean, width, height), width, height)
    findings = judge.judge(scene)
    if findings and options.strict:
        raise UnfitPhotoError(*findings)
    direction = view.plane.direction(scene.person)
    size = photo.width / width, photo.height / height

    def in_photo(points: Array) -> Array:
        """Points of the level picture, (n, 2), in pixels of the upright photo as it was sent."""
        sent: Array = camera.as_sent(points, width, height) * size
        return sent

    readings = _readings(scene, options, camera, direction, in_photo)
    seen, scatter = found.mean, size[0] * found.scatter
    if camera.mirrored:
        seen, scatter = seen.renamed(), exchange_sides(scatter)
    near_side = view.plane.near_side(direction)
    return ViewMeasurement(
        view=view,
        angles={reading.measure.name: reading for reading in readings if reading.measure.core},
        measures={reading.measure.name: reading for reading in readings if not reading.measure.core},
        landmarks=replace(seen, points=seen.points * size, depth=seen.depth * size[0]),
        scatter=scatter,
        warnings=findings + judge.remarks(scene),
        camera=camera,
        near_side=near_side,
        facing=None if near_side is None else "right" if (direction > 0) != camera.mirrored else "left",
        quality=scene.quality(),
        width=photo.width,
        height=photo.height,
        orientation=photo.orientation,
    )


def _readings(
    scene: Scene, options: Options, camera: Camera, direction: int, in_photo: Callable[[Array], Array]
) -> list[Reading]:
    """What the measures of the view's plane read."""
    plane = scene.view.plane

    def calibrated(person: Landmarks) -> Landmarks:
        return person if options.calibration == "none" else anatomy.anatomical(person, plane, direction)

    def line(points: angles.Points) -> Line:
        return tuple((float(x), float(y)) for x, y in in_photo(np.array(points)))

    people = [calibrated(camera.righted(look, scene.width, scene.height)) for look in scene.estimate.looks]
    looks = [angles.measure(person, plane, direction) for person in people]
    uncertain = uncertainty(options.mode, plane, looks, scene.size())
    plain = angles.measure(scene.person, plane, direction)
    person = calibrated(scene.person)
    values = plain if person is scene.person else angles.measure(person, plane, direction)
    readings = []
    for measure in angles.of_plane(plane):
        points = measure.points_of(person, direction)
        readings.append(
            Reading(
                measure=measure,
                value=values[measure.name],
                uncalibrated=plain[measure.name],
                uncertainty=uncertain[measure.name],
                line=line(points),
                reference=line(measure.reference(points, direction)),
            )
        )
    return readings
