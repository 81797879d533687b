"""Looks and settings, with a detector that finds one bright spot and calls all landmarks by it."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.estimate import LOOKS, Look, estimate, find
from posture.landmarks import NAMES, Landmarks, LookCloser, Pixels
from posture.search import find_small

WIDTH, HEIGHT = 400, 600
SPOT = (150.0, 420.0)  # where its middle lies


def picture(spot: tuple[float, float] = SPOT, size: int = 20, width: int = WIDTH, height: int = HEIGHT) -> Pixels:
    """A dark picture with a bright square."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    x, y = (round(place - size / 2) for place in spot)
    pixels[y : y + size, x : x + size] = 255
    return pixels


def person_at(x: float, y: float, nose_to_ankle: float = 300) -> Landmarks:
    """Somebody whose landmarks all lie at one point, but for the nose."""
    points = np.tile([x, y], (len(NAMES), 1)).astype(float)
    points[0] = x, y - nose_to_ankle
    return Landmarks(points, *(np.ones(len(NAMES)) for _ in range(3)))


def brightest(pixels: Pixels) -> tuple[float, float] | None:
    rows, columns = np.nonzero(pixels[:, :, 0] > 127)
    return (columns.mean() + 0.5, rows.mean() + 0.5) if len(rows) else None


def detect(pixels: Pixels) -> list[Landmarks]:
    """Somebody at the bright square."""
    spot = brightest(pixels)
    return [person_at(*spot)] if spot else []


@pytest.mark.parametrize("look", sorted({look for looks in LOOKS.values() for look in looks}, key=repr))
def test_what_a_look_finds_lies_where_it_lies_in_the_photo(look: Look) -> None:
    [seen] = detect(look.show(picture()))
    ankle = look.bring_back(seen, WIDTH, HEIGHT).middle("left_ankle")
    assert ankle == pytest.approx(SPOT, abs=0.5)


@pytest.mark.parametrize("look", LOOKS["precise"])
def test_a_turned_look_shows_all_of_the_photo(look: Look) -> None:
    for corner in ((15, 15), (WIDTH - 15, 15), (15, HEIGHT - 15), (WIDTH - 15, HEIGHT - 15)):
        [seen] = detect(look.show(picture(corner)))
        assert look.bring_back(seen, WIDTH, HEIGHT).middle("left_hip") == pytest.approx(corner, abs=0.5)


def test_the_modes_take_one_two_and_eight_looks_and_only_the_first_can_tell_left_from_right() -> None:
    assert {mode: len(looks) for mode, looks in LOOKS.items()} == {"fast": 1, "standard": 2, "precise": 8}
    for mode in ("standard", "precise"):
        assert sorted(look.clockwise for look in LOOKS[mode] if look.mirrored) == sorted(
            look.clockwise for look in LOOKS[mode] if not look.mirrored
        )


def test_the_estimate_is_the_mean_of_the_looks_and_the_scatter_their_distance_from_it() -> None:
    """A detector that sees everything 3 pixels too far to the right: the mirror image takes it off again."""

    def biased(pixels: Pixels) -> list[Landmarks]:
        return [person.shifted(3, 0) for person in detect(pixels)]

    one, two = (estimate(picture(), biased, LOOKS[mode]) for mode in ("fast", "standard"))
    assert one is not None
    assert two is not None
    assert one.mean.middle("left_ankle") == pytest.approx((SPOT[0] + 3, SPOT[1]))
    assert one.scatter.max() == 0
    assert two.mean.middle("left_ankle") == pytest.approx(SPOT)
    assert two.scatter == pytest.approx(np.full(len(NAMES), 3))


def test_the_largest_person_is_measured_and_the_others_are_told() -> None:
    crowd = [person_at(50, 550, 250), person_at(200, 550, 400), person_at(350, 550, 300)]
    found = estimate(picture(), lambda _pixels: crowd, LOOKS["fast"])
    assert found is not None
    assert found.mean.nose_to_ankle == pytest.approx(400)
    assert [other.nose_to_ankle for other in found.others] == pytest.approx([300, 250])


def test_a_body_that_is_found_twice_is_one() -> None:
    found = estimate(picture(), lambda _: [person_at(200, 550, 400), person_at(230, 560, 380)], LOOKS["fast"])
    assert found is not None
    assert found.others == []


def test_the_same_person_is_followed_from_look_to_look() -> None:
    near, far = person_at(100, 550, 400), person_at(300, 550, 390)

    def in_any_order(pixels: Pixels) -> list[Landmarks]:
        mirrored = brightest(pixels) != pytest.approx(SPOT, abs=1)
        return [person.mirrored(WIDTH) for person in (far, near)] if mirrored else [near, far]

    found = estimate(picture(), in_any_order, LOOKS["standard"])
    assert found is not None
    assert found.mean.middle("left_ankle").tolist() == [100, 550]


