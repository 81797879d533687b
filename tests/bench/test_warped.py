"""Pictures in which one part of the body alone is tilted: what moves, what stays, and what the tables make of it.

  before                    after a tilt of +4 degrees

right     left              right     left    of the person
  +---o---+                      ..--+
                            ..o--             o: the middle of the part stays
                          +-
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from bench.accuracy.warped import (
    HEAD,
    LOW,
    PARTS,
    PELVIS,
    SHOULDERS,
    SINKING,
    STEPS,
    TILTS,
    Lowered,
    Part,
    Place,
    Tilted,
    low_rows,
    lowered,
    some,
    tilt_rows,
    tilted,
)
from posture.landmarks import Array, Landmarks, Pixels
from posture.models.mediapipe import LandmarkerPool
from posture.views import FRONT
from testing import DEMO, builders
from testing.pictures import decoded
from testing.scenes import angles_by_source, see, verdict

PERSON = builders.landmarks(builders.FRONT)
WIDTH, HEIGHT = builders.SIZE
EACH_PART = pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
DEMO_PHOTOS = sorted(DEMO.glob("front_image*.jpg"))


def canvas() -> Pixels:
    return np.zeros((HEIGHT, WIDTH, 3), np.uint8)


def grid(step: int = 2) -> Array:
    """Points all over the picture."""
    return np.stack(np.meshgrid(np.arange(0.0, WIDTH, step), np.arange(0.0, HEIGHT, step)), axis=-1)


def unfolded(before: Callable[[Array], Array]) -> bool:
    """Whether every point of the new picture has its own in the old one, and no region is seen from its back."""
    source = before(grid())
    down, right = (np.gradient(source, 2.0, axis=axis) for axis in (0, 1))
    return bool((right[..., 0] * down[..., 1] - right[..., 1] * down[..., 0] > 0).all())


def bright(pixels: Pixels) -> tuple[Array, Array]:
    """X and y of a picture's bright points, from its corner."""
    y, x = np.nonzero(pixels[..., 0] > 127)
    return np.asarray(x + 0.5), np.asarray(y + 0.5)


@EACH_PART
@pytest.mark.parametrize("degrees", TILTS)
def test_a_level_line_through_the_part_is_tilted_by_the_asked_angle(part: Part, degrees: float) -> None:
    pixels = canvas()
    x, y = PERSON.middle(*part.around).round().astype(int)
    pixels[y - 1 : y + 1, x - 40 : x + 40] = 255
    right, down = bright(tilted(pixels, PERSON, part, degrees))
    # the person's left is to the right of the picture, and up is negative
    assert np.degrees(np.arctan(-np.polyfit(right, down, 1)[0])) == pytest.approx(degrees, abs=0.15)
    assert (right.mean(), down.mean()) == pytest.approx((x, y), abs=0.5)


@EACH_PART
def test_the_tilt_is_that_of_the_person_and_not_of_the_picture(part: Part) -> None:
    random = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    from_behind = PERSON.renamed()
    assert np.array_equal(tilted(random, PERSON, part, 4), tilted(random, from_behind, part, -4))


@pytest.mark.parametrize(("part", "turned"), [(HEAD, 4.0), (PELVIS, 4.0), (SHOULDERS, 0.0)])
def test_head_and_pelvis_turn_as_a_whole_while_the_trunk_between_the_shoulders_stays_upright(
    part: Part, turned: float
) -> None:
    place = Place.of(part, PERSON)
    upright = place.middle + np.array([(0.0, 20.0), (0.0, -20.0)])
    x, y = np.diff(place.before_tilt(upright, -4.0), axis=0)[0]
    assert np.degrees(np.arctan2(x, -y)) == pytest.approx(turned, abs=1e-6)


@EACH_PART
def test_the_other_parts_stay_where_they_are(part: Part) -> None:
    others = [name for other in PARTS if other is not part for name in other.around]
    points = np.array([PERSON.middle(name) for name in (*others, "left_knee", "right_ankle")])
    frame = np.array([(0, 0), (WIDTH, 0), (0, HEIGHT), (WIDTH, HEIGHT)])
    for still in (points, frame):
        assert np.array_equal(Place.of(part, PERSON).before_tilt(still, max(TILTS)), still)


@EACH_PART
@pytest.mark.parametrize("degrees", [min(TILTS), max(TILTS)])
def test_no_tilt_folds_the_picture(part: Part, degrees: float) -> None:
    assert unfolded(partial(Place.of(part, PERSON).before_tilt, clockwise=degrees))


def test_a_fade_that_is_too_short_would_be_noticed() -> None:
    hard = replace(SHOULDERS, levels=(-0.13, -0.12, 0.15, 0.16))
    assert not unfolded(partial(Place.of(hard, PERSON).before_tilt, clockwise=max(TILTS)))


