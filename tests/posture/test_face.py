"""The face in a photo: where it is looked for, whose it is, and the line across it.

The tests' own detector takes a red and a blue dot for the sides of a face, and the left one in the picture for the
person's right, as a model does that is shown somebody from the front.
"""

import base64
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from posture import face
from posture.analysis import Model, outcome
from posture.angles import FACE, MEASURES, measure, read
from posture.clarity import CLEAR, Clarity
from posture.face import Face, FindFaces
from posture.landmarks import INDEX, Array, Landmarks, Pixels
from posture.measurement import Reading, ViewMeasurement
from posture.models.mediapipe import LandmarkerPool
from posture.options import Options
from posture.views import FRONT, FRONTAL, SIDE
from testing import DEMO, builders
from testing.builders import FRONT_PHOTO, SIDE_PHOTO, SIZE, FakePool, detect, landmarks
from testing.pictures import decoded, file_bytes, mirror
from tests.posture.people import LEVEL, answered, face_at, scene

NOSE = np.array([500.0, 200.0])
HEAD = {
    **{f"{side}_eye{which}": (500.0 + way * 15, 185.0) for side, way in (("left", 1), ("right", -1))
       for which in ("", "_inner", "_outer")},
    "mouth_left": (512.0, 225.0), "mouth_right": (488.0, 225.0),
}  # fmt: skip
PERSON = landmarks(builders.FRONT, **HEAD)
MESH_NOSE, FOREHEAD, CHIN = 1, 10, 152
DOTS = ((255, 0, 0), (0, 0, 255))
CLOTHES = slice(300, None)  # rows of the picture


def mesh(right: Array, left: Array) -> Array:
    """All points of the right side at one place, those of the left at another, and the others between them."""
    points = np.tile((right + left) / 2, (478, 1))
    points[[*face.RIGHT]], points[[*face.LEFT]] = right, left
    down = np.array([-(left - right)[1], (left - right)[0]])
    points[FOREHEAD] -= 0.7 * down
    points[CHIN] += 0.7 * down
    return points


class Dots:
    """Finds the faces that pictures have by dots, and keeps what it is shown."""

    def __init__(self) -> None:
        self.shown: list[Pixels] = []

    def __call__(self, pixels: Pixels) -> list[Array]:
        self.shown.append(pixels)
        middles = [_middle(np.abs(pixels.astype(int) - color).sum(axis=2) < 200) for color in DOTS]
        found = sorted((middle for middle in middles if middle is not None), key=lambda middle: float(middle[0]))
        return [mesh(*found)] if len(found) == len(DOTS) else []


def _middle(of: Any) -> Array | None:
    rows, columns = np.nonzero(of)
    return np.array([columns.mean() + 0.5, rows.mean() + 0.5]) if len(rows) else None


def picture(right: tuple[float, float] = (470.0, 203.0), left: tuple[float, float] = (530.0, 197.0)) -> Pixels:
    """A picture with the dots of a face in it, and chequered clothes with sharp edges below."""
    pixels = np.full((SIZE[1], SIZE[0], 3), 255, np.uint8)
    rows, columns = np.indices(pixels[CLOTHES].shape[:2]) // 60
    pixels[CLOTHES][(rows + columns) % 2 == 0] = 0
    for (x, y), color in zip((right, left), DOTS, strict=True):
        cv2.circle(pixels, (round(16 * (x - 0.5)), round(16 * (y - 0.5))), 16 * 6, color, -1, cv2.LINE_AA, shift=4)
    return pixels


@pytest.mark.parametrize("mode", face.LOOKS)
def test_the_line_lies_across_the_face_in_pixels_of_the_picture(mode: str) -> None:
    found = face.find(picture(), PERSON, mode, Dots())
    assert len(found) == face.LOOKS[mode]
    for one in found:
        assert one.middle("face_right") == pytest.approx([470, 203], abs=0.3)
        assert one.middle("face_left") == pytest.approx([530, 197], abs=0.3)
        assert one.middle("nose_tip") == pytest.approx([500, 200], abs=0.3)


