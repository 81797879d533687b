"""What a measurement yields."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from posture import evidence
from posture.angles import Measure
from posture.camera import Camera
from posture.errors import Finding
from posture.landmarks import Array, Landmarks
from posture.options import OVERLAY, Calibration, Options
from posture.views import View

Line: TypeAlias = tuple[tuple[float, float], ...]  # points, (x, y) in pixels of the upright photo as it was sent


@dataclass(frozen=True)
class Reading:
    """What one measure read off one photo, in the measure's unit.

    `measure`: as it was read, from the source that was found. `calibration`: what moved landmarks for the `value`;
    `uncalibrated`: the same from the model's own landmarks; `uncertainty`: of the value, expanded, k = 1.96
    (posture.evidence). `line`: the points that it was read from, middles formed. `reference`: what the line is compared
    with, two points: from the line's first, as long as the line. Both are in pixels of the upright photo as it was
    sent, x to the right and y downwards.
    """

    measure: Measure
    calibration: Calibration
    value: float
    uncalibrated: float
    uncertainty: float
    line: Line
    reference: Line

    @property
    def repeatability_limit(self) -> float:
        """What 95 % of the differences between two photos of the same stance stay within, in the measure's unit.

        The square root of 2 times the uncertainty (ISO 5725-6).
        """
        return math.sqrt(2) * self.uncertainty

    @property
    def validity(self) -> Mapping[str, float]:
        """How the value's measure compares with the truth, with its calibration: posture.evidence.validity."""
        return evidence.validity(self.calibration, self.measure.plane, self.measure.key)

    @property
    def note(self) -> str:
        """What whoever uses the value must know of its measure."""
        calibrated = self.measure.calibrated_note if self.calibration != "none" else ""
        return calibrated or self.measure.note

    @property
    def trust(self) -> str:
        """How far the value can be trusted: a word of posture.evidence.TRUST."""
        return evidence.trust(self.uncertainty, self.validity["correlation"])


@dataclass(frozen=True, eq=False)
class ViewMeasurement:
    """What was measured in one photo.

    `angles`: the readings that every answer holds, by name, and `measures`: the others. `landmarks`: in pixels of the
    upright photo at its full size, whatever the camera did; `scatter`: (33,) how far the looks at each lie around their
    mean, in the same pixels; `people`: there too, the person at each look, and everybody else whom any look found.
    `warnings`: what the client should know of the photo. `near_side` ("left", "right"): the
    side of the body that is seen, and `facing` where the person faces in the picture as it was sent; None where both
    sides are seen alike. `quality`: the figures that the judgement rests on, counts as int. `width`, `height`: of the
    upright photo in pixels; `orientation`: the EXIF orientation that was applied. `file`: the photo as it was sent,
    which the overlay shows.
    """

    view: View
    angles: Mapping[str, Reading]
    measures: Mapping[str, Reading]
    landmarks: Landmarks
    scatter: Array
    people: Sequence[Landmarks]
    warnings: tuple[Finding, ...]
    camera: Camera
    near_side: str | None
    facing: str | None
    quality: Mapping[str, float]
    width: int
    height: int
    orientation: int
    file: bytes = field(repr=False)


@dataclass(frozen=True, eq=False)
class Measurement:
    """What was measured in the photos of one person.

    `views`: by the view's name. `options`: how it was measured. `model`: the model's name and digest. `version`: of
    this package.
    """

    views: Mapping[str, ViewMeasurement]
    options: Options
    model: str
    version: str

    @property
    def front(self) -> ViewMeasurement:
        """What was measured in the front photo."""
        return self.views["front"]

    @property
    def side(self) -> ViewMeasurement:
        """What was measured in the side photo."""
        return self.views["side"]

    def overlay(self, view: str, size: int = OVERLAY, blur_face: bool = False) -> bytes:  # noqa: FBT001, FBT002
        """The photo of a view with what was measured in it drawn over: a JPEG file.

        `size`: its longer side in pixels, 256 to 2048, or the photo's own if that is less. `blur_face`: whether the
        head of everybody who was found is covered. KeyError for another view, ValueError for another size.
        """
        from posture import overlay  # noqa: PLC0415  what nobody asks for is not loaded

        return overlay.draw(self.views[view], size, blur_face=blur_face).data

    def answer(
        self,
        include: Collection[str] = (),
        language: str = "en",
        overlay_size: int = OVERLAY,
        *,
        blur_face: bool = False,
    ) -> dict[str, Any]:
        """The worker's answer, as JSON takes it.

        `include`: what it holds beyond the angles, and the `language` of its sentences, as in a request;
        `overlay_size` and `blur_face`: as in `overlay`.
        Raises ValueError for what a request could not have.
        """
        from posture.wire.answer import success  # noqa: PLC0415  the wire knows measurements, not the reverse

        return success(self, include, language, overlay_size, blur_face=blur_face)

    def report(self, label: str = "", language: str = "en", *, blur_face: bool = False) -> str:
        """The report on this one visit as HTML, a page when it is printed; `label`: what the visit is called.

        `blur_face`: of its pictures, as in `overlay`. Raises ValueError for a label that cannot be printed in a line,
        and a language that there is not.
        """
        from posture.report import INCLUDE, Visit, page  # noqa: PLC0415  as above

        return page([Visit(label, self.answer(INCLUDE, blur_face=blur_face))], language)
