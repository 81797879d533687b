"""The page reads moved points as the instrument would: its formulas beside Python's, on the same numbers.

a line in the photo  ---- apply ---->  in the level picture  ---- formula ---->  value
                     <--- inverse ---                        ---- reference -->  a line to draw
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

import posture
from posture import angles
from posture.camera import Camera
from posture.landmarks import Array, Landmarks
from posture.views import FRONT, SIDE, VIEWS, View
from posture.web.measures import rows
from testing import DEMO, builders
from testing.builders import SIZE, detect_by
from testing.figures import FigurePhoto, figures
from tests.posture.people import PROFILE, STANDING, answered
from tests.posture.web.modules import page_with

CAMERAS = [
    Camera(roll=roll, pitch=pitch, focal_35mm=26, mirrored=mirrored)
    for (roll, pitch), mirrored in product([(0, 0), (3.5, 0), (-4, -14), (12, 20), (-175, 5)], [False, True])
]
REQUESTS: list[dict[str, Any]] = [
    {},
    {"camera": {"front": {"roll": 4.0, "pitch": -12.0}, "side": {"roll": -7.5, "pitch": 9.0, "focal_35mm": 35}}},
    {
        "camera": {"front": {"roll": -3.0, "pitch": 6.0}, "side": {"roll": 5.0}},
        "mirrored": {"front": True, "side": True},
        "calibration": "anatomical",
    },
]
EACH = 7  # figure of those with known angles, that the test is quick; all have been tried

RUN = """async ([measures, cases]) => {
  const { contextOf, measureOf, reference, value } = await import("/page/geometry.js");
  return cases.map(({ view, details, context, readings }) => {
    const known = context ?? contextOf(details, measures, view);
    return { ...known, readings: readings.map(([name, reading]) => {
      const measure = measureOf(measures, view, name, reading);
      return { value: value(measure, reading.line, known), reference: reference(measure, reading.line, known) };
    }) };
  });
}"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    with page_with(browser) as page:
        yield page