def test_nobody_is_found_in_a_picture_of_nothing() -> None:
    assert estimate(np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8), detect, LOOKS["standard"]) is None


def blind_to_small(share: float) -> Callable[[Pixels], list[Landmarks]]:
    """A detector that takes the square for a tenth of a person, and does not notice people below this share."""

    def see(pixels: Pixels) -> list[Landmarks]:
        spot = brightest(pixels)
        if spot is None:
            return []
        size = 10 * np.sqrt((pixels[:, :, 0] > 127).sum())
        return [person_at(*spot, nose_to_ankle=size)] if size > share * max(pixels.shape) else []

    return see


@given(x=st.floats(60, 340), y=st.floats(180, 560))
def test_a_small_person_is_found_wherever_she_stands(x: float, y: float) -> None:
    spot = (round(x), round(y))
    found = find_small(picture(spot, size=15), blind_to_small(0.4))
    assert found is not None
    assert found.middle("left_ankle") == pytest.approx(spot, abs=8)  # a window may cut the square in two


def test_a_small_person_is_looked_at_closer() -> None:
    found = estimate(picture((300, 500), size=15), blind_to_small(0.4), LOOKS["standard"])
    assert found is not None
    assert len(found.looks) == 2
    assert found.mean.middle("left_ankle") == pytest.approx((300, 500), abs=1.1)


def test_a_narrow_picture_is_widened_and_the_landmarks_brought_back() -> None:
    widths = []

    def measuring(pixels: Pixels) -> list[Landmarks]:
        widths.append(pixels.shape[1])
        return detect(pixels)

    found = estimate(picture((60, 300), width=120), measuring, LOOKS["standard"])
    assert found is not None
    assert widths == [450, 450]  # three quarters of the height
    assert found.mean.middle("left_ankle") == pytest.approx((60, 300), abs=0.6)


def test_where_a_look_finds_nobody_the_picture_is_framed() -> None:
    """A detector that needs some room around the person."""

    def needs_room(pixels: Pixels) -> list[Landmarks]:
        return detect(pixels) if pixels.shape[0] > HEIGHT else []

    found = estimate(picture(), needs_room, LOOKS["standard"])
    assert found is not None
    assert len(found.looks) == 2
    assert found.mean.middle("left_ankle") == pytest.approx(SPOT, abs=0.6)


def test_where_looks_contradict_each_other_the_picture_is_framed() -> None:
    """A detector that sees bodies too short in mirror images that have no room around the person."""

    def needs_room(pixels: Pixels) -> list[Landmarks]:
        x, y = brightest(pixels) or (0, 0)
        mirrored = x > pixels.shape[1] / 2
        return [person_at(x, y, 250 if mirrored and pixels.shape[0] == HEIGHT else 300)]

    found = estimate(picture(), needs_room, LOOKS["standard"])
    assert found is not None
    assert found.disagreement == pytest.approx(0)
    assert found.mean.nose_to_ankle == pytest.approx(300)


@pytest.mark.parametrize(("apart", "expected"), [(13, 293.5), (16, 250)])
def test_looks_that_contradicted_each_other_must_agree_well_in_another_setting(apart: float, expected: float) -> None:
    """A detector whose mirror images show bodies smaller, by 100 pixels or, in a frame, a few."""

    def inconstant(pixels: Pixels) -> list[Landmarks]:
        x, y = brightest(pixels) or (0, 0)
        framed = pixels.shape[0] > HEIGHT
        return [person_at(x, y, 300 - (x > pixels.shape[1] / 2) * (apart if framed else 100))]

    found = estimate(picture((120, 420)), inconstant, LOOKS["standard"])
    assert found is not None
    assert found.mean.nose_to_ankle == pytest.approx(expected)
    assert found.agrees == (expected > 290)


def test_the_setting_in_which_most_looks_find_somebody_counts() -> None:
    """A detector that finds nobody in mirror images: one look is all there is, whatever is tried."""

    def no_mirrors(pixels: Pixels) -> list[Landmarks]:
        spot = brightest(pixels)
        return detect(pixels) if spot and spot[0] < pixels.shape[1] / 2 else []

    found = estimate(picture(), no_mirrors, LOOKS["standard"])
    assert found is not None
    assert (len(found.looks), found.asked) == (1, 2)


def closer_at(right: float, size: float = 300, missing: int = 0) -> LookCloser:
    """Closer looks that see somebody so far right of the person, and so large; so many find nobody."""

    def look_closer(_pixels: Pixels, person: Landmarks, turns: Sequence[float]) -> list[Landmarks]:
        x, y = person.middle("left_ankle")
        return [person_at(x + right, y, size)] * (2 * len(turns) - missing)

    return look_closer


