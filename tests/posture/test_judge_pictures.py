"""Which photos are refused: pictures of figures, and what can go wrong with a photo of them."""

from dataclasses import dataclass, replace

import pytest
from PIL import Image

from posture import judge
from posture.analysis import measure
from posture.errors import PostureError
from posture.images import MIN_SIDE
from posture.models.mediapipe import LandmarkerPool
from posture.options import Options
from posture.scene import Scene
from posture.views import FRONT, SIDE, View
from testing.figures import evenly, figures, sample, unfit
from testing.occlusions import harmless, occlusions
from testing.pictures import decoded, file_bytes, scale
from testing.scenes import core_angles, see, verdict
from testing.subjects import (
    CROWN,
    Change,
    Subject,
    as_it_is,
    as_small_as_may_be,
    beside_another,
    blurred,
    close_around,
    cut_above_nose,
    cut_at,
    cut_beside,
    far_away,
    head_and_feet_inside,
    mirrored,
    noisy,
    shrunk,
    small_photo,
    turned_by,
    without_the_person,
)
from tests.posture.people import OTHER, STANDING, for_each_view

SHOULDERS = ("left_shoulder", "right_shoulder")


@dataclass(frozen=True)
class Figure(Subject):
    """A good photo of a figure, and what the model sees in it."""

    name: str
    view: View
    scene: Scene


# What a photo can bear.
GOOD: dict[str, Change] = {
    "as it is": as_it_is,
    "mirrored": mirrored,
    "turned by 10 degrees": turned_by(10),
    "turned by -10 degrees": turned_by(-10),
    "blurred": blurred(3),
    "noisy": noisy(20),
    "head and feet just inside": head_and_feet_inside(0.03),
    "the head just inside": cut_above_nose(CROWN + 0.01),
    "cut close on all sides": close_around(0.05),
    "a body of 250 pixels in the usual picture": far_away(217),  # from nose to ankles
    "a body of 250 pixels": shrunk(217),
    "a body of little more than 60 pixels": small_photo(70),
    "a picture of 100 pixels": as_small_as_may_be,
    "somebody much smaller beside": beside_another(0.35),
}
CROPPED, UPRIGHT, SEVERAL = {"person_cropped"}, {"not_upright"}, {"several_people"}
# What it cannot, and the codes with which it may be refused.
UNFIT: dict[str, tuple[set[str], Change]] = {
    "turned by 40 degrees": (UPRIGHT, turned_by(40)),
    "turned by -90 degrees": (UPRIGHT, turned_by(-90)),
    "turned by 90 degrees": (UPRIGHT, turned_by(90)),
    "upside down": (UPRIGHT, turned_by(180)),
    "cut through the forehead": (CROPPED | {"low_confidence"}, cut_above_nose(0.05)),
    "cut through the eyes": (CROPPED, cut_above_nose(0.02)),
    "cut through the hips": (CROPPED, cut_at("left_hip", "right_hip")),
    "cut through the knees": (CROPPED | {"low_confidence"}, cut_at("left_knee", "right_knee")),
    "cut through the ankles": (CROPPED | {"low_confidence"}, cut_at("left_ankle", "right_ankle")),
    "cut through the shoulder on the left": (CROPPED | {"no_person"}, cut_beside(*SHOULDERS, left=True)),
    "cut through the shoulder on the right": (CROPPED | {"no_person"}, cut_beside(*SHOULDERS, left=False)),
    "somebody of 0.8 of the size beside": (SEVERAL, beside_another(0.8)),
    "a body of 50 pixels": ({"person_too_small"}, small_photo(50)),
    "a body of 50 pixels in the usual picture": ({"person_too_small", "no_person"}, far_away(50)),
    "nobody": ({"no_person"}, without_the_person),
}
# What may become of a photo of bad quality: a refusal, or angles that are near to those of the photo itself.
BAD_QUALITY: dict[str, Change] = {
    "badly blurred": blurred(8),
    "blurred beyond recognition": blurred(18),
    "badly noisy": noisy(40),
    "small": small_photo(110),
}
NEAR = 8.0  # degrees; seen up to 7.1


def sent_as_jpeg(pool: LandmarkerPool, image: Image.Image, view: View) -> Scene | None:
    """What is seen in a picture that a client sends: enlarged where it has too few pixels to be taken."""
    shortest = min(image.size)
    if shortest < MIN_SIDE:
        image = scale(image, MIN_SIDE / shortest)
    return see(decoded(file_bytes(image, "JPEG", quality=92)), view, pool)


@pytest.fixture(scope="module")
def subjects(pool: LandmarkerPool) -> list[Figure]:
    """The demo photos and some of the folder that POSTURE_TRUTH names, of 30 figures at most, always the same."""
    found = []
    for figure in evenly(figures(), 30):
        image = Image.open(figure.file).convert("RGB")
        scene = sent_as_jpeg(pool, image, figure.view)
        assert scene is not None, figure
        seen = scene.person.moved(0, image.width / scene.width)
        found.append(Figure(image, seen, f"{figure.figure} {figure.view.name}", figure.view, scene))
    return found


