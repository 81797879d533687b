"""Posture angles from two photographs of a standing person, one from the front and one from the side.

    import posture

    measurement = posture.measure("front.jpg", "side.jpg")
    measurement.front.angles["shoulder_tilt"].value    # degrees
    measurement.answer()                               # what the worker answers

    with posture.open_model() as model:                # opened once for many
        for front, side in pairs:
            posture.measure(front, side, model=model, mode="precise")

Importing it loads nothing heavy; that waits for the first call.
"""

import importlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from posture.analysis import Model
    from posture.angles import MEASURES, Measure
    from posture.comparison import Comparison, compare
    from posture.errors import (
        CODES,
        Finding,
        ImageError,
        InternalError,
        NotInstalledError,
        PoseNotDetectedError,
        PostureError,
        RequestError,
        UnfitPhotoError,
    )
    from posture.measurement import Measurement, Reading, ViewMeasurement
    from posture.models.files import ModelError
    from posture.models.mediapipe import LandmarkerPool
    from posture.options import Calibration, Level, Mode

__version__ = "0.2.0"

__all__ = [
    "CODES",
    "MEASURES",
    "Comparison",
    "Finding",
    "ImageError",
    "InternalError",
    "LandmarkerPool",
    "Measure",
    "Measurement",
    "ModelError",
    "NotInstalledError",
    "PoseNotDetectedError",
    "PostureError",
    "Reading",
    "RequestError",
    "UnfitPhotoError",
    "ViewMeasurement",
    "__version__",
    "compare",
    "measure",
    "open_model",
]

Source: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes]
"""A photo: the path of a JPEG or PNG file, its bytes, or an open binary file."""

# Public names, and the modules they come from, which are imported when one is asked for: `dataclasses` alone takes as
# long as all that is imported here.
_ON_DEMAND = {
    "CODES": "posture.errors",
    "MEASURES": "posture.angles",
    "Comparison": "posture.comparison",
    "Finding": "posture.errors",
    "ImageError": "posture.errors",
    "InternalError": "posture.errors",
    "LandmarkerPool": "posture.models.mediapipe",
    "Measure": "posture.angles",
    "Measurement": "posture.measurement",
    "ModelError": "posture.models.files",
    "NotInstalledError": "posture.errors",
    "PoseNotDetectedError": "posture.errors",
    "PostureError": "posture.errors",
    "Reading": "posture.measurement",
    "RequestError": "posture.errors",
    "UnfitPhotoError": "posture.errors",
    "ViewMeasurement": "posture.measurement",
    "compare": "posture.comparison",
}
_LIBRARIES = ("cv2", "mediapipe", "msgspec", "numpy")


def measure(  # noqa: PLR0913  each is an option of posture.options.Options
    front: Source,
    side: Source,
    *,
    model: "Model | None" = None,
    mode: "Mode" = "standard",
    strict: bool = True,
    calibration: "Calibration" = "none",
    level: "Level" = "auto",
    camera: Mapping[str, Mapping[str, float]] | None = None,
    camera_roll: Mapping[str, float] | None = None,
    mirrored: Mapping[str, bool] | None = None,
) -> "Measurement":
    """Measures one standing person in a photo from the front and a photo from the side.

    `front` and `side`: paths, bytes or open files of a JPEG or PNG each. `model`: from `open_model`, to measure many
    pairs with; without one, a model is opened for this call alone. The others are the options of a request, by the
    same names: `camera`, `camera_roll` and `mirrored` map the names of views to values.

    Raises PostureError (`code`, `view`, `problems`) when a photo cannot be measured or an option has no such value,
    OSError when a file cannot be read, ModelError when the model is missing, NotInstalledError without `[measure]`.
    """
    with _instrument():
        from posture.analysis import measure as analyze  # noqa: PLC0415
        from posture.options import Options, choose  # noqa: PLC0415
    given = {
        "mode": mode,
        "strict": strict,
        "calibration": calibration,
        "level": level,
        "camera": _plain({} if camera is None else camera),
        "camera_roll": _plain({} if camera_roll is None else camera_roll),
        "mirrored": {} if mirrored is None else mirrored,
    }
    options = choose(given, Options())
    photos = {"front": bytes_of(front), "side": bytes_of(side)}
    if model is not None:
        return analyze(photos, options, model)
    with open_model(len(photos)) as opened:
        return analyze(photos, options, opened)


def _plain(told: object) -> object:
    """What is told of cameras, with numpy's floats as Python's; anything else is left for the check."""
    if isinstance(told, Mapping):
        return {name: _plain(value) for name, value in told.items()}
    return float(told) if isinstance(told, float) else told


def open_model(landmarkers: int | None = None) -> "LandmarkerPool":
    """The models, to be closed, best by a `with` statement.

    `landmarkers`: how many pictures it measures at once, each on a core and in about 120 MB; one a core by default.
    Raises ModelError when the pose model's file is missing or damaged, NotInstalledError without `[measure]`,
    ValueError for less than one.
    """
    with _instrument():
        from posture import cores  # noqa: PLC0415
        from posture.models import files  # noqa: PLC0415
        from posture.models.mediapipe import LandmarkerPool  # noqa: PLC0415
    size = cores.available() if landmarkers is None else landmarkers
    return LandmarkerPool(files.ready(), size, files.marker(), files.face())


def bytes_of(photo: Source) -> bytes:
    """The bytes of a photo's file. Raises OSError where it cannot be read."""
    if isinstance(photo, (bytes, bytearray, memoryview)):
        return bytes(photo)
    if isinstance(photo, (str, os.PathLike)):
        from pathlib import Path  # noqa: PLC0415

        return Path(photo).read_bytes()
    return photo.read()


@contextmanager
def _instrument() -> Iterator[None]:
    """Around imports of what needs the extra `[measure]`."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in _LIBRARIES:
            raise
        from posture.errors import NotInstalledError  # noqa: PLC0415

        raise NotInstalledError(
            f"Measuring needs {error.name}, which is not installed. Run: pip install 'posture-measurement[measure]', "
            "or in a checkout: pip install '.[measure]'"
        ) from None


def __getattr__(name: str) -> object:
    if name not in _ON_DEMAND:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with _instrument():
        return getattr(importlib.import_module(_ON_DEMAND[name]), name)
