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
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from bench.accuracy.errors import Array, mean_absolute, sd
from bench.accuracy.retakes import jpeg
from bench.accuracy.tables import table
from posture import cores
from posture.analysis import outcome
from posture.camera import DIAGONAL_35MM, Camera, up_of
from posture.exif import tilt_of
from posture.landmarks import Landmarks, Pixels
from posture.measurement import ViewMeasurement
from posture.models import files
from posture.models.mediapipe import LandmarkerPool
from posture.views import VIEWS, View
from posture.wire.request import RequestOptions
from testing.cameras import rotation, turned_camera
from testing.exif_files import apple_note, jpeg_that_says, phone_axes, tiff
from testing.figures import FigurePhoto, Shot, figures, measures_of
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
    turned, body = turned_camera(pixels, shot.body, shot.focal, added, _ROOM)
    roll, pitch = tilt_of(added @ up_of(shot.roll, shot.pitch))
    level = Camera(roll=shot.roll, pitch=shot.pitch, focal_35mm=_focal_35mm(shot, pixels))
    level_turned = Camera(roll=roll, pitch=pitch, focal_35mm=_focal_35mm(shot, turned))
    plain, plain_turned = (_angles(pool, photo, _file(shown)) for shown in (pixels, turned))
    told = _angles(pool, photo, _file(pixels, level))
    told_turned = _angles(pool, photo, _file(turned, level_turned))
    true, true_level, true_turned = (
        measures_of(seen, photo.view, photo.facing)
        for seen in (shot.body, _righted(level, shot.body, pixels), _righted(level_turned, body, turned))
    )
    return _Turned(
        photo.view,
        roll,
        pitch,
        abs(float(body.middle("left_hip", "right_hip")[0]) / turned.shape[1] - 0.5),
        {
            "as it is, in the picture": _error(plain, true),
            "as it is, told": _error(told, true_level),
            "as it is, not told": _error(plain, true_level),
            "turned, told": _error(told_turned, true_turned),
            "turned, not told": _error(plain_turned, true_turned),
        },
    )


def _righted(camera: Camera, body: Landmarks, pixels: Pixels) -> Landmarks:
    height, width = pixels.shape[:2]
    return camera.righted(body, width, height)


def _focal_35mm(shot: Shot, pixels: Pixels) -> float:
    return shot.focal * DIAGONAL_35MM / math.hypot(*pixels.shape[:2])


def _file(pixels: Pixels, camera: Camera | None = None) -> bytes:
    file = jpeg(Image.fromarray(pixels))
    if camera is None:
        return file
    note = apple_note(phone_axes(up_of(camera.roll, camera.pitch)))
    return jpeg_that_says(tiff(1, note, round(camera.focal_35mm or 0)), picture=file)


def _angles(pool: LandmarkerPool, photo: FigurePhoto, file: bytes) -> dict[str, float] | None:
    """What the worker reads of this photo; None where it refuses it."""
    found = outcome(pool, RequestOptions(), photo.view, file)
    if not isinstance(found, ViewMeasurement):
        return None
    return {name: reading.value for name, reading in found.angles.items()}


def _error(measured: dict[str, float] | None, true: dict[str, float]) -> Array | None:
    return None if measured is None else np.array([value - true[name] for name, value in measured.items()])


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
