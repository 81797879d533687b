"""What people see of a measurement: lines where the numbers were read, and text that can be read beside them."""

import base64
import io
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from posture import images, overlay
from posture.analysis import measure
from posture.angles import OFFSET
from posture.drawing import PLUMB, Box, Color, Drawing, Stroke, Text, layout
from posture.errors import CODES, Finding
from posture.landmarks import Array, Landmarks, Pixels
from posture.measurement import Measurement, ViewMeasurement
from posture.options import LARGEST_OVERLAY, SMALLEST_OVERLAY
from posture.views import VIEWS, View
from posture.wire.request import parse
from testing import builders
from testing.builders import FRONT_PHOTO, SIDE_PHOTO, SIZE, FakePool, detect_by, landmarks
from testing.pictures import encoded, file_bytes, mirror, pixels_of
from tests.posture.people import for_each_view, measured, turned, with_whole_head

# An angle of each kind that is far from nothing, and the head low beside the shoulders.
LEANING = {
    "left_shoulder": (590.0, 250.0), "right_shoulder": (430.0, 390.0), "left_hip": (520.0, 620.0),
    "right_hip": (450.0, 540.0), "left_ear": (660.0, 170.0), "right_ear": (600.0, 230.0), "nose": (640.0, 215.0),
}  # fmt: skip
PEOPLE = {
    "upright": builders.detect,
    "leaning": detect_by(red=[landmarks(builders.FRONT, **LEANING)], lime=[landmarks(builders.SIDE, **LEANING)]),
    "at the edge": detect_by(
        red=[landmarks(builders.FRONT).shifted(-415, -178)], lime=[landmarks(builders.SIDE).shifted(435, 135)]
    ),
    "small": detect_by(red=[landmarks(builders.FRONT).moved(0, 0.15)], lime=[landmarks(builders.SIDE).moved(0, 0.15)]),
}
UNFIT = {
    "lying": detect_by(
        red=[landmarks(builders.FRONT).moved(-90, center=(500, 550))],
        lime=[landmarks(builders.SIDE).moved(90, center=(500, 550))],
    ),
    "exchanged": detect_by(red=[landmarks(builders.SIDE)], lime=[landmarks(builders.FRONT)]),
}
CAMERAS: dict[str, dict[str, Any]] = {
    "untold": {},
    "rolled": {"camera_roll": {"front": 12, "side": -9}},
    "looking down": {"camera": {"front": {"pitch": -25, "focal_35mm": 24}, "side": {"pitch": -14, "roll": 3}}},
    "mirrored": {"mirrored": {"front": True, "side": True}},
    "mirrored and rolled": {"mirrored": {"front": True, "side": True}, "camera_roll": {"front": -5, "side": 7}},
}
# So far that some of the photo lies behind the level camera.
BEYOND = {"far beyond": {"camera": {view.name: {"pitch": -45, "focal_35mm": 13, "roll": 20} for view in VIEWS}}}
EVERYTHING = tuple(
    Finding(
        code, f"the {number}th of many things that may be wrong with a photo, in a sentence.", "Do it anew.", "front"
    )
    for number, code in enumerate(CODES)
)
CLOTHES = {"bright": ("white", "ivory"), "dark": ("black", "midnightblue"), "striped": ("black", "white")}


def views_of(people: str = "upright", camera: str = "untold", photos: Sequence[str] = ()) -> list[ViewMeasurement]:
    """Both views of one of these people, taken by one of these cameras, measured whatever is wrong with the photo."""
    front, side = photos or (FRONT_PHOTO, SIDE_PHOTO)
    measurement = measured({**PEOPLE, **UNFIT}[people], front, side, strict=False, **{**CAMERAS, **BEYOND}[camera])
    return [replace(of, warnings=()) for of in measurement.views.values()]


