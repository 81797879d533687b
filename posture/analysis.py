"""The whole way from a request to a report."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from posture import angles, images, view
from posture.errors import VIEWS, PoseNotDetectedError, PostureError, View
from posture.estimate import Detect, estimate
from posture.report import PostureReport
from posture.request import PostureRequest


def analyze(request: PostureRequest, detect: Detect, run: Callable[..., Iterable[Any]] = map) -> PostureReport:
    """Measures both photos of a request.

    `run` is the built-in `map` or something like it that works on both photos at once. Raises PostureError when a
    photo is refused: that of the front photo if both are, with the advice for both.
    """
    front, side = run(partial(_outcome, detect), VIEWS, (request.front, request.side))
    if isinstance(front, PostureError):
        raise front.joined_by(side) if isinstance(side, PostureError) else front
    if isinstance(side, PostureError):
        raise side
    return PostureReport(front, side)


def _outcome(detect: Detect, photo: View, encoded: str) -> dict[str, float] | PostureError:
    """The angles of one photo, or why it is refused: both photos are judged, whatever becomes of the other."""
    try:
        return _measured(detect, photo, encoded)
    except PostureError as error:
        error.view = photo
        return error


def _measured(detect: Detect, photo: View, encoded: str) -> dict[str, float]:
    person = estimate(images.decode(encoded).pixels, detect)
    if person is None:
        raise PoseNotDetectedError
    return angles.measure(person, photo, view.direction(person, photo))