def test_a_head_is_shown_as_it_is_and_mirrored_and_once_in_fast() -> None:
    dots = Dots()
    face.find(picture(), PERSON, "fast", dots)
    [alone] = dots.shown
    face.find(picture(), PERSON, "standard", dots)
    _, *both = dots.shown
    np.testing.assert_array_equal(both[0], both[1][:, ::-1])
    assert any(np.array_equal(alone, one) for one in both)
    assert all(one.flags.c_contiguous for one in dots.shown)


@pytest.mark.parametrize(("scale", "side"), [(0.3, 256), (1.0, 256), (2.0, 365), (5.0, 512)])
def test_what_is_shown_has_256_to_512_pixels(scale: float, side: int) -> None:
    """A quarter of 730 pixels from nose to ankles, and one more for the head's middle."""
    dots = Dots()
    large = cv2.resize(picture(), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)
    face.find(large, PERSON.moved(0, scale), "fast", dots)
    assert dots.shown[0].shape == pytest.approx((side, side, 3), abs=1)


def test_a_body_that_is_too_small_is_not_looked_at() -> None:
    dots = Dots()
    for size, looked in ((face.SMALLEST + 0.1, 1), (face.SMALLEST - 0.1, 0)):
        dots.shown.clear()
        face.find(picture(), PERSON.moved(0, size / PERSON.nose_to_ankle), "fast", dots)
        assert len(dots.shown) == looked


def test_without_a_model_there_is_no_face() -> None:
    assert face.find(picture(), PERSON, "standard", None) == ()


def test_a_face_that_only_one_of_two_looks_sees_is_none() -> None:
    calls: list[int] = []

    def sometimes(pixels: Pixels) -> list[Array]:
        calls.append(1)
        return Dots()(pixels) if len(calls) == 1 else []

    assert face.find(picture(), PERSON, "standard", sometimes) == ()
    assert len(calls) == 2


def beside_another(offset: float, *, own: bool) -> FindFaces:
    """Sees a face so many of its heights to the right of the person's nose, first, and the person's own or not."""

    def find_faces(pixels: Pixels) -> list[Array]:
        [seen] = Dots()(pixels)
        height = float(np.linalg.norm(seen[CHIN] - seen[FOREHEAD]))
        return [seen + np.array([offset * height, 0.0]), *([seen] if own else [])]

    return find_faces


@pytest.mark.parametrize("offset", [0.55, 1.0, -0.7])
def test_the_face_of_somebody_else_beside_the_head_is_not_taken(offset: float) -> None:
    assert face.find(picture(), PERSON, "fast", beside_another(offset, own=False)) == ()
    [found] = face.find(picture(), PERSON, "fast", beside_another(offset, own=True))
    assert found.middle("nose_tip") == pytest.approx(NOSE, abs=0.3)
    assert len(face.find(picture(), PERSON, "fast", beside_another(0.4, own=False))) == 1


@pytest.mark.parametrize("at", [(3.0, 3.0), (997.0, 200.0), (500.0, 1097.0), (-20.0, 500.0)])
def test_a_square_that_reaches_beyond_the_picture_is_filled_up(at: tuple[float, float]) -> None:
    dots = Dots()
    moved = np.array(at) - NOSE
    face.find(picture(), PERSON.shifted(*moved), "fast", dots)
    assert dots.shown[0].shape == (256, 256, 3)


def test_a_face_at_the_edge_of_the_picture_is_found_where_it_is() -> None:
    right, left = (12.0, 20.0), (70.0, 22.0)
    person = PERSON.shifted(*(np.add(right, left) / 2 - NOSE))
    [found] = face.find(picture(right, left), person, "fast", Dots())
    assert found.points[:2].ravel() == pytest.approx([*right, *left], abs=0.5)


def test_a_head_outside_of_the_picture_has_no_face() -> None:
    assert face.find(picture(), PERSON.shifted(5000, 0), "standard", Dots()) == ()


