"""What a measurement yields and its JSON form, for success and for refusal."""

from dataclasses import dataclass
from typing import Any

from posture.errors import PostureError

DECIMALS = 2  # a hundredth of a degree is well below what a retake of the photo changes


@dataclass(frozen=True)
class PostureReport:
    """The angles of both views by name, in degrees; see `posture.angles.MEASURES`."""

    front_view: dict[str, float]
    side_view: dict[str, float]


def success(report: PostureReport) -> dict[str, Any]:
    """The answer to a job that was measured."""
    return {
        "status": "success",
        "data": {"front_view": _rounded(report.front_view), "side_view": _rounded(report.side_view)},
        "message": "Posture analysis completed successfully",
    }


def failure(error: PostureError) -> dict[str, Any]:
    """The answer to a job that was refused."""
    return {
        "status": "error",
        "code": error.code,
        "view": error.view,
        "message": error.advice,
        "error": str(error),
    }


def _rounded(angles: dict[str, float]) -> dict[str, float]:
    return {name: round(value, DECIMALS) + 0.0 for name, value in angles.items()}  # + 0.0 makes -0.0 plain