@pytest.mark.parametrize(("mode", "independent", "looks"), [("standard", 1, 3), ("precise", 2, 8)])
def test_closer_looks_are_taken_into_the_mean_of_the_independent_ones(mode: str, independent: int, looks: int) -> None:
    dark_first = picture((WIDTH - SPOT[0], SPOT[1]))  # whose mirror image is not looked at instead
    found = find(dark_first, mode, detect, closer_at(4))
    assert found is not None
    assert (len(found.looks), found.asked) == (looks, looks)
    right = 4 * (looks - independent) / looks
    assert found.mean.middle("left_ankle") == pytest.approx((WIDTH - SPOT[0] + right, SPOT[1]), abs=0.01)


@pytest.mark.parametrize("mode", ["standard", "precise"])
def test_of_a_picture_and_its_mirror_image_the_same_one_is_looked_at(mode: str) -> None:
    whole, mirrored = (find(pixels, mode, detect, closer_at(4)) for pixels in (picture(), picture()[:, ::-1]))
    assert whole is not None
    assert mirrored is not None
    np.testing.assert_allclose(mirrored.mean.mirrored(WIDTH).points, whole.mean.points, atol=1e-9)


@pytest.mark.parametrize(
    "contradiction",
    [closer_at(0, size=200), closer_at(0, missing=1), closer_at(100)],
    ids=["another size", "one finds nobody", "another person"],
)
def test_where_closer_looks_contradict_the_independent_ones_independent_ones_alone_are_taken(
    contradiction: LookCloser,
) -> None:
    found, independent = (find(picture(), "standard", detect, closer) for closer in (contradiction, None))
    assert found is not None
    assert independent is not None
    assert len(found.looks) == len(LOOKS["standard"])
    np.testing.assert_allclose(found.mean.points, independent.mean.points, atol=1e-9)


def of_two_sizes(pixels: Pixels) -> list[Landmarks]:
    """The same person, of another size in the mirror image."""
    x, y = brightest(pixels) or (0, 0)
    return [person_at(x, y, 300 - (x > pixels.shape[1] / 2) * 100)]


def test_looks_that_contradict_each_other_are_settled_where_both_lead_to_the_same_body() -> None:
    def grown(_: Pixels, person: Landmarks, _turns: Sequence[float]) -> list[Landmarks]:
        x, y = person.middle("left_ankle")
        return [person_at(x, y, min(person.nose_to_ankle + 60, 310))] * 2

    found = find(picture((120, 420)), "precise", of_two_sizes, grown)
    assert found is not None
    assert found.is_sound
    assert [look.nose_to_ankle for look in found.looks] == pytest.approx([310] * 4)


@pytest.mark.parametrize("sizes", [(300, *[220] * 9), tuple(range(300, 900, 50))], ids=["to two bodies", "to no end"])
def test_looks_that_lead_elsewhere_go_on_contradicting_each_other(sizes: tuple[int, ...]) -> None:
    taken: list[int] = []

    def elsewhere(_: Pixels, person: Landmarks, _turns: Sequence[float]) -> list[Landmarks]:
        x, y = person.middle("left_ankle")
        taken.append(sizes[len(taken)])
        return [person_at(x, y, taken[-1])] * 2

    found, independent = (find(picture((120, 420)), "precise", of_two_sizes, closer) for closer in (elsewhere, None))
    assert found is not None
    assert independent is not None
    assert not found.agrees
    assert len(found.looks) == len(independent.looks)


def test_fast_takes_a_single_look() -> None:
    found = find(picture(), "fast", detect, closer_at(50))
    assert found is not None
    assert len(found.looks) == 1


# Looks at a picture and closer ones: where nobody is found, all settings and nine windows by one look, and again by the
# pair of standard or the eight of precise; then two bodies are followed by ten closer looks each.
MOST = {"fast": (13, 0), "standard": (30, 22), "precise": (58, 26)}


@given(seed=st.integers(0, 10**6), nobody=st.sampled_from([0, 0.1, 0.5, 1]), wild=st.sampled_from([0, 1, 10, 60]))
@pytest.mark.parametrize("mode", MOST)
def test_whatever_the_model_finds_the_looks_have_an_end(mode: str, seed: int, nobody: float, wild: float) -> None:
    chance, looks = np.random.default_rng(seed), [0, 0]

    def moved(someone: Landmarks) -> Landmarks:
        return someone.moved(chance.normal(0, wild), 1 + 0.3 * chance.random(), (50, 50))

    def detect(_picture: Pixels) -> list[Landmarks]:
        looks[0] += 1
        return [] if chance.random() < nobody else [moved(person_at(40, 80, 60 * chance.random() + 5))]

    def look_closer(_picture: Pixels, someone: Landmarks, turns: Sequence[float]) -> list[Landmarks]:
        looks[1] += 2 * len(turns)
        return [] if chance.random() < nobody else [moved(someone) for _ in turns for _ in range(2)]

    find(np.zeros((110, 80, 3), np.uint8), mode, detect, look_closer)
    assert looks[0] <= MOST[mode][0]
    assert looks[1] <= MOST[mode][1]
