"""The whole way from photos to a measurement."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np

from posture import __version__, anatomy, angles, face, images, judge, lines
from posture.clarity import clarity
from posture.errors import Finding, PoseNotDetectedError, PostureError, UnfitPhotoError, refusal
from posture.estimate import find
from posture.evidence import uncertainty
from posture.face import FindFaces
from posture.landmarks import Array, Landmarks, LookCloser, Marks, Pixels, exchange_sides
from posture.measurement import Line, Measurement, Reading, ViewMeasurement
from posture.models import files
from posture.options import Options
from posture.scene import Scene
from posture.views import VIEWS, View

_Result = TypeVar("_Result")
Outcome: TypeAlias = ViewMeasurement | tuple[Finding, ...]  # what one photo shows, or the reasons to refuse it


class Model(Protocol):
    """What finds people in pictures: posture.models.mediapipe.LandmarkerPool, or a test's own."""

    def detect(self, pixels: Pixels) -> list[Landmarks]:
        """The people in a picture, the most prominent first."""

    @property
    def look_closer(self) -> LookCloser | None:
        """Looks at one known person again; None for a model that cannot."""

    @property
    def find_faces(self) -> FindFaces | None:
        """Finds the faces in a picture of a head; None for a model that cannot."""

    def map(self, function: Callable[..., _Result], *items: Iterable[Any]) -> Iterator[_Result]:
        """Like the built-in `map`, on several items at once where that is possible."""


def measure(photos: Mapping[str, bytes | Finding], options: Options, model: Model) -> Measurement:
    """Measures the photos of one person.

    `photos`: by the name of each view in VIEWS, the bytes of the file, or why there are none. Raises PostureError with
    every reason for every photo when one is refused.
    """
    sent = [photos[view.name] for view in VIEWS]
    outcomes = list(model.map(partial(outcome, model, options), VIEWS, sent))
    refused = {view: of for view, of in zip(VIEWS, outcomes, strict=True) if not isinstance(of, ViewMeasurement)}
    if refused:
        problems = tuple(chain(*refused.values()))
        swapped = len(refused) > 1 and all(first.code == _SWAPPED for first, *_ in refused.values())
        raise refusal(_told_as_swapped(problems, [*refused]) if swapped else problems)
    measured = [of for of in outcomes if isinstance(of, ViewMeasurement)]
    wrong = [of.view for of in measured if _SWAPPED in [warning.code for warning in of.warnings]]
    if len(wrong) > 1:
        measured = [replace(of, warnings=_told_as_swapped(of.warnings, wrong)) for of in measured]
    views = {of.view.name: of for of in measured}
    return Measurement(views, options, f"{files.POSE.name} sha256:{files.POSE.sha256}", __version__)


_SWAPPED = "wrong_view"  # said of several photos, it means that they are exchanged


def _told_as_swapped(findings: Sequence[Finding], views: Sequence[View]) -> tuple[Finding, ...]:
    """The findings about photos that each show another's view: told once, where the first says so."""
    swapped = judge.views_swapped(views)
    told = [swapped if finding.code == _SWAPPED else finding for finding in findings]
    return tuple(dict.fromkeys(told))


def outcome(model: Model, options: Options, view: View, sent: bytes | Finding) -> Outcome:
    """What becomes of one photo, whatever becomes of the others: the bytes of the file, or why there are none."""
    try:
        if isinstance(sent, Finding):
            raise refusal([sent])
        return _measured(model, options, view, sent)
    except PostureError as error:
        return tuple(replace(problem, view=view.name) for problem in error.problems)