@given(st.floats(-40, 40), st.integers(0, 2**32 - 1))
def test_the_line_has_the_mean_direction_of_opposite_points_and_the_faces_width(turn: float, seed: int) -> None:
    """Points that scatter on both sides, mirrored to each other, and all turned."""
    random = np.random.default_rng(seed)
    points = np.zeros((478, 2))
    points[[*face.RIGHT]] = random.uniform((-50, -40), (-20, 40), (11, 2))
    points[[*face.LEFT]] = points[[*face.RIGHT]] * (-1, 1)
    width = 2 * points[454, 0]
    angle = math.radians(turn)
    turned = points @ np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    right, left = Face.of(turned).points[:2]
    assert math.degrees(math.atan2(*(left - right)[::-1])) == pytest.approx(turn)
    assert math.dist(left, right) == pytest.approx(width)
    assert (left + right) / 2 == pytest.approx((turned[234] + turned[454]) / 2)


def test_pairs_are_opposite_points_and_no_point_twice() -> None:
    assert len({*face.RIGHT, *face.LEFT}) == len(face.RIGHT) + len(face.LEFT) == 22
    assert dict(zip(face.RIGHT, face.LEFT, strict=True))[face.SIDES[0]] == face.SIDES[1]


# What is read from it


def photographed(pixels: Pixels | None = None, **options: Any) -> ViewMeasurement:
    """A front photo with a face that is tilted by 5.71 degrees, the left side up; the ears are level."""
    model = FakePool(lambda _pixels: [PERSON.moved(0, 0.5)], Dots())
    shown = picture() if pixels is None else pixels
    found = outcome(model, Options(**options), FRONT, file_bytes(Image.fromarray(shown)))
    assert isinstance(found, ViewMeasurement)
    return found


TILT = math.degrees(math.atan2(6, 60))


def test_the_heads_tilt_is_that_of_the_face_and_the_line_lies_across_it() -> None:
    head = photographed(mode="fast", strict=False).angles["head_tilt"]
    assert head.measure.source == "face"
    assert head.value == head.uncalibrated == pytest.approx(TILT, abs=0.5)
    assert np.ravel(head.line) == pytest.approx([470, 203, 530, 197], abs=1)


@pytest.mark.parametrize("roll", [-7.0, 4.0])
def test_the_cameras_roll_is_taken_off_the_face(roll: float) -> None:
    level, rolled = (photographed(mode="fast", strict=False, camera_roll=of) for of in ({}, {"front": roll}))
    assert rolled.angles["head_tilt"].value == pytest.approx(level.angles["head_tilt"].value + roll, abs=1e-6)
    assert np.ravel(rolled.angles["head_tilt"].line) == pytest.approx(np.ravel(level.angles["head_tilt"].line))


def test_a_mirrored_photo_has_the_sides_of_the_face_exchanged() -> None:
    plain, exchanged = (photographed(mode="fast", strict=False, mirrored={"front": of}) for of in (False, True))
    assert exchanged.angles["head_tilt"].value == pytest.approx(-plain.angles["head_tilt"].value)
    assert np.ravel(exchanged.angles["head_tilt"].line) == pytest.approx(np.ravel(plain.angles["head_tilt"].line[::-1]))


def test_the_face_is_righted_as_landmarks_are() -> None:
    seen = Face(np.array([(470.0, 203.0), (530.0, 197.0), (500.0, 160.0), (500.0, 240.0), (500.0, 200.0)]))
    camera = replace(LEVEL, roll=5.0, pitch=-10.0, focal_35mm=26.0, mirrored=True, source="client")
    as_landmarks = landmarks(builders.FRONT, right_ear=(470, 203), left_ear=(530, 197))
    [righted] = scene(PERSON, camera=camera, look_at_face=lambda: [seen]).faces
    level = camera.righted(as_landmarks, *SIZE)
    assert righted.middle("face_right") == pytest.approx(level.middle("right_ear"))
    assert righted.middle("face_left") == pytest.approx(level.middle("left_ear"))