@EACH_PART
def test_no_tilt_changes_nothing(part: Part) -> None:
    random = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    assert np.array_equal(tilted(random, PERSON, part, 0), random)


@pytest.mark.parametrize("share", [LOW, min(STEPS)])
def test_a_lowered_head_keeps_its_shape_and_leaves_the_shoulders(share: float) -> None:
    neck = PERSON.middle("left_shoulder", "right_shoulder")[1] - PERSON.middle("nose")[1]
    for name, moves in (("nose", True), ("left_ear", True), ("left_shoulder", False), ("right_shoulder", False)):
        pixels = canvas()
        x, y = PERSON.middle(name).astype(int)
        pixels[y - 3 : y + 3, x - 3 : x + 3] = 255
        right, down = bright(lowered(pixels, PERSON, share))
        assert (right.mean(), down.mean()) == pytest.approx((x, y + moves * (1 - share) * neck), abs=0.5), name


def test_no_lowered_head_folds_the_picture() -> None:
    place = Place.of(SINKING, PERSON)
    neck = PERSON.middle("left_shoulder", "right_shoulder")[1] - PERSON.middle("nose")[1]
    assert unfolded(partial(place.before_sinking, down=(1 - min(STEPS)) * neck))


def tilts(part: Part, slope: float, leak: float = 0.0) -> list[Tilted]:
    """What a reader would find that reads so much of a part's tilt, and so much of it at the other angles."""
    names = {"shoulder_tilt", "pelvic_tilt", "head_tilt", "head_tilt.ears", "body_tilt"}
    return [
        Tilted(
            part,
            degrees,
            "standard",
            "measured",
            {name: degrees * (slope if name.split(".")[0] == part.angle else leak) + 0.1 for name in names},
        )
        for degrees in TILTS
    ]


def test_a_row_tells_what_is_read_of_a_tilt_and_what_the_others_moved() -> None:
    refused = Tilted(PELVIS, 4.0, "standard", "low_confidence", {})
    [row] = tilt_rows([*tilts(PELVIS, 0.25, leak=-0.5), refused])
    assert row[:4] == ["pelvis", "standard", "4", "low_confidence 1"]
    assert row[4:6] == pytest.approx([0.25, 0])
    assert [row[6], row[8], row[9]] == pytest.approx([-0.5, -0.5, -0.5])
    assert row[7] == ""  # its own


def test_a_source_that_was_not_found_has_no_row() -> None:
    assert [row[0] for row in tilt_rows(tilts(HEAD, 0.5))] == ["head, by the ears"]


def test_a_row_of_low_heads_counts_refusals_and_short_necks() -> None:
    heads = [Lowered("low", "measured", 0.3, 0.8), Lowered("low", "person_cropped", 0.2, 0.7)]
    assert list(low_rows(heads)) == [["low", "2", "0.20 / 0.25 / 0.30", pytest.approx(0.75), "1", "person_cropped 1"]]


def test_a_sample_is_bounded_and_goes_from_first_to_last() -> None:
    photos = DEMO_PHOTOS * 38
    assert len(some(photos)) == 29
    assert list(some(DEMO_PHOTOS)) == DEMO_PHOTOS
    assert not some([])


def found(pixels: Pixels, pool: LandmarkerPool) -> tuple[Landmarks, dict[str, float], float]:
    """The person in a picture that can be measured, its angles by source, and the neck."""
    scene = see(pixels, FRONT, pool)
    assert scene is not None
    assert verdict(scene) == "measured"
    return scene.person, angles_by_source(scene), scene.neck()


@pytest.mark.parametrize("file", DEMO_PHOTOS, ids=lambda file: file.stem)
def test_the_face_tells_how_far_a_head_is_tilted(file: Path, pool: LandmarkerPool) -> None:
    pixels = decoded(file.read_bytes())
    person, before, _ = found(pixels, pool)
    _, after, _ = found(tilted(pixels, person, HEAD, 4), pool)
    change = {name: after[name] - before[name] for name in after}
    assert change["head_tilt.face"] == pytest.approx(4, abs=1)
    assert change["pelvic_tilt"] == pytest.approx(0, abs=0.5)


@pytest.mark.parametrize("file", DEMO_PHOTOS, ids=lambda file: file.stem)
def test_somebody_who_holds_the_head_low_is_measured(file: Path, pool: LandmarkerPool) -> None:
    pixels = decoded(file.read_bytes())
    person, _, untouched = found(pixels, pool)
    necks = (found(lowered(pixels, person, share), pool)[2] for share in STEPS)
    assert any(neck <= LOW * untouched for neck in necks)