def _measured(model: Model, options: Options, view: View, sent: bytes) -> ViewMeasurement:
    photo = images.read(sent)
    camera = options.known_camera(view, photo.said)
    found = find(photo.pixels, options.mode, model.detect, model.look_closer)
    if found is None:
        raise PoseNotDetectedError(judge.nobody(camera))
    if camera.source == "unknown" and options.looks_for_lines:
        estimated = lines.estimated_roll(photo.pixels, found.mean)
        camera = camera.with_estimate(estimated, applied=options.level == "lines")
    height, width = photo.pixels.shape[:2]
    look_at_face = partial(face.find, photo.pixels, found.mean, options.mode, model.find_faces)
    scene = Scene(view, found, camera, width, height, look_at_face, clarity(photo.pixels, found.mean))
    findings = judge.judge(scene)
    if findings and options.strict:
        raise UnfitPhotoError(*findings)
    direction = view.plane.direction(scene.person)
    size = photo.width / width, photo.height / height

    def in_photo(points: Array) -> Array:
        """Points of the level picture, (n, 2), in pixels of the upright photo as it was sent."""
        there: Array = camera.as_sent(points, width, height) * size
        return there

    readings = _readings(scene, options, direction, in_photo)
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
        people=[replace(person, points=person.points * size) for person in (*found.looks, *found.others)],
        warnings=findings + judge.remarks(scene),
        camera=camera,
        near_side=near_side,
        facing=None if near_side is None else "right" if (direction > 0) != camera.mirrored else "left",
        quality=scene.quality(),
        width=photo.width,
        height=photo.height,
        orientation=photo.orientation,
        file=sent,
    )


def _readings(scene: Scene, options: Options, direction: int, in_photo: Callable[[Array], Array]) -> list[Reading]:
    """What the measures of the view's plane read."""
    plane = scene.view.plane

    def calibrated(person: Landmarks) -> Landmarks:
        return person if options.calibration == "none" else anatomy.anatomical(person, plane, direction)

    means, looks = _marks(scene, calibrated)
    person, size = scene.person, scene.size()
    rows = [row.best(means) for row in angles.of_plane(plane)]
    lines = [row.points_of(means[row.of], direction) for row in rows]
    values = angles.read(rows, means, direction, size)
    plain = angles.read(rows, {**means, angles.BODY: person}, direction, size)
    uncertain: dict[str, float] = {}
    for of, seen in looks.items():
        read = [row for row in rows if row.of == of]
        at_looks = [angles.read(read, {of: marks}, direction, _size(marks, size)) for marks in seen]
        uncertain |= uncertainty(options.mode, plane, at_looks, scene.clarity, of)
    references = [row.reference(points, direction) for row, points in zip(rows, lines, strict=True)]
    drawn = iter(in_photo(np.array([*chain(*lines), *chain(*references)])).tolist())
    lines_drawn, references_drawn = ([_line(drawn, points) for points in each] for each in (lines, references))
    return [
        Reading(row, options.calibration, values[row.key], plain[row.key], uncertain[row.key], line, reference)
        for row, line, reference in zip(rows, lines_drawn, references_drawn, strict=True)
    ]


def _marks(
    scene: Scene, calibrated: Callable[[Landmarks], Landmarks]
) -> tuple[dict[str, Marks], dict[str, Sequence[Marks]]]:
    """What may be read from, by what it is of, on the mean of all looks and at each. Looks at a face only if needed."""
    people = [calibrated(scene.righted(look)) for look in scene.estimate.looks]
    means: dict[str, Marks] = {angles.BODY: calibrated(scene.person)}
    looks: dict[str, Sequence[Marks]] = {angles.BODY: people}
    if faces := scene.faces_to_read:
        means[angles.FACE], looks[angles.FACE] = face.mean(faces), faces
    return means, looks


def _size(marks: Marks, size: float) -> float:
    """Of the body at one look, in pixels; where that saw only a part of it, the whole body's."""
    return marks.nose_to_ankle if isinstance(marks, Landmarks) else size


def _line(drawn: Iterator[list[float]], points: angles.Points) -> Line:
    """As many of the points in the photo as the line has."""
    return tuple((x, y) for x, y in islice(drawn, len(points)))