def test_details_say_the_source_of_what_has_several_and_of_nothing_else() -> None:
    angles = answered(detect, FRONT_PHOTO, SIDE_PHOTO, include=["details", "measures"])["details"]
    told = {
        (view, name): reading["source"]
        for view in ("front_view", "side_view")
        for name, reading in (angles[view]["angles"] | angles[view]["measures"]).items()
        if "source" in reading
    }
    assert told == {("front_view", "head_tilt"): "ears"}


def test_each_source_has_its_own_evidence() -> None:
    [head] = [row for row in MEASURES if row.name == "head_tilt"]
    by_face, by_ears = head.variants
    assert (by_face.source, by_ears.source) == ("face", "ears")
    assert by_face.best({FACE}) == by_face
    with_face, without = (
        photographed(mode="fast", strict=False),
        answered(detect, FRONT_PHOTO, SIDE_PHOTO, mode="fast", include=["details"])["details"]["front_view"]["angles"][
            "head_tilt"
        ],
    )
    reading = with_face.angles["head_tilt"]
    assert reading.validity["slope"] > without["validity"]["slope"] + 0.1
    assert reading.note != without["validity"]["note"]
    assert read([by_ears], {"body": PERSON}, 1, 1) == {"head_tilt.ears": measure(PERSON, FRONTAL, 1)["head_tilt"]}


def test_a_side_photo_that_is_not_refused_costs_no_look_at_a_face() -> None:
    dots = Dots()
    found = outcome(FakePool(detect, dots), Options(), SIDE, base64.b64decode(SIDE_PHOTO))
    assert isinstance(found, ViewMeasurement)
    assert dots.shown == []


# Whether it is read at all


def held(tilt: float = 0.0, skew: float = 0.0) -> Face:
    """A face whose left side is raised by so many degrees, and its line turned out of square to its axis."""
    upright, across = face_at(np.zeros(2)).points, slice(None, 2)
    points = upright @ _raised(tilt)
    points[across] = upright[across] @ _raised(tilt + skew)
    return Face(points + NOSE)