def worn(of: ViewMeasurement, clothes: str, side: int) -> ViewMeasurement:
    """The same person measured in a photo of that longer side in pixels, all of it such clothes."""
    factor = side / max(SIZE)
    width, height = round(SIZE[0] * factor), round(SIZE[1] * factor)
    image = Image.new("RGB", (width, height), CLOTHES[clothes][0])
    draw = ImageDraw.Draw(image)
    for top in range(0, height, max(2, height // 60)):
        draw.rectangle((0, top, width, top + height // 120), fill=CLOTHES[clothes][1])
    file = file_bytes(image, "JPEG", quality=90)

    def larger(readings: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: replace(
                reading,
                line=tuple((x * factor, y * factor) for x, y in reading.line),
                reference=tuple((x * factor, y * factor) for x, y in reading.reference),
            )
            for name, reading in readings.items()
        }

    return replace(
        of,
        angles=larger(of.angles),
        measures=larger(of.measures),
        landmarks=of.landmarks.moved(0, factor),
        people=[person.moved(0, factor) for person in of.people],
        width=width,
        height=height,
        file=file,
    )


def drawn(of: ViewMeasurement, size: int = 1024, *, blur_face: bool = False) -> Pixels:
    return pixels_of(overlay.draw(of, size, blur_face=blur_face).data)


def expected(drawing: Drawing, points: Any) -> Array:
    """Where points of the photo lie on the overlay, by the homography that it tells of."""
    there: Array = cv2.perspectiveTransform(np.array([points], np.float64), drawing.homography)[0]
    return there


def luminance(pixels: Pixels) -> Array:
    """Relative luminance, as WCAG 2.2 defines it, 0 to 1."""
    shares = pixels / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    relative: Array = linear @ np.array([0.2126, 0.7152, 0.0722])
    return relative


def contrast(one: float, other: float) -> float:
    bright, dark = max(one, other), min(one, other)
    return (bright + 0.05) / (dark + 0.05)


def overlaps(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def face_of(of: ViewMeasurement, drawing: Drawing) -> NDArray[np.float32]:
    """The outline of eyes, nose and mouth on the overlay."""
    names = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
    points = expected(drawing, [of.landmarks.middle(name) for name in names])
    return cv2.convexHull(points.astype(np.float32)).astype(np.float32)


# The longer sides of photo and overlay.
every_size = pytest.mark.parametrize(
    ("photo", "size"), [(400, 256), (400, 1024), (1080, 1024), (4000, 256), (4000, 1024), (1080, 2048)]
)
every_camera = pytest.mark.parametrize("camera", CAMERAS)
every_person = pytest.mark.parametrize("people", PEOPLE)


@every_camera
@every_person
def test_lines_run_through_the_points_that_were_read(people: str, camera: str) -> None:
    for of in views_of(people, camera):
        drawing = layout(of)
        strokes = {stroke.name: stroke for stroke in drawing.strokes}
        for name, reading in of.angles.items():
            for stroke, points in ((strokes[name], reading.line), (strokes[f"{name} reference"], reading.reference)):
                assert np.array(stroke.points) == pytest.approx(expected(drawing, points), abs=0.01)
        offsets = [reading for reading in of.measures.values() if reading.measure.kind is OFFSET]
        foot, top = strokes[PLUMB].points
        assert [*foot] == pytest.approx(expected(drawing, [offsets[0].line[0]])[0].tolist(), abs=0.01)
        assert foot[0] == pytest.approx(top[0], abs=0.01)
        assert top[1] < foot[1]


@every_size
@pytest.mark.parametrize("clothes", CLOTHES)
def test_the_lines_are_seen_where_they_should_be_on_all_clothes(clothes: str, photo: int, size: int) -> None:
    for of in views_of("leaning"):
        worn_ = worn(of, clothes, photo)
        drawing, pixels = layout(worn_, size), drawn(worn_, size).astype(int)
        lines = [stroke for stroke in drawing.strokes if stroke.name in of.angles]
        assert len(lines) == 4
        for stroke in lines:
            for x, y in stroke.points:
                ending = [other.color for other in lines if (x, y) in other.points]
                around = pixels[math.floor(y) - 1 : math.floor(y) + 2, math.floor(x) - 1 : math.floor(x) + 2]
                assert min(np.abs(around - color).max(axis=2).min() for color in ending) < 40, (stroke.name, x, y)
            (x, y), (end_x, end_y) = stroke.points[0], stroke.points[-1]
            along = np.linspace(0, 1, 200)[:, np.newaxis] * (end_x - x, end_y - y) + (x, y)
            seen = [np.abs(pixels[math.floor(y), math.floor(x)] - stroke.color).max() < 60 for x, y in along]
            # A third is enough of what is dashed, or lies under another line.
            assert np.mean(seen) > 0.3, stroke.name


# Of linear RGB, as it is seen without one of the three kinds of cones: G. M. Machado, M. M. Oliveira, L. A. F.
# Fernandes, A physiologically-based model for simulation of color vision deficiency (2009), severity 1,
# doi:10.1109/TVCG.2009.113.
EYES = {
    "all cones": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                            [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip


def seen_by(eyes: str, color: Color) -> Array:
    """A color as these eyes see it, in CIELAB."""
    linear = np.clip(EYES[eyes] @ (np.array(color) / 255) ** 2.2, 0, 1)
    pixel = (linear ** (1 / 2.2)).astype(np.float32).reshape(1, 1, 3)
    seen: Array = cv2.cvtColor(pixel, cv2.COLOR_RGB2LAB)[0, 0].astype(np.float64)
    return seen


@pytest.mark.parametrize("eyes", EYES)
def test_the_lines_of_a_view_are_told_apart_by_all_eyes(eyes: str) -> None:
    for of in views_of():
        drawing = layout(of)
        colors = {name: seen_by(eyes, stroke_of(drawing, name).color) for name in (*of.angles, PLUMB)}
        for one, other in itertools.combinations(colors, 2):
            assert np.linalg.norm(colors[one] - colors[other]) > 15, (one, other)  # about 2 can just be seen
        if "back_tilt" in colors:  # beside each other
            assert np.linalg.norm(colors["back_tilt"] - colors["body_tilt"]) > 90


@pytest.mark.parametrize("clothes", CLOTHES)
def test_every_line_stands_out_from_the_clothes_or_its_edge_does(clothes: str) -> None:
    for of in views_of():
        drawing = layout(worn(of, clothes, 1080))
        for stroke in drawing.strokes:
            color, edge = (float(luminance(np.array(part, np.uint8))) for part in (stroke.color, stroke.edge))
            assert contrast(color, edge) >= 2.9  # Okabe and Ito's purple has the least
            for under in CLOTHES[clothes]:
                below = float(luminance(np.asarray(Image.new("RGB", (1, 1), under)))[0, 0])
                assert max(contrast(color, below), contrast(edge, below)) >= 2.9


@pytest.mark.parametrize("camera", [*CAMERAS, *BEYOND])
@every_person
def test_no_text_is_on_the_photo_on_other_text_or_outside(people: str, camera: str) -> None:
    for of, size in itertools.product(views_of(people, camera), (SMALLEST_OVERLAY, LARGEST_OVERLAY)):
        for warned in (of, replace(of, warnings=EVERYTHING)):
            drawing = layout(warned, size)
            boxes = [text.box for text in drawing.texts]
            assert len(boxes) >= 6
            for box, other in itertools.combinations([*boxes, drawing.photo], 2):
                assert not overlaps(box, other), (box, other)
            for left, top, right, bottom in boxes:
                assert 0 <= left < right <= drawing.width
                assert 0 <= top < bottom <= drawing.height


@pytest.mark.parametrize("flip", [False, True])
@every_camera
@pytest.mark.parametrize("people", [*PEOPLE, *UNFIT])
def test_nothing_but_the_lines_that_were_read_there_is_on_the_face(people: str, camera: str, *, flip: bool) -> None:
    photos = [
        encoded(mirror(Image.fromarray(pixels_of(base64.b64decode(photo))))) for photo in (FRONT_PHOTO, SIDE_PHOTO)
    ]
    for of in views_of(people, camera, photos if flip else ()):
        drawing = layout(of)
        face = face_of(of, drawing)
        assert len(drawing.leaders) == 5
        for leader in drawing.leaders:
            (x, y), (end_x, end_y) = leader.points
            # All but its very beginning, which is on the line that it belongs to.
            for part in np.linspace(0.02, 1, 100):
                point = x + part * (end_x - x), y + part * (end_y - y)
                assert cv2.pointPolygonTest(face, point, measureDist=False) < 0, leader.name


@every_size
def test_every_label_stands_out_from_what_lies_under_it(photo: int, size: int) -> None:
    for of in views_of("leaning", "rolled"):
        of = replace(worn(of, "dark", photo), warnings=EVERYTHING[:3])  # noqa: PLW2901
        drawing, seen = layout(of, size), luminance(drawn(of, size))
        for text in drawing.texts:
            left, top, right, bottom = text.box
            inked = seen[top:bottom, left:right]
            if text.bar:
                bar = max(2, drawing.letters // 5) + 2
                inked = inked[:, bar:] if text.flush == "left" else inked[:, :-bar]
            # Letters cover less than a half of their box, so that the median is what lies under them.
            assert contrast(float(np.median(inked)), float(inked.min())) >= 4.5, text.name


@every_camera
@for_each_view
def test_the_photo_lies_under_its_lines(view: View, camera: str) -> None:
    of = replace(views_of("upright", camera)[VIEWS.index(view)], angles={}, measures={})
    image = Image.new("RGB", SIZE, "gray")
    spots = [(250.0, 400.0), (700.0, 450.0), (610.0, 850.0)]  # away from the skeleton
    for x, y in spots:
        ImageDraw.Draw(image).ellipse((x - 12, y - 12, x + 12, y + 12), fill="magenta")
    for orientation, stored in {1: image, 6: image.transpose(Image.Transpose.ROTATE_90)}.items():
        shown = replace(of, file=file_bytes(stored, "JPEG", quality=95), orientation=orientation)
        drawing, pixels = layout(shown), drawn(shown)
        seen = np.all(np.abs(pixels.astype(int) - (255, 0, 255)) < 90, axis=2)
        found = cv2.connectedComponentsWithStats(seen.astype(np.uint8))[3][1:] + 0.5
        left, top, right, bottom = drawing.photo
        there = [
            at for at in expected(drawing, spots) if left + 20 < at[0] < right - 20 and top + 20 < at[1] < bottom - 20
        ]
        assert len(there) >= 2
        for at in there:
            assert np.linalg.norm(found - at, axis=1).min() < 1.5


def test_what_a_level_camera_would_not_have_seen_is_neutral() -> None:
    for camera in ("rolled", "looking down", "far beyond"):
        for of in views_of("upright", camera):
            lime = file_bytes(Image.new("RGB", SIZE, "lime"), "JPEG")
            alone = replace(of, file=lime, angles={}, measures={})
            drawing, pixels = layout(alone), drawn(alone)
            left, top, right, bottom = drawing.photo
            there = np.indices((bottom - top, right - left))[::-1].reshape(2, -1) + np.array([[left], [top]]) + 0.5
            rays = np.linalg.inv(drawing.homography) @ np.vstack([there, np.ones(there.shape[1])])
            x, y = rays[:2] / rays[2]
            outside = (rays[2] <= 0) | (x < -5) | (y < -5) | (x > SIZE[0] + 5) | (y > SIZE[1] + 5)
            shown = pixels[top:bottom, left:right].reshape(-1, 3).astype(int)
            green = shown[:, 1] - shown[:, 0] > 100
            assert np.mean(green[outside]) < 0.005, camera
            assert np.mean(green[~outside]) > 0.5, camera


@pytest.mark.parametrize(
    ("width", "height"), [(300, 400), (400, 300), (1080, 1440), (4000, 3000), (1000, 110), (110, 1000)]
)
def test_the_longer_side_is_as_asked_for_or_the_photos_own(width: int, height: int) -> None:
    people = {
        name: [landmarks(points).moved(0, min(width / 1000, height / 1100))]
        for name, points in (("red", builders.FRONT), ("lime", builders.SIDE))
    }

    def seen(pixels: Pixels) -> list[Landmarks]:
        scale = pixels.shape[1] / width
        return [person.moved(0, scale) for person in people["red" if pixels[0, 0, 0] > 128 else "lime"]]

    photos = {
        name: encoded(Image.new("RGB", (width, height), color), "JPEG")
        for name, color in (("front", "red"), ("side", "lime"))
    }
    for of in measured(seen, **photos, mode="fast", strict=False).views.values():
        for size in (SMALLEST_OVERLAY, 1000, LARGEST_OVERLAY):
            made = overlay.draw(of, size)
            side = max(SMALLEST_OVERLAY, min(size, max(width, height)))
            assert side - 1 <= max(made.width, made.height) <= side
            assert pixels_of(made.data).shape == (made.height, made.width, 3)


def test_a_size_that_there_is_not_is_refused() -> None:
    for size in (SMALLEST_OVERLAY - 1, LARGEST_OVERLAY + 1):
        with pytest.raises(ValueError, match="256 to 2048 pixels"):
            overlay.draw(views_of()[0], size)


def test_it_is_a_jpeg_without_metadata() -> None:
    for of in views_of():
        image = Image.open(io.BytesIO(overlay.draw(of).data))
        assert image.format == "JPEG"
        assert not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


# What can be trusted little


def text_of(drawing: Drawing, name: str) -> Text:
    return next(text for text in drawing.texts if text.name == name)


def stroke_of(drawing: Drawing, name: str) -> Stroke:
    return next(stroke for stroke in drawing.strokes if stroke.name == name)


def test_labels_tell_value_and_uncertainty_and_what_can_be_trusted_little() -> None:
    front, side = views_of()
    tilt = replace(front.angles["shoulder_tilt"], value=-2.344, uncertainty=0.746)
    unsure = replace(front.angles["body_tilt"], value=0.04, uncertainty=2.9)
    wide = replace(front.angles["head_tilt"], value=11.96, uncertainty=3.2)
    # What an answer holds in hundredths is 9.65, so that its sentence says 9.7.
    exact = replace(front.angles["pelvic_tilt"], value=9.648, uncertainty=2.0459)
    changed = {"shoulder_tilt": tilt, "body_tilt": unsure, "head_tilt": wide, "pelvic_tilt": exact}
    told = replace(front, angles={**front.angles, **changed})
    drawing = layout(told)
    assert text_of(drawing, "shoulder_tilt").lines == ("shoulder tilt", "-2.3° ± 0.8°")
    assert text_of(drawing, "body_tilt").lines == ("body tilt", "0.0° ± 2.9°", "trust: fair")
    assert text_of(drawing, "pelvic_tilt").lines[1] == "+9.7° ± 2.0°"
    assert text_of(drawing, "head_tilt").lines == ("head tilt", "+12.0° ± 3.2°", "trust: poor")
    dashes = {name: stroke_of(drawing, name).dash for name in ("shoulder_tilt", "body_tilt", "head_tilt")}
    assert dashes["shoulder_tilt"] == (0, 0)
    assert len(set(dashes.values())) == 3
    assert text_of(drawing, "title").lines == ("front view",)
    assert text_of(layout(side), "title").lines == ("right side view",)


def test_a_line_that_can_be_trusted_little_is_broken() -> None:
    front, _ = views_of()
    white = worn(front, "bright", 1080)
    seen = {}
    for uncertainty in (0.1, 2.9, 9.0):
        # Below all other lines, so that nothing lies over it.
        sole = replace(white.angles["shoulder_tilt"], uncertainty=uncertainty, line=((200, 1000), (900, 1000)))
        of = replace(white, angles={"shoulder_tilt": sole})
        stroke = stroke_of(layout(of), "shoulder_tilt")
        (x, y), (end, _) = stroke.points
        along = drawn(of)[math.floor(y), math.ceil(x) : math.floor(end)].astype(int)
        seen[uncertainty] = np.mean(np.abs(along - stroke.color).max(axis=1) < 60)
    assert seen[0.1] > 0.9
    assert 0.85 > seen[2.9] > seen[9.0] + 0.1 > 0.3


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ({}, ("picture vertical", "camera tilt unknown")),
        ({"camera_roll": {"front": 0}}, ("plumb line",)),
    ],
)
def test_the_plumb_line_is_one_only_where_somebody_told_of_the_camera(options: Any, lines: tuple[str, ...]) -> None:
    of = measured(builders.detect, FRONT_PHOTO, SIDE_PHOTO, **options).front
    assert text_of(layout(of), PLUMB).lines == lines


def test_right_and_left_are_said_above_the_front_photo_alone() -> None:
    front, side = views_of()
    behind = replace(front, landmarks=front.landmarks.renamed())
    for of, first in ((front, "R"), (behind, "L")):
        left, right = sorted((text for text in layout(of).texts if text.name in ("R", "L")), key=lambda text: text.box)
        assert (left.name, right.name) in (("R", "L"), ("L", "R"))
        assert left.lines == (left.name,) == (first,)
    assert not {"R", "L"} & {text.name for text in layout(side).texts}


def test_warnings_are_told_in_words_or_where_there_are_many_by_their_codes() -> None:
    front, _ = views_of()
    blurred = Finding("photo_blurred", "the photo is blurred or shaken.", "Hold it still.", "front")
    cropped = Finding(
        "person_cropped", "the person is not wholly in the picture: feet missing or cut off.", "", "front"
    )
    told = layout(replace(front, warnings=(cropped, blurred)))
    assert " ".join(text_of(told, "warnings").lines) == (
        "Unfit: the person is not wholly in the picture: feet missing or cut off. Note: the photo is blurred or shaken."
    )
    for size in (SMALLEST_OVERLAY, 1024):
        many = layout(replace(front, warnings=EVERYTHING), size)
        assert " ".join(text_of(many, "warnings").lines) == ", ".join(CODES)
        assert many.height <= size
        assert many.photo[3] - many.photo[1] > 0.3 * size
    assert "warnings" not in {text.name for text in layout(front).texts}


def test_a_photo_that_would_be_refused_is_shown_with_the_reasons() -> None:
    oblique = detect_by(red=[turned(40)], lime=[landmarks(builders.SIDE)])
    front = measured(oblique, FRONT_PHOTO, SIDE_PHOTO, strict=False).front
    assert [finding.code for finding in front.warnings][:1] == ["oblique_view"]
    lines = text_of(layout(front), "warnings").lines
    assert lines[0].startswith("Unfit: the person is turned by about ")


# Heads


def with_heads(people: Sequence[Landmarks], size: tuple[int, int] = SIZE) -> bytes:
    """A photo in which the heads of these people, hair and chin included, are magenta and cyan in checks."""
    pixels = np.full((size[1], size[0], 3), 128, np.uint8)
    y, x = np.indices(pixels.shape[:2])
    for person in people:
        body = person.nose_to_ankle
        eyes, ears = person.middle("left_eye", "right_eye"), person.middle("left_ear", "right_ear")
        middle = (eyes + ears) / 2 - (0, 0.005 * body)
        # An adult's head is 0.16 of the distance from nose to ankles high and up to 0.14 wide or deep.
        within = ((x - middle[0]) / (0.07 * body)) ** 2 + ((y - middle[1]) / (0.085 * body)) ** 2 <= 1
        checks = (x // 4 + y // 4) % 2 == 0
        pixels[within & checks] = (255, 0, 255)
        pixels[within & ~checks] = (0, 255, 255)
    return file_bytes(Image.fromarray(pixels))


def colorful(pixels: Pixels) -> int:
    """How many pixels are of a head's colors, or of a mixture of them: bluish, and bright."""
    red, green, blue = np.moveaxis(pixels.astype(int), 2, 0)
    return int(np.count_nonzero((blue > 170) & (blue - np.minimum(red, green) > 60) & (red + green < 330)))


@pytest.mark.parametrize("camera", ["untold", "looking down", "mirrored and rolled"])
def test_no_part_of_any_head_is_left_where_it_is_to_be_covered(camera: str) -> None:
    somebody = with_whole_head(builders.FRONT)
    crowd = [somebody, somebody.moved(0, 0.7).shifted(600, 200)]
    profile = [with_whole_head(builders.SIDE)]
    for of, people in zip(views_of("upright", camera), (crowd, profile), strict=True):
        plain = replace(of, people=people, file=with_heads(people), angles={}, measures={})
        assert colorful(drawn(plain)) > 500
        assert colorful(drawn(plain, blur_face=True)) == 0
        assert colorful(drawn(plain, LARGEST_OVERLAY, blur_face=True)) == 0


def test_everybody_whom_a_look_has_found_is_covered() -> None:
    crowd = [with_whole_head(builders.FRONT), with_whole_head(builders.FRONT).moved(0, 0.9).shifted(SIZE[0], 0)]
    photo = builders.photo("red", (2 * SIZE[0], SIZE[1]))

    def seen(pixels: Pixels) -> list[Landmarks]:
        height, width = pixels.shape[:2]
        return [person.moved(0, height / SIZE[1]) for person in (crowd if width > height else crowd[:1])]

    of = measured(seen, photo, SIDE_PHOTO, strict=False, mode="fast").front
    assert [finding.code for finding in of.warnings][:1] == ["several_people"]
    drawing = layout(of)
    pixels = drawn(of, blur_face=True)
    for person in crowd:
        x, y = expected(drawing, [person.middle("left_eye", "right_eye") - (0, 30)])[0]
        assert np.abs(pixels[int(y), int(x)].astype(int) - 112).max() < 20


# The second time that a file is decoded


def measurement(**options: Any) -> Measurement:
    request = parse({"input": {"front": FRONT_PHOTO, "side": SIDE_PHOTO, **options}})
    return measure(request.photos, request.options, FakePool(builders.detect))


def test_a_file_is_decoded_again_for_an_overlay_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []
    shown = images.shown

    def counted(data: bytes, orientation: int, side: int) -> Pixels:
        decoded.append(side)
        return shown(data, orientation, side)

    monkeypatch.setattr(images, "shown", counted)
    told = measurement()
    told.answer(["details", "landmarks", "measures"])
    assert decoded == []
    told.answer(["overlay"], overlay_size=500)
    assert len(decoded) == 2
    assert max(decoded) <= 500


def test_the_numbers_are_the_same_with_and_without_an_overlay() -> None:
    told = measurement()
    plain, drawn_ = told.answer(["details"]), told.answer(["overlay"], blur_face=True)
    for view in VIEWS:
        assert drawn_["data"]["details"][view.key].pop("overlay")["data"]
    assert drawn_ == plain


def test_drawing_is_repeatable_and_leaves_the_measurement_as_it_was() -> None:
    told = measurement(camera_roll={"front": 3})
    before = told.answer(["details", "landmarks", "measures"])
    first = [told.overlay(view.name, blur_face=True) for view in VIEWS]
    assert first == [told.overlay(view.name, blur_face=True) for view in VIEWS]
    assert told.answer(["details", "landmarks", "measures"]) == before


def test_a_measurement_shows_no_photo_when_it_is_printed() -> None:
    told = measurement()
    assert told.front.file == base64.b64decode(FRONT_PHOTO)
    assert "file=" not in repr(told)
    assert repr(told.front.file)[2:40] not in repr(told)