@pytest.mark.parametrize("case", GOOD)
def test_a_good_photo_is_measured(pool: LandmarkerPool, subjects: list[Figure], case: str) -> None:
    verdicts = {
        subject.name: verdict(sent_as_jpeg(pool, GOOD[case](subject), subject.view))
        for subject in sample(subjects, case)
    }
    assert verdicts == dict.fromkeys(verdicts, "measured")


@pytest.mark.parametrize("case", UNFIT)
def test_an_unfit_photo_is_refused_with_its_code(pool: LandmarkerPool, subjects: list[Figure], case: str) -> None:
    expected, change = UNFIT[case]
    verdicts = {
        subject.name: verdict(sent_as_jpeg(pool, change(subject), subject.view)) for subject in sample(subjects, case)
    }
    assert {name: code for name, code in verdicts.items() if code not in expected} == {}


@pytest.mark.parametrize("case", BAD_QUALITY)
def test_what_is_measured_in_a_bad_photo_is_near_to_what_it_is_in_a_good_one(
    pool: LandmarkerPool, subjects: list[Figure], case: str
) -> None:
    for subject in sample(subjects, case):
        scene = sent_as_jpeg(pool, BAD_QUALITY[case](subject), subject.view)
        if scene is not None and verdict(scene) == "measured":
            assert core_angles(scene) == pytest.approx(core_angles(subject.scene), abs=NEAR), subject.name


@pytest.mark.parametrize(("cut", "cropped"), [("neck", 0.6), ("shoulders", 0.4)])
def test_nobody_without_a_head_is_measured_and_many_are_called_cropped(
    pool: LandmarkerPool, subjects: list[Figure], cut: str, cropped: float
) -> None:
    """What remains may look like nobody, or upside down."""
    change = cut_above_nose({"neck": -0.1, "shoulders": -0.15}[cut])
    verdicts = [verdict(sent_as_jpeg(pool, change(subject), subject.view)) for subject in subjects]
    assert "measured" not in verdicts
    assert verdicts.count("person_cropped") >= cropped * len(verdicts)


def test_a_figure_is_told_from_the_front_and_from_the_side(subjects: list[Figure]) -> None:
    verdicts = {subject.name: verdict(replace(subject.scene, view=OTHER[subject.view])) for subject in subjects}
    assert verdicts == dict.fromkeys(verdicts, "wrong_view")


@for_each_view
@pytest.mark.parametrize("case", ["as it is", "mirrored", "noisy", "turned by 10 degrees", "blurred"])
@pytest.mark.usefixtures("truth_folder")
def test_a_figure_from_behind_or_turned_away_is_refused(pool: LandmarkerPool, case: str, view: View) -> None:
    for file, code in unfit():
        image = Image.open(file).convert("RGB")
        subject = Subject(image, STANDING)
        assert verdict(sent_as_jpeg(pool, GOOD[case](subject), view)) == code, file.name


def test_two_figures_photos_that_are_exchanged_are_told_as_such(pool: LandmarkerPool, subjects: list[Figure]) -> None:
    front, side = (file_bytes(subject.image, "JPEG") for subject in subjects[:2])
    with pytest.raises(PostureError) as caught:
        measure({"front": side, "side": front}, Options(), pool)
    assert (caught.value.code, caught.value.view) == ("views_swapped", None)


# Of photos in which something hides a part, the share that is at least refused or warned of.
HIDDEN = {
    ("box over the ankles", FRONT): 1.0,
    ("box over the ankles", SIDE): 1.0,
    ("skirt to the ankle", FRONT): 0.8,
    ("skirt to the ankle", SIDE): 0.65,
    ("bag at the hip", FRONT): 0.4,
    ("hair over ear and neck", SIDE): 0.4,
}
ABOUT_HIDDEN = {"part_hidden", "ear_hidden"}


def is_told(scene: Scene | None) -> bool:
    """Whether the photo is refused, or something hidden is warned of."""
    if scene is None or verdict(scene) != "measured":
        return True
    return any(finding.code in ABOUT_HIDDEN for finding in judge.remarks(scene))


@pytest.mark.parametrize(("case", "view"), HIDDEN)
@pytest.mark.usefixtures("truth_folder")
def test_what_hides_a_part_is_told_in_most_photos(
    pool: LandmarkerPool, subjects: list[Figure], case: str, view: View
) -> None:
    of_view = [subject for subject in subjects if subject.view is view][::2]
    told = [
        is_told(sent_as_jpeg(pool, occlusions(number)[case](subject), view)) for number, subject in enumerate(of_view)
    ]
    assert sum(told) >= HIDDEN[case, view] * len(told)


@pytest.mark.usefixtures("truth_folder")
def test_nothing_hidden_is_told_of_good_photos_but_few(pool: LandmarkerPool, subjects: list[Figure]) -> None:
    """As they are, and some with hair that is tied back."""
    told = [is_told(subject.scene) for subject in subjects]
    told += [
        is_told(sent_as_jpeg(pool, harmless(number)["hair tied back"](subject), subject.view))
        for number, subject in enumerate(subjects[::7])
    ]
    assert sum(told) <= 0.05 * len(told)