def _raised(degrees: float) -> Array:
    """What (x, y) is multiplied by to be turned anticlockwise in a picture, whose y points down."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cosine, -sine], [sine, cosine]])


@given(st.floats(-90, 90))
def test_the_tilt_of_a_face_is_that_of_its_line_the_left_side_raised(tilt: float) -> None:
    assert held(tilt).tilt == pytest.approx(tilt)
    assert held(tilt).mirrored(SIZE[0]).tilt == pytest.approx(-tilt)
    assert Face(np.array([(0, 10), (20, 0), (0, 0), (0, 0), (0, 0)])).tilt == pytest.approx(26.565, abs=0.001)


@given(st.floats(-180, 180), st.floats(-50, 50))
def test_a_symmetrical_face_has_no_skew_however_it_is_turned_and_a_sheared_one_its_angle(
    turn: float, shear: float
) -> None:
    assert held(turn).skew == pytest.approx(0, abs=1e-9)
    sideways = np.array([[1, 0], [math.tan(math.radians(shear)), 1]])
    sheared = Face(face_at(np.zeros(2)).points @ sideways @ _raised(turn))
    assert sheared.skew == pytest.approx(abs(shear), abs=1e-9)
    assert held(turn, shear).skew == pytest.approx(abs(shear), abs=1e-9)


# Of a photo or a face: what is still read, and what is not.
UNCLEAR: dict[str, tuple[Clarity, Clarity]] = {
    "blur": (replace(CLEAR, blur=0.499), replace(CLEAR, blur=0.501)),
    "relative_grain": (replace(CLEAR, grain=0.0399 * CLEAR.contrast), replace(CLEAR, grain=0.0401 * CLEAR.contrast)),
    "coarseness": (replace(CLEAR, blocks=1.4 * 1.249), replace(CLEAR, blocks=1.4 * 1.251)),
    "contrast": (replace(CLEAR, contrast=40.1), replace(CLEAR, contrast=39.9)),
}


@pytest.mark.parametrize("what", UNCLEAR)
def test_a_face_is_read_in_a_photo_that_is_clear_enough(what: str) -> None:
    enough, too_little = UNCLEAR[what]
    assert getattr(enough, what) == pytest.approx(getattr(too_little, what), rel=0.01)
    for faces in ([held(3)], [held(3), held(4)]):
        assert face.tells_tilt(faces, CLEAR)
        assert face.tells_tilt(faces, enough)
        assert not face.tells_tilt(faces, too_little)


@pytest.mark.parametrize("tilt", [0.0, -20.0])
@pytest.mark.parametrize("way", [-1, 1])
def test_a_face_is_read_where_it_is_as_square_as_faces_are(tilt: float, way: int) -> None:
    square, askew, more_askew = (held(tilt, skew=way * skew) for skew in (0, 3.49, 3.51))
    assert face.tells_tilt([square, askew], CLEAR)
    for faces in ([more_askew], [square, more_askew], [more_askew, square]):
        assert not face.tells_tilt(faces, CLEAR)


@pytest.mark.parametrize("tilt", [0.0, -20.0])
@pytest.mark.parametrize("way", [-1, 1])
def test_a_face_is_read_where_the_looks_see_the_same_tilt(tilt: float, way: int) -> None:
    assert face.tells_tilt([held(tilt), held(tilt + way * 3.99)], CLEAR)
    assert not face.tells_tilt([held(tilt), held(tilt + way * 4.01)], CLEAR)
    assert not face.tells_tilt([held(tilt), held(tilt + way * 2.1), held(tilt - way * 2.1)], CLEAR)


def test_no_face_tells_no_tilt() -> None:
    assert not face.tells_tilt([], CLEAR)


def test_the_camera_does_not_decide_whether_a_face_is_read() -> None:
    """Its skew is that in the picture as it is; a camera that looked down has skewed what is beside the middle."""
    seen = held(skew=3.0).moved(1, 400, 0)
    photo = scene(PERSON, camera=replace(LEVEL, pitch=-15.0, focal_35mm=26.0), look_at_face=lambda: [seen])
    assert [one.points.tolist() for one in photo.faces_to_read] == [one.points.tolist() for one in photo.faces]
    assert len(photo.faces_to_read) == 1
    assert scene(PERSON, look_at_face=lambda: [held(skew=4.0)]).faces_to_read == ()
    assert scene(PERSON, look_at_face=lambda: [seen], clarity=replace(CLEAR, blur=0.6)).faces_to_read == ()


def _grainy(clothes: Pixels) -> Pixels:
    noise = np.random.default_rng(0).normal(0, 60, clothes.shape[:2])[..., None]
    return (0.3 * clothes.astype(float) + 80 + noise).clip(0, 255).astype(np.uint8)


def _in_blocks(clothes: Pixels) -> Pixels:
    """Steps at each eighth pixel of the picture as it is looked at, which is half as large as it is sent."""
    columns = np.arange(clothes.shape[1]) // 16 % 2 * 30
    return (0.8 * clothes.astype(float) + columns[:, None]).clip(0, 255).astype(np.uint8)


POOR: dict[str, Callable[[Pixels], Any]] = {
    "blurred": lambda clothes: cv2.GaussianBlur(clothes, (0, 0), 6),
    "shaken": lambda clothes: cv2.blur(clothes, (25, 1)),
    "grainy": _grainy,
    "pale": lambda clothes: 230 + clothes // 10,
    "compressed": _in_blocks,
}


@pytest.mark.parametrize("case", POOR)
def test_in_a_poor_photo_the_heads_tilt_is_that_of_the_ears(case: str) -> None:
    """The face itself is drawn as sharply as before, and would be found."""
    pixels = picture()
    pixels[CLOTHES] = POOR[case](pixels[CLOTHES])
    assert face.find(pixels, PERSON, "standard", Dots())
    poor, good = (photographed(shown, strict=False).angles["head_tilt"] for shown in (pixels, picture()))
    assert (poor.measure.source, good.measure.source) == ("ears", "face")
    assert poor.value == pytest.approx(0, abs=0.01)
    assert np.ravel(poor.line) == pytest.approx([470, 195, 530, 195], abs=1)


# The model itself


@pytest.fixture(scope="module", params=["", "_2", "_3"])
def photo(request: pytest.FixtureRequest) -> Image.Image:
    return Image.open(DEMO / f"front_image{request.param}.jpg").convert("RGB")


def head_tilt(model: Model, image: Image.Image, **options: Any) -> Reading:
    found = outcome(model, Options(**options), FRONT, file_bytes(image))
    assert isinstance(found, ViewMeasurement), found
    return found.angles["head_tilt"]


@pytest.mark.parametrize("mode", ["standard", "precise"])
def test_a_photo_and_its_mirror_image_have_exactly_opposite_tilts(
    pool: LandmarkerPool, photo: Image.Image, mode: str
) -> None:
    pixels = decoded(file_bytes(photo))
    [person] = pool.detect(pixels)
    width = pixels.shape[1]
    plain = face.mean(face.find(pixels, person, mode, pool.find_faces))
    flipped = np.ascontiguousarray(pixels[:, ::-1])
    mirrored = face.mean(face.find(flipped, person.mirrored(width), mode, pool.find_faces))
    assert mirrored.mirrored(width).points == pytest.approx(plain.points, abs=1e-9)
    assert head_tilt(pool, mirror(photo), mode=mode).value == pytest.approx(
        -head_tilt(pool, photo, mode=mode).value, abs=0.01
    )


def with_turned_head(image: Image.Image, person: Landmarks, degrees: float) -> Image.Image:
    """The head turned clockwise about its middle by a warp of the picture, and less and less so down the neck."""
    pixels = np.asarray(image)
    head = person.points[: INDEX["mouth_right"] + 1]
    x, y = head.mean(axis=0)
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]].astype(np.float32)
    away = np.hypot(columns - x, rows - y) / person.nose_to_ankle
    angle = np.radians(degrees) * np.clip((0.2 - away) / 0.07, 0, 1)
    from_x = x + np.cos(angle) * (columns - x) + np.sin(angle) * (rows - y)
    from_y = y - np.sin(angle) * (columns - x) + np.cos(angle) * (rows - y)
    warped = cv2.remap(
        pixels, from_x.astype(np.float32), from_y.astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return Image.fromarray(warped)


def test_a_known_tilt_of_the_head_is_read(pool: LandmarkerPool, photo: Image.Image) -> None:
    [person] = pool.detect(np.asarray(photo))
    tilts = [-8.0, -4.0, 4.0, 8.0]
    readings = [head_tilt(pool, with_turned_head(photo, person, degrees)) for degrees in tilts]
    assert {reading.measure.source for reading in readings} == {"face"}
    slope = np.polyfit(tilts, [reading.value for reading in readings], 1)[0]
    assert -1.1 <= slope <= -0.9, "clockwise, the person's left ear sinks"


def test_without_the_face_model_the_ears_are_read(pool: LandmarkerPool, photo: Image.Image) -> None:
    by_ears, by_face = head_tilt(FakePool(pool.detect), photo), head_tilt(pool, photo)
    assert (by_ears.measure.source, by_face.measure.source) == ("ears", "face")
    assert by_ears.validity["slope"] < by_face.validity["slope"]


def test_a_poster_beside_the_head_is_not_taken_for_it(pool: LandmarkerPool, photo: Image.Image) -> None:
    """The head's own copy beside it, turned by 20 degrees."""
    pixels = np.asarray(photo).copy()
    [person] = pool.detect(pixels)
    x, y = person.middle("nose")
    half = round(0.08 * person.nose_to_ankle)
    left, top = round(x) - half, round(y) - half
    rows, beside = slice(top, top + 2 * half), slice(left + 2 * half, left + 4 * half)
    matrix = cv2.getRotationMatrix2D((half, half), 20, 1)
    pixels[rows, beside] = cv2.warpAffine(
        pixels[rows, left : left + 2 * half], matrix, (2 * half, 2 * half), borderMode=cv2.BORDER_REPLICATE
    )
    reading = head_tilt(pool, Image.fromarray(pixels), strict=False)
    assert reading.value == pytest.approx(head_tilt(pool, photo).value, abs=1)
