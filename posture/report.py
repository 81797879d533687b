"""What a measurement yields and its JSON form, for success and for refusal."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from posture import __version__, model
from posture.angles import MEASURES, Measure, near_side
from posture.camera import Camera
from posture.errors import PostureError, View
from posture.evidence import reliability
from posture.images import Photo
from posture.judge import Scene
from posture.landmarks import NAMES, exchange_sides

DECIMALS = 2  # a hundredth of a degree is well below what a retake of the photo changes


@dataclass(frozen=True, eq=False)
class ViewReport:
    """What was measured in one photo.

    `values`: every measure of the view by name, in its unit; `plain`: the same from the model's own landmarks, where
    a calibration moved some. `uncertainty`: of each value. `direction`: as in posture.angles.measure. `warnings`: code
    and sentence.
    """

    scene: Scene
    photo: Photo
    camera: Camera
    direction: int
    values: Mapping[str, float]
    plain: Mapping[str, float]
    uncertainty: Mapping[str, float]
    warnings: Sequence[tuple[str, str]]

    @property
    def view(self) -> View:
        """Which of the two photos it is."""
        return self.scene.view


@dataclass(frozen=True)
class PostureReport:
    """Both photos' measurements, and what of them the client asked to see beyond the angles."""

    front: ViewReport
    side: ViewReport
    include: frozenset[str] = frozenset()


def success(report: PostureReport) -> dict[str, Any]:
    """The answer to a job that was measured."""
    data: dict[str, Any] = {f"{photo.view}_view": _angles(photo) for photo in (report.front, report.side)}
    if report.include:
        data["details"] = {
            **{f"{photo.view}_view": _details(photo, report.include) for photo in (report.front, report.side)},
            "model": f"{model.NAME} sha256:{model.SHA256}",
            "version": __version__,
        }
    return {"status": "success", "data": data, "message": "Posture analysis completed successfully"}


def failure(error: PostureError) -> dict[str, Any]:
    """The answer to a job that was refused."""
    return {
        "status": "error",
        "code": error.code,
        "view": error.view,
        "message": error.advice,
        "error": str(error),
    }


def _angles(photo: ViewReport) -> dict[str, float]:
    return {row.name: _rounded(photo.values[row.name]) for row in _rows(photo.view, core=True)}


def _details(report: ViewReport, include: frozenset[str]) -> dict[str, Any]:
    details: dict[str, Any] = {"angles": {row.name: _value(row, report) for row in _rows(report.view, core=True)}}
    if "measures" in include:
        details["measures"] = {row.name: _value(row, report) for row in _rows(report.view, core=False)}
    if "landmarks" in include:
        details["landmarks"] = _landmarks(report)
    if report.view == "side":
        details |= {"near_side": near_side(report.direction), "facing": _facing(report)}
    photo, camera = report.photo, report.camera
    return details | {
        "quality": {name: _rounded(value) for name, value in report.scene.quality().items()},
        "warnings": [{"code": code, "message": message} for code, message in report.warnings],
        "image": {"width": photo.width, "height": photo.height, "orientation": photo.orientation},
        "camera": {"roll": camera.roll, "mirrored": camera.mirrored},
    }


def _facing(report: ViewReport) -> str:
    """Where the person faces in the picture as it was sent."""
    return "right" if (report.direction > 0) != report.camera.mirrored else "left"


def _value(row: Measure, report: ViewReport) -> dict[str, Any]:
    uncertainty = report.uncertainty[row.name]
    return {
        "value": _rounded(report.values[row.name]),
        "uncalibrated": _rounded(report.plain[row.name]),
        "unit": row.unit,
        "uncertainty": _rounded(uncertainty),
        "minimal_detectable_change": _rounded(math.sqrt(2) * uncertainty),
        "reliability": {**reliability(report.view, row.name), "note": row.note},
        "meaning": row.meaning,
    }


def _landmarks(report: ViewReport) -> list[dict[str, Any]]:
    """Where they lie in the upright photo at its full size, in pixels, whatever the camera did."""
    scale = report.photo.width / report.scene.width, report.photo.height / report.scene.height
    seen = report.scene.estimate.mean
    spread = scale[0] * report.scene.estimate.spread
    if report.camera.mirrored:
        seen, spread = seen.renamed(), exchange_sides(spread)
    return [
        {"name": name, "x": _rounded(x), "y": _rounded(y), "presence": round(float(presence), 3),
         "visibility": round(float(visibility), 3), "spread": _rounded(distance)}
        for name, (x, y), presence, visibility, distance in zip(
            NAMES, seen.points * scale, seen.presence, seen.visibility, spread, strict=True
        )
    ]  # fmt: skip


def _rows(view: View, *, core: bool) -> list[Measure]:
    return [row for row in MEASURES if row.view == view and row.core == core]


def _rounded(value: float) -> float:
    return round(float(value), DECIMALS) + 0.0  # + 0.0 makes -0.0 plain
