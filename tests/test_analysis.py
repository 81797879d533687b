import pytest

from posture.analysis import analyze
from posture.errors import PostureError
from posture.estimate import Detect
from posture.landmarks import Landmarks, Pixels
from posture.request import PostureRequest
from tests.builders import FRONT, SIDE, encoded, landmarks, picture


def photo(color: str) -> str:
    """A picture that the tests' detector tells by the color of its left half, and from its mirror image."""
    image = picture(color="white")
    image.paste(color, (0, 0, image.width // 2, image.height))
    return encoded(image)


FRONT_PHOTO, SIDE_PHOTO, NOBODY = photo("red"), photo("lime"), photo("black")
WHITE = 255 * 3


def detect_by(**people: list[Landmarks]) -> Detect:
    """A detector that finds the people for a picture's color, and where they belong when it is mirrored."""

    def detect(pixels: Pixels) -> list[Landmarks]:
        mirrored = pixels[0, 0].sum() == WHITE
        red, green, _ = pixels[0, -1 if mirrored else 0]
        found = people.get("red" if red else "lime" if green else "nobody", [])
        return [person.mirrored(pixels.shape[1]) for person in found] if mirrored else found

    return detect


detect = detect_by(red=[landmarks(FRONT, left_shoulder=(580, 304))], lime=[landmarks(SIDE)])


def refusal(front: str, side: str) -> PostureError:
    with pytest.raises(PostureError) as caught:
        analyze(PostureRequest(front, side), detect)
    return caught.value


def test_each_photo_gives_the_angles_of_its_view() -> None:
    report = analyze(PostureRequest(FRONT_PHOTO, SIDE_PHOTO), detect)
    assert report.front_view["shoulder_tilt"] == pytest.approx(5.711, abs=0.001)
    assert list(report.front_view) == ["shoulder_tilt", "pelvic_tilt", "head_tilt", "body_tilt"]
    assert list(report.side_view) == ["back_tilt", "neck_tilt", "body_tilt", "hip_tilt"]
    assert report.side_view["back_tilt"] == pytest.approx(-1.193, abs=0.001)


def test_the_first_of_several_people_is_measured() -> None:
    crowd = detect_by(red=[landmarks(FRONT, left_shoulder=(580, 304)), landmarks(FRONT)], lime=[landmarks(SIDE)])
    report = analyze(PostureRequest(FRONT_PHOTO, SIDE_PHOTO), crowd)
    assert report.front_view["shoulder_tilt"] == pytest.approx(5.711, abs=0.001)


@pytest.mark.parametrize(
    ("front", "side", "code", "view"),
    [
        (NOBODY, SIDE_PHOTO, "no_person", "front"),
        (FRONT_PHOTO, NOBODY, "no_person", "side"),
        ("!", SIDE_PHOTO, "invalid_base64", "front"),
        (FRONT_PHOTO, "!", "invalid_base64", "side"),
        # the front photo comes first, however late it fails
        (NOBODY, "!", "no_person", "front"),
        ("!", NOBODY, "invalid_base64", "front"),
    ],
)
def test_a_refusal_is_that_of_the_first_photo_that_fails(front: str, side: str, code: str, view: str) -> None:
    error = refusal(front, side)
    assert (error.code, error.view) == (code, view)
    assert f"for the {view} photo" in str(error)


def test_the_advice_is_for_both_photos_when_both_fail() -> None:
    error = refusal(NOBODY, "!")
    assert error.advice.startswith("Front photo: Show one person standing")
    assert "Side photo: Send the bytes of a JPEG or PNG file" in error.advice


def test_each_photo_is_looked_at_as_it_is_and_mirrored() -> None:
    seen = []

    def counting(pixels: Pixels) -> list[Landmarks]:
        seen.append(pixels.shape)
        return detect(pixels)

    analyze(PostureRequest(FRONT_PHOTO, SIDE_PHOTO), counting)
    assert seen == [(300, 200, 3)] * 4
