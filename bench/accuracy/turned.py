"""What levelling is worth: every figure photographed by a camera that is turned as hands turn it.

A camera that turns about its own centre changes a picture by a homography, so that any roll, pitch and yaw can be given
to a figure's picture exactly. Each is turned once, by a fixed seed, and measured as the file of a phone that has
recorded gravity (told), and as one that has not.

    POSTURE_TRUTH=folder python -m bench.accuracy.turned

prints the tables, which are part of `make accuracy`, where the folder's figures tell their cameras: two minutes on two
cores for 114.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
from PIL import Image

from bench.accuracy.errors import Array, mean_absolute, sd
from bench.accuracy.retakes import jpeg
from bench.accuracy.tables import table
from posture import cores
from posture.analysis import outcome
from posture.angles import MEASURES
from posture.angles import measure as angles_of
from posture.camera import DIAGONAL_35MM, Camera, up_of
from posture.landmarks import Landmarks, Pixels
from posture.measurement import ViewMeasurement
from posture.models import files
from posture.models.mediapipe import LandmarkerPool
from posture.views import FRONTAL, VIEWS, View
from posture.wire.request import RequestOptions
from testing.exif_files import apple_note, jpeg_that_says, tiff
from testing.figures import FigurePhoto, Shot, figures
from testing.pictures import pixels_of

ROLL, PITCH, YAW = (-4, 4), (-15, -3), (-5, 5)  # in degrees, added to the camera's own
_ROOM = 0.2  # around the body's points, in body sizes


@dataclass(frozen=True)
class _Turned:
    """One picture of a figure. `roll` and `pitch`: its camera's, in degrees. `place`: the body's middle beside the
    picture's, in widths. `errors`: by way of measuring, measured minus true of the four angles, None for a refusal.
    """

    view: View
    roll: float
    pitch: float
    place: float
    errors: dict[str, Array | None]


def turned_cameras(photos: Sequence[FigurePhoto], pool: LandmarkerPool) -> None:
    """Prints the errors by way of measuring, and those of turned cameras by roll, pitch and place."""
    shots = [(seed, photo) for seed, photo in enumerate(photos) if photo.shot is not None]
    if not shots:
        return
    found = list(pool.map(partial(_measured, pool), shots))
    ways = list(found[0].errors)
    columns = ["front: MAE", "refused", "side: SD", "refused"]
    table("Turned cameras, standard (degrees)", ["camera", *columns], [[way, *_cells(found, way)] for way in ways])
    table(
        "Turned cameras by roll, pitch and place (degrees)",
        ["cameras", "", *columns],
        [[name, way, *_cells(filter(of, found), way)] for name, of in _BINS for way in ways[-2:]],
    )


def _measured(pool: LandmarkerPool, job: tuple[int, FigurePhoto]) -> _Turned:
    seed, photo = job
    shot = photo.shot
    assert shot is not None
    random = np.random.default_rng(seed)
    added = rotation(*(random.uniform(*limits) for limits in (ROLL, PITCH, YAW)))
    pixels = pixels_of(photo.file.read_bytes())
    own_up = up_of(shot.roll, shot.pitch)
    turned, shown = turn(pixels, shot, added)
    roll, pitch = _tilt(added @ own_up)
    level = Camera(roll=shot.roll, pitch=shot.pitch, focal_35mm=_focal_35mm(shot, pixels))
    level_turned = Camera(roll=roll, pitch=pitch, focal_35mm=_focal_35mm(shown, turned))
    height, width = turned.shape[:2]
    measured = partial(_angles, pool, photo)
    in_picture, in_level, in_turned = (
        _truth(photo, seen)
        for seen in (
            shot.body,
            level.righted(shot.body, pixels.shape[1], pixels.shape[0]),
            level_turned.righted(shown.body, width, height),
        )
    )
    return _Turned(
        photo.view,
        roll,
        pitch,
        abs(float(shown.body.middle("left_hip", "right_hip")[0]) / width - 0.5),
        {
            "as it is, in the picture": _error(measured(_file(pixels)), in_picture),
            "as it is, told": _error(measured(_file(pixels, level)), in_level),
            "as it is, not told": _error(measured(_file(pixels)), in_level),
            "turned, told": _error(measured(_file(turned, level_turned)), in_turned),
            "turned, not told": _error(measured(_file(turned)), in_turned),
        },
    )


def rotation(roll: float, pitch: float, yaw: float) -> Array:
    """(3, 3): how rays turn in the frame of a camera that is yawed to the right, then pitched up, then rolled.

    In degrees; a positive roll turns the picture's content clockwise.
    """
    r, p, y = map(math.radians, (roll, pitch, yaw))
    yawed = np.array([[math.cos(y), 0, -math.sin(y)], [0, 1, 0], [math.sin(y), 0, math.cos(y)]])
    pitched = np.array([[1, 0, 0], [0, math.cos(p), math.sin(p)], [0, -math.sin(p), math.cos(p)]])
    rolled = np.array([[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]])
    turned: Array = rolled @ pitched @ yawed
    return turned


def turn(pixels: Pixels, shot: Shot, added: Array) -> tuple[Pixels, Shot]:
    """The picture by a camera turned by `added`, as large as the whole body needs, and where the body lies in it."""
    height, width = pixels.shape[:2]
    middle = np.array([width, height]) / 2
    to_pixels = np.diag([shot.focal, shot.focal, 1.0])
    about_middle = to_pixels @ added @ np.linalg.inv(to_pixels)
    points = _through(about_middle, shot.body.points - middle)
    named = shot.body.points.any(axis=1, keepdims=True)
    reach = np.abs(points * named).max(axis=0) + _ROOM * shot.body.nose_to_ankle
    half = np.ceil(np.maximum(reach, middle)).astype(int)
    # OpenCV counts from the middle of the first pixel, landmarks from its corner.
    before, after = (np.array([[1, 0, x], [0, 1, y], [0, 0, 1]]) for x, y in (0.5 - middle, half - 0.5))
    shown = cv2.warpPerspective(
        pixels, after @ about_middle @ before, tuple(map(int, 2 * half)), borderMode=cv2.BORDER_REPLICATE
    )
    pixels = shown.astype(np.uint8, copy=False)
    return pixels, replace(shot, body=replace(shot.body, points=np.where(named, points + half, 0.0)))


def _through(homography: Array, points: Array) -> Array:
    rays = np.column_stack([points, np.ones(len(points))]) @ homography.T
    through: Array = rays[:, :2] / rays[:, 2:]
    return through


def _tilt(up: Array) -> tuple[float, float]:
    return math.degrees(math.atan2(up[0], -up[1])), math.degrees(math.asin(up[2]))


def _focal_35mm(shot: Shot, pixels: Pixels) -> float:
    return shot.focal * DIAGONAL_35MM / math.hypot(*pixels.shape[:2])


def _file(pixels: Pixels, camera: Camera | None = None) -> bytes:
    file = jpeg(Image.fromarray(pixels))
    if camera is None:
        return file
    right, down, away = up_of(camera.roll, camera.pitch)
    return jpeg_that_says(tiff(1, apple_note((down, right, away)), round(camera.focal_35mm or 0)), picture=file)


def _truth(photo: FigurePhoto, body: Landmarks) -> Array:
    plane = photo.view.plane
    direction = 1 if plane is FRONTAL or photo.facing == "right" else -1
    return _core(angles_of(body, plane, direction), photo.view)


def _core(values: dict[str, float], view: View) -> Array:
    return np.array([values[row.name] for row in MEASURES if row.core and row.plane is view.plane])


def _angles(pool: LandmarkerPool, photo: FigurePhoto, file: bytes) -> Array | None:
    found = outcome(pool, RequestOptions(), photo.view, file)
    if not isinstance(found, ViewMeasurement):
        return None
    return _core({name: reading.value for name, reading in found.angles.items()}, photo.view)


def _error(measured: Array | None, true: Array) -> Array | None:
    return None if measured is None else measured - true


def _cells(some: Iterable[_Turned], way: str) -> Iterator[str]:
    """For the front the MAE, for the side the SD, each as the mean over four angles, and how many were refused."""
    found = list(some)
    for view, figure in zip(VIEWS, (mean_absolute, sd), strict=True):
        errors = [of.errors[way] for of in found if of.view is view]
        measured = [error for error in errors if error is not None]
        yield f"{np.mean([figure(of) for of in np.transpose(measured)]):.2f}"
        yield f"{len(errors) - len(measured)} of {len(errors)}"


_BINS: tuple[tuple[str, Callable[[_Turned], bool]], ...] = (
    ("roll below 2", lambda of: abs(of.roll) < 2),
    ("roll of 2 to 4", lambda of: abs(of.roll) >= 2),
    ("pitch above -10", lambda of: of.pitch > -10),
    ("pitch of -10 to -16", lambda of: -16 < of.pitch <= -10),
    ("pitch below -16", lambda of: of.pitch <= -16),
    ("body in the middle", lambda of: of.place < 0.05),
    ("body beside it", lambda of: of.place >= 0.05),
)


def main() -> None:
    """The command line."""
    with LandmarkerPool(files.ready(), cores.available(), files.marker()) as pool:
        turned_cameras(figures(), pool)


if __name__ == "__main__":
    main()