def read(page: Page, *cases: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the page makes of cases, each of a photo."""
    told: list[dict[str, Any]] = page.evaluate(RUN, [rows(), cases])
    return told


def readings_of(details: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [*details["angles"].items(), *details.get("measures", {}).items()]


def case_of(view: View, details: Mapping[str, Any]) -> dict[str, Any]:
    """A view of an answer, every reading as it came."""
    return {"view": view.name, "details": details, "readings": readings_of(details)}


def cases_of(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [case_of(view, data["details"][view.key]) for view in VIEWS]


def rounding(reading: Mapping[str, Any], size: float) -> float:
    """How far a value may be off that is read from a line of points which are rounded, and is rounded itself."""
    ends = math.hypot(0.01, 0.01)  # both ends, half a hundredth each, and both ways
    across = ends / size if reading["unit"].startswith("%") else 0.0
    turns = sum(ends / math.dist(*segment) for segment in pairwise(reading["line"]))
    told = 100 * across if across else math.degrees(turns)
    return 0.005 + 1.3 * told  # what levelling stretches


def assert_as_told(told: Mapping[str, Any], case: Mapping[str, Any]) -> None:
    """The page's values and references are those of the answer, but for its rounding."""
    for (name, reading), read_here in zip(case["readings"], told["readings"], strict=True):
        assert read_here["value"] == pytest.approx(reading["value"], abs=rounding(reading, told["size"])), name
        expected, here = np.array(reading["reference"]), np.array(read_here["reference"])
        off = 0.03 if len(reading["line"]) == 2 else 0.1  # a bend's is as long as both its parts, and turns with one
        assert here == pytest.approx(expected, abs=off), name


# Of answers


@pytest.mark.parametrize("options", REQUESTS, ids=str)
def test_the_demo_photos_read_as_their_answers_say(
    page: Page, pool: posture.LandmarkerPool, options: dict[str, Any]
) -> None:
    measurement = posture.measure(DEMO / "front_image.jpg", DEMO / "side_image.jpg", model=pool, **options)
    cases = cases_of(measurement.answer(["measures", "landmarks"])["data"])
    for told, case in zip(read(page, *cases), cases, strict=True):
        assert len(case["readings"]) == 10
        assert_as_told(told, case)


def answer_about(people: Mapping[str, tuple[Landmarks, tuple[int, int]]], **options: Any) -> dict[str, Any]:
    """The data of an answer about these people, by view, each in a picture of its size."""
    colors = {"front": "red", "side": "lime"}
    found = {colors[view]: [person.moved(0, SIZE[0] / size[0])] for view, (person, size) in people.items()}
    photos = [builders.photo(colors[view.name], people[view.name][1]) for view in VIEWS]
    return answered(detect_by(**found), *photos, strict=False, include=["measures", "landmarks"], **options)


def pairs() -> list[tuple[FigurePhoto, FigurePhoto]]:
    """Front and side of some of the figures of which it is told where their bodies lie in the pictures."""
    told = [photo for photo in figures() if photo.shot]
    return list(zip(told[::2], told[1::2], strict=True))[::EACH]


def about_figure(pair: tuple[FigurePhoto, FigurePhoto], **options: Any) -> dict[str, Any]:
    """What the worker would answer if the model found the figure's own points, levelled by its own cameras."""
    people, cameras = {}, {}
    for photo in pair:
        assert photo.shot
        with Image.open(photo.file) as image:
            people[photo.view.name] = photo.shot.body, image.size
            focal = photo.shot.focal / math.hypot(*image.size) * math.hypot(24, 36)
        cameras[photo.view.name] = {"roll": photo.shot.roll, "pitch": photo.shot.pitch, "focal_35mm": focal}
    return answer_about(people, camera=cameras, **options)


@pytest.mark.usefixtures("truth_folder")
def test_figures_read_as_their_answers_say(page: Page) -> None:
    cases = []
    for number, pair in enumerate(pairs()):
        mirrored = {view.name: number % 2 == 1 for view in VIEWS}
        cases += cases_of(about_figure(pair, mirrored=mirrored))
    assert {case["details"].get("near_side") for case in cases} == {None, "left", "right"}
    for told, case in zip(read(page, *cases), cases, strict=True):
        assert_as_told(told, case)


# Of points that were moved


def levelled(camera: Camera, points: Array) -> list[Array]:
    return list(camera.levelled(points, *SIZE))


def as_sent(camera: Camera, points: Sequence[Array]) -> Array:
    return camera.as_sent(np.array(points), *SIZE)


def anywhere() -> list[Array]:
    """Three points in the photo, some times: scattered, one upon another, and in one line."""
    generator = np.random.default_rng(15)
    scattered = [generator.uniform((0, 0), SIZE, (3, 2)) for _ in range(4)]
    return [*scattered, np.full((3, 2), 500.0), np.array([(500.0, 900.0), (500.0, 600.0), (500.0, 200.0)])]


@pytest.mark.parametrize("camera", CAMERAS, ids=lambda camera: f"{camera.roll} {camera.pitch} {camera.mirrored}")
def test_moved_points_read_as_by_the_instrument(page: Page, camera: Camera) -> None:
    homography = camera.homography(*SIZE).tolist()
    variants = [(view, row) for view in VIEWS for row in angles.variants_of(view.plane)]
    cases, expected = [], []
    for points, direction, (view, row) in product(anywhere(), (1, -1), variants):
        line, size = points[: len(row.points)], 730.0
        level = levelled(camera, line)
        value = row.value(level, direction, size)
        expected.append((value, as_sent(camera, row.reference(level, direction))))
        context = {"homography": homography, "direction": direction, "size": size}
        reading = {"line": line.tolist(), "source": row.source}
        cases.append({"view": view.name, "context": context, "readings": [(row.name, reading)]})
    for told, (value, reference) in zip(read(page, *cases), expected, strict=True):
        (here,) = told["readings"]
        assert here["value"] == pytest.approx(value, abs=1e-6)
        assert np.array(here["reference"]) == pytest.approx(reference, abs=1e-6)


@pytest.mark.parametrize("camera", CAMERAS, ids=lambda camera: f"{camera.roll} {camera.pitch} {camera.mirrored}")
def test_points_go_to_the_level_picture_and_back(page: Page, camera: Camera) -> None:
    points = np.vstack(anywhere())
    there, back = page.evaluate(
        """async ([homography, points]) => {
          const { apply, inverse } = await import("/page/geometry.js");
          const there = points.map((point) => apply(homography, point));
          return [there, there.map((point) => apply(inverse(homography), point))];
        }""",
        [camera.homography(*SIZE).tolist(), points.tolist()],
    )
    assert np.array(there) == pytest.approx(camera.levelled(points, *SIZE), abs=1e-6)
    assert np.array(back) == pytest.approx(points, abs=1e-6)


# What an answer tells of the photo


def test_the_positive_direction_of_the_front_is_that_of_its_reference(page: Page) -> None:
    ahead = answer_about({"front": (STANDING, SIZE), "side": (PROFILE, SIZE)})
    behind = answer_about({"front": (STANDING.renamed(), SIZE), "side": (PROFILE, SIZE)})
    fronts = [case_of(FRONT, data["details"]["front_view"]) for data in (ahead, behind)]
    told = read(page, *fronts)
    assert [one["direction"] for one in told] == [1, -1]
    for one, case in zip(told, fronts, strict=True):
        assert_as_told(one, case)


@pytest.mark.parametrize("facing", ["left", "right"])
@pytest.mark.parametrize("mirrored", [False, True])
def test_the_positive_direction_of_the_side_is_where_the_person_faces(page: Page, facing: str, mirrored: bool) -> None:  # noqa: FBT001
    person = PROFILE if facing == "right" else PROFILE.mirrored(SIZE[0])
    data = answer_about({"front": (STANDING, SIZE), "side": (person, SIZE)}, mirrored={"side": mirrored})
    case = case_of(SIDE, data["details"]["side_view"])
    assert case["details"]["facing"] == facing
    (told,) = read(page, case)
    assert told["direction"] == (1 if (facing == "right") != mirrored else -1)
    assert_as_told(told, case)


def test_the_size_is_that_from_nose_to_ankles_in_the_level_picture(page: Page) -> None:
    camera = Camera(roll=5, pitch=-10, focal_35mm=26)
    people = {
        "front": (replace(STANDING, points=camera.as_sent(STANDING.points, *SIZE)), SIZE),
        "side": (replace(PROFILE, points=camera.as_sent(PROFILE.points, *SIZE)), SIZE),
    }
    told = {view.name: {"roll": 5, "pitch": -10, "focal_35mm": 26} for view in VIEWS}
    sizes = [one["size"] for one in read(page, *cases_of(answer_about(people, camera=told)))]
    assert sizes == pytest.approx([STANDING.nose_to_ankle, PROFILE.nose_to_ankle], abs=0.02)


def test_without_landmarks_the_size_is_what_the_offsets_were_read_with(page: Page) -> None:
    leaning = STANDING.moved(4, center=(500, 930))
    case = case_of(FRONT, answer_about({"front": (leaning, SIZE), "side": (PROFILE, SIZE)})["details"]["front_view"])
    del case["details"]["landmarks"]
    (told,) = read(page, case)
    assert told["size"] == pytest.approx(STANDING.nose_to_ankle, rel=0.002)  # 0.005 of 7 %
    assert_as_told(told, case)


def test_without_anything_to_tell_the_size_an_offset_is_null_and_an_angle_is_not(page: Page) -> None:
    case = case_of(FRONT, answer_about({"front": (STANDING, SIZE), "side": (PROFILE, SIZE)})["details"]["front_view"])
    details = {name: value for name, value in case["details"].items() if name not in ("landmarks", "measures")}
    (told,) = read(page, {**case, "details": details})
    assert told["size"] is None
    values = {name: here["value"] for (name, _), here in zip(case["readings"], told["readings"], strict=True)}
    assert values["nose_offset"] is None
    assert values["shoulder_tilt"] == pytest.approx(0, abs=0.01)


# The table


def test_the_table_has_each_measure_of_each_view_as_the_instrument_reads_it() -> None:
    table = rows()
    assert [(row["view"], row["name"]) for row in table if row["core"]] == [
        ("front", "shoulder_tilt"), ("front", "pelvic_tilt"), ("front", "head_tilt"), ("front", "head_tilt"),
        ("front", "body_tilt"), ("side", "back_tilt"), ("side", "neck_tilt"), ("side", "body_tilt"),
        ("side", "hip_tilt"),
    ]  # fmt: skip
    assert len(table) == len(angles.MEASURES) + 1  # a head's tilt by face and by ears
    assert next(row for row in table if row["name"] == "left_knee_deviation") == {
        "view": "front",
        "name": "left_knee_deviation",
        "source": "",
        "kind": "bend",
        "unit": "degrees",
        "sign": -1,
        "core": False,
        "points": [["left_ankle"], ["left_knee"], ["left_hip"]],
        "meaning": "Left knee out of the line from ankle to hip; positive: inwards (valgus).",
    }
