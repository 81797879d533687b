"""The camera's roll by the upright edges of rooms: right where it is told, and else not told."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from posture.estimate import Look
from posture.landmarks import Landmarks, Pixels
from posture.lines import MAX_UNCERTAINTY, Roll, estimated_roll
from testing.pictures import file_bytes, pixels_of
from testing.rooms import KINDS, SKIRTING, Room, Shot, ladder, leaning, panel

SEEDS = range(6)
WAYS = ((1, -4), (2, -8), (3, -1), (4, -12), (5, -6))  # seeds, and how the camera is pitched
TELLING = ("doors and frames", "a wall seen at an angle", "a door and a frame", "frames")
SILENT = (
    "things lean", "a ladder leans", "frames hang crooked", "planks", "planks of a long room", "a plain wall",
    "somebody leans before a plain wall",
)  # fmt: skip

Picture = tuple[Pixels, Landmarks]


def shot(seed: int, largest: float = 4) -> Shot:
    """A camera as people hold it."""
    random = np.random.default_rng(seed)
    roll, pitch, focal = random.uniform((-largest, -15, 0.75), (largest, 3, 1.3))
    return Shot(roll, pitch, focal)


def told(kind: str, largest: float = 4) -> list[tuple[Roll | None, float]]:
    """What is told of drawings of a room, and the truth."""
    shots = [(seed, shot(seed, largest)) for seed in SEEDS]
    return [(estimated_roll(*KINDS[kind].photo(one, seed)), one.roll) for seed, one in shots]


def framed(picture: Picture, color: int) -> Picture:
    """The photo in a wide frame of one color."""
    pixels, person = picture
    wide = cv2.copyMakeBorder(pixels, 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=(color,) * 3)
    return wide.astype(np.uint8, copy=False), person.shifted(60, 60)


def turned(picture: Picture, clockwise: float) -> Picture:
    """Turned in an editor, which leaves the corners black."""
    pixels, person = picture
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -clockwise, 1)
    turned = cv2.warpAffine(pixels, matrix, (width, height)).astype(np.uint8, copy=False)
    return turned, person.moved(clockwise, center=(width / 2, height / 2))


def widened(picture: Picture) -> Picture:
    """Beside the photo what is in it, blurred."""
    pixels, person = picture
    height, width = pixels.shape[:2]
    wide = cv2.GaussianBlur(cv2.resize(pixels, (width + 120, height)), (0, 0), 15).astype(np.uint8)
    wide[:, 60 : 60 + width] = pixels
    return wide, person.shifted(60, 0)


def compressed(picture: Picture) -> Picture:
    """As a JPEG of which one sees the blocks."""
    pixels, person = picture
    return pixels_of(file_bytes(Image.fromarray(pixels), "JPEG", quality=10)), person


@pytest.mark.parametrize("largest", [4, 10])
@pytest.mark.parametrize("kind", TELLING)
def test_the_edges_of_a_room_tell_the_roll(kind: str, largest: float) -> None:
    spoken = [(roll, true) for roll, true in told(kind, largest) if roll]
    assert len(spoken) >= 0.5 * len(SEEDS)
    for roll, true in spoken:
        assert roll.degrees == pytest.approx(true, abs=min(roll.uncertainty, MAX_UNCERTAINTY))


def test_a_roll_is_positive_where_the_content_is_turned_clockwise() -> None:
    room = KINDS["doors and frames"]
    level, clockwise = (estimated_roll(*room.photo(Shot(roll, pitch=-5))) for roll in (0, 3))
    assert level
    assert clockwise
    assert level.degrees == pytest.approx(0, abs=0.2)
    assert clockwise.degrees == pytest.approx(3, abs=0.2)


def test_what_leans_beside_upright_edges_does_not_mislead() -> None:
    cases = told("things lean beside a door and a wardrobe")
    assert any(roll for roll, _ in cases)
    for roll, true in cases:
        assert roll is None or roll.degrees == pytest.approx(true, abs=MAX_UNCERTAINTY)


@pytest.mark.parametrize("largest", [4, 10])
@pytest.mark.parametrize("kind", SILENT)
def test_nothing_is_told_of_a_room_without_upright_edges(kind: str, largest: float) -> None:
    assert [roll for roll, _ in told(kind, largest)] == [None] * len(SEEDS)


@pytest.mark.parametrize("roll", [-8, 0])
def test_a_roll_by_which_the_person_would_lean_is_not_believed(roll: float) -> None:
    """Things that lean alike on both sides, before a camera that is level, and one that is rolled the other way."""
    seen = [estimated_roll(*KINDS["things lean"].photo(Shot(roll, pitch, 1.1), seed)) for seed, pitch in WAYS]
    assert seen == [None] * len(WAYS)


def test_an_unusual_roll_is_not_believed_of_a_room_in_which_the_person_stands_upright_without_it() -> None:
    alike = Room([SKIRTING, leaning(ladder(-1.4), 5, -1.2), leaning(ladder(0.9), 5, 1.1)])
    assert [estimated_roll(*alike.photo(Shot(0, pitch, 1.1), seed)) for seed, pitch in WAYS] == [None] * len(WAYS)


def test_somebody_who_leans_in_a_room_is_not_straightened() -> None:
    room = replace(KINDS["doors and frames"], lean=5)
    roll = estimated_roll(*room.photo(Shot(pitch=-5)))
    assert roll
    assert roll.degrees == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize("degrees", [-2, 0, 2, 5])
@pytest.mark.parametrize("left", [-1.0, 0.45, 0.6])
def test_one_thing_is_no_evidence(left: float, degrees: float) -> None:
    """It may lean, however straight it is."""
    for thing in (ladder(left), [panel(left, left + 0.5, 0, 1.9, (70, 95, 140))]):
        room = Room([SKIRTING, leaning(thing, degrees, left + 0.2)])
        assert estimated_roll(*room.photo(Shot(pitch=-5, focal=1.2))) is None


def test_a_picture_above_the_head_is_no_evidence_either() -> None:
    picture = leaning([panel(-0.22, 0.22, 1.85, 2.7, (70, 95, 140))], 2, 0)
    assert estimated_roll(*Room([picture], shadow=False).photo(Shot(pitch=-2, focal=0.8))) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: picture,
        compressed,
        lambda picture: framed(picture, 0),
        lambda picture: framed(picture, 128),
        lambda picture: compressed(framed(picture, 255)),
        lambda picture: turned(picture, 4),
        lambda picture: turned(framed(picture, 0), -4),
        widened,
        lambda picture: (Look(4).show(picture[0]), picture[1]),
    ],
    ids=["as it is", "JPEG", "black", "grey", "white JPEG", "turned", "turned with its frame", "widened", "replicated"],
)
@pytest.mark.parametrize("seed", SEEDS[:3])
def test_the_edges_of_a_photo_are_none_of_the_room(change: Callable[[Picture], Picture], seed: int) -> None:
    assert estimated_roll(*change(KINDS["planks"].photo(shot(seed), seed))) is None


@pytest.mark.parametrize(
    "pixels",
    [
        np.random.default_rng(0).integers(0, 256, (640, 480, 3), dtype=np.uint8),
        np.tile(np.linspace(0, 255, 480).astype(np.uint8)[None, :, None], (640, 1, 3)),
    ],
    ids=["noise", "gradient"],
)
def test_nothing_is_told_of_a_texture(pixels: Pixels) -> None:
    _, person = Room().photo(Shot())
    assert estimated_roll(pixels, person) is None


def test_somebody_outside_the_picture_or_in_a_strip_of_it_is_no_error() -> None:
    pixels, person = KINDS["doors and frames"].photo(Shot())
    assert estimated_roll(pixels, person.shifted(0, -2000)) is None
    assert estimated_roll(pixels[:, :12], person) is None
