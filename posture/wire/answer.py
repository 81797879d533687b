"""The JSON of answers, for success and for refusal."""

import base64
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, get_args

from posture.errors import Finding, InternalError, PostureError
from posture.landmarks import NAMES
from posture.measurement import Line, Measurement, Reading, ViewMeasurement
from posture.options import OVERLAY
from posture.wire.request import Include, RequestOptions
from posture.words import Language, sentence

DECIMALS = 2  # a hundredth of a degree is well below what a retake of the photo changes

CAMERA_UNKNOWN = "Nobody told how the camera was held: a roll of it would add its own size to every angle."


def success(  # noqa: PLR0913  what a request asks for
    measurement: Measurement,
    include: Collection[str] = (),
    language: Language = "en",
    overlay_size: int = OVERLAY,
    *,
    blur_face: bool = False,
    each: Callable[..., Iterable[Any]] = map,
) -> dict[str, Any]:
    """The answer to a job that was measured.

    `include`: what it holds beyond the angles, and the `language` of its sentences, as in a request. `overlay_size` and
    `blur_face`: of the overlays, as in a request; `each`: what draws them all, like `map`.
    What is measured in spite of warnings is never told without them.
    """
    if unknown := set(include) - {*get_args(Include)}:
        raise ValueError(f"an answer cannot include {', '.join(sorted(unknown))}")
    views, options = measurement.views.values(), measurement.options
    data: dict[str, Any] = {
        of.view.key: {name: _rounded(angle.value) for name, angle in of.angles.items()} for of in views
    }
    if include or not options.strict:
        data["details"] = {
            **{of.view.key: _details(of, include, language) for of in views},
            "mode": options.mode,
            "calibration": options.calibration,
            "level": options.level,
            "model": measurement.model,
            "version": measurement.version,
        }
    if "overlay" in include:
        from posture import overlay  # noqa: PLC0415  what nobody asks for is not loaded

        drawn = each(partial(overlay.draw, size=overlay_size, blur_face=blur_face), views)
        for of, picture in zip(views, drawn, strict=True):
            data["details"][of.view.key]["overlay"] = {
                "media_type": "image/jpeg",
                "width": picture.width,
                "height": picture.height,
                "data": base64.b64encode(picture.data).decode("ascii"),
            }
    return {"status": "success", "data": data, "message": "Posture analysis completed successfully"}


def asked_for(
    measurement: Measurement, asked: RequestOptions, each: Callable[..., Iterable[Any]] = map
) -> dict[str, Any]:
    """The answer to a job that was measured, with what these options ask for. `each`: as in `success`."""
    return success(measurement, asked.include, asked.language, asked.overlay_size, blur_face=asked.blur_face, each=each)


def failure(error: PostureError) -> dict[str, Any]:
    """The answer to a job that was refused."""
    answer = {
        "status": "error",
        "code": error.code,
        "view": error.view,
        "message": error.advice,
        "error": str(error),
    }
    if isinstance(error, InternalError):
        return answer
    return answer | {"problems": [_problem(problem) for problem in error.problems]}


def _problem(finding: Finding) -> dict[str, Any]:
    return {"view": finding.view, "code": finding.code, "problem": finding.problem, "advice": finding.advice}


def _details(of: ViewMeasurement, include: Collection[str], language: Language) -> dict[str, Any]:
    details: dict[str, Any] = {"angles": _readings(of.angles, language)}
    if "measures" in include:
        details["measures"] = _readings(of.measures, language)
    if "landmarks" in include:
        details["landmarks"] = _landmarks(of)
    if of.near_side is not None:
        details |= {"near_side": of.near_side, "facing": of.facing}
    return details | {
        "quality": {name: value if isinstance(value, int) else _rounded(value) for name, value in of.quality.items()},
        "warnings": [
            {"code": finding.code, "message": finding.problem, "advice": finding.advice} for finding in of.warnings
        ],
        "image": {"width": of.width, "height": of.height, "orientation": of.orientation},
        "camera": _camera(of),
    }


def _camera(of: ViewMeasurement) -> dict[str, Any]:
    camera = of.camera
    told: dict[str, Any] = {
        "roll": _rounded(camera.roll),
        "pitch": _rounded(camera.pitch),
        "focal_35mm": None if camera.focal_35mm is None else _rounded(camera.focal_35mm),
        "mirrored": camera.mirrored,
        "source": camera.source,
        "homography": camera.homography(of.width, of.height).tolist(),
    }
    if camera.source == "unknown":
        told["note"] = CAMERA_UNKNOWN
    if camera.estimated is not None:
        told["estimated_roll"] = {
            "value": _rounded(camera.estimated.degrees),
            "uncertainty": _rounded(camera.estimated.uncertainty),
        }
    return told


def _readings(readings: Mapping[str, Reading], language: Language) -> dict[str, Any]:
    return {name: _reading(reading, language) for name, reading in readings.items()}


def _reading(reading: Reading, language: Language) -> dict[str, Any]:
    measure = reading.measure
    source = {"source": measure.source} if measure.source else {}
    return {
        "value": _rounded(reading.value),
        "uncalibrated": _rounded(reading.uncalibrated),
        "unit": measure.unit,
        "uncertainty": _rounded(reading.uncertainty),
        "repeatability_limit": _rounded(reading.repeatability_limit),
        "published_mdc": None if measure.published_mdc is None else asdict(measure.published_mdc),
        "validity": {**reading.validity, "note": reading.note},
        "trust": reading.trust,
        "meaning": measure.meaning,
        "sentence": sentence(reading, language),
        **source,
        "line": _line(reading.line),
        "reference": _line(reading.reference),
    }


def _line(line: Line) -> list[list[float]]:
    return [[_rounded(x), _rounded(y)] for x, y in line]


def _landmarks(of: ViewMeasurement) -> list[dict[str, Any]]:
    marks = of.landmarks
    return [
        {"name": name, "x": _rounded(x), "y": _rounded(y), "presence": round(float(presence), 3),
         "visibility": round(float(visibility), 3), "spread": _rounded(scatter)}
        for name, (x, y), presence, visibility, scatter in zip(
            NAMES, marks.points, marks.presence, marks.visibility, of.scatter, strict=True
        )
    ]  # fmt: skip


def _rounded(value: float) -> float:
    return round(float(value), DECIMALS) + 0.0  # + 0.0 makes -0.0 plain
