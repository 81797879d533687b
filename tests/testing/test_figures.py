"""The figures with known angles, and which of them a case is tried on."""

import json
from pathlib import Path

import numpy as np
import pytest

from posture.angles import of_plane
from posture.views import FRONT, SIDE, VIEWS
from testing import DEMO
from testing.figures import FigurePhoto, evenly, figures, sample, true_measures, unfit

NAMES = {view.name: [row.name for row in of_plane(view.plane)] for view in VIEWS}


def test_the_demo_figures_are_known_without_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POSTURE_TRUTH", raising=False)
    found = figures()
    pairs = json.loads((DEMO / "truth.json").read_text())["pairs"]
    assert [photo.view for photo in found] == [FRONT, SIDE] * len(pairs)
    assert len({photo.figure for photo in found}) == len(pairs)
    assert [photo.truth for photo in found[:2]] == [pairs[0]["angles"][view.key] for view in VIEWS]
    assert [photo.facing for photo in found[::2]] == [pair["facing"] for pair in pairs]
    assert unfit() == []


def test_a_folder_adds_figures_and_what_must_be_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = {
        "nose": [100, 100], "left_ear": [110, 95], "right_ear": [90, 95], "left_shoulder": [120, 150],
        "right_shoulder": [80, 160], "left_hip": [110, 250], "right_hip": [90, 250], "left_knee": [110, 350],
        "right_knee": [90, 350], "left_ankle": [110, 450], "right_ankle": [90, 450],
    }  # fmt: skip
    angles = {view.name: dict.fromkeys(NAMES[view.name][:4], 1.5) for view in VIEWS}
    truth = {"id": "007", "facing": "left", "angles": angles, "landmarks": dict.fromkeys(NAMES, points)}
    (tmp_path / "007.json").write_text(json.dumps(truth))
    for view in VIEWS:
        (tmp_path / f"007_{view.name}.jpg").write_bytes(view.name.encode())
    (tmp_path / "refuse").mkdir()
    (tmp_path / "refuse" / "007_back.jpg").touch()
    monkeypatch.setenv("POSTURE_TRUTH", str(tmp_path))
    front, side = [photo for photo in figures() if photo.figure == "007"]
    assert (front.view, side.view, side.facing) == (FRONT, SIDE, "left")
    # the file's own angles hold; what it does not give is measured from the body's points
    assert front.truth["shoulder_tilt"] == 1.5
    assert front.truth["nose_offset"] == pytest.approx(0)
    # the left side is the near one of a figure that faces the left
    assert side.truth["ear_offset"] == pytest.approx(0)
    assert side.truth["shoulder_offset"] == pytest.approx(100 * -10 / 350)
    assert unfit() == [(tmp_path / "refuse" / "007_back.jpg", "back_view")]


def test_the_angles_of_the_true_landmarks_are_the_true_angles(truth_folder: Path) -> None:
    files = sorted(truth_folder.glob("*.json"))
    assert files
    for file in files:
        truth = json.loads(file.read_text())
        for view in VIEWS:
            measured = true_measures(truth, view)
            for name, angle in truth["angles"][view.name].items():
                # the points are rounded to a tenth of a pixel
                assert measured[name] == pytest.approx(angle, abs=0.3), (file.stem, name)


@pytest.mark.parametrize("others", [222, 54, 22])
def test_a_sample_has_the_demo_photos_and_about_six_others_which_turn_by_turn_are_all(others: int) -> None:
    photos = list(range(6 + others))
    samples = [sample(photos, chr(number)) for number in range(64)]
    assert all(each[:6] == photos[:6] for each in samples)
    rest = [each[6:] for each in samples]
    assert all(6 <= len(each) <= 8 for each in rest)
    assert {number for each in rest for number in each} == {*photos[6:]}
    assert len(rest[1]) == pytest.approx(others / np.diff(rest[1])[0], abs=1)
    assert len({*np.diff(rest[1])}) == 1, "evenly spaced"
    assert all({number % 2 for number in each} == {0, 1} for each in rest), "fronts and sides"


def test_a_case_always_has_the_same_sample_and_of_few_photos_all() -> None:
    photos = list(range(6 + 54))
    assert sample(photos, "noisy") == sample(photos, "noisy") != sample(photos, "small")
    assert sample(photos[:6], "any") == photos[:6]
    assert sample(photos[:10], "any") == photos[:10]


@pytest.mark.parametrize(("figures_of_all", "most", "left"), [(114, 30, 30), (114, 20, 20), (14, 30, 14), (3, 2, 3)])
def test_photos_of_fewer_figures_are_the_demos_and_both_of_others_evenly(
    figures_of_all: int, most: int, left: int
) -> None:
    photos = [
        FigurePhoto(f"{number:03}", view, Path(f"{number:03}_{view.name}.jpg"), "left", {})
        for number in range(figures_of_all)
        for view in VIEWS
    ]
    found = evenly(photos, most)
    numbers = [int(photo.figure) for photo in found]
    assert [photo.view for photo in found] == [FRONT, SIDE] * left
    assert numbers == sorted(numbers)
    assert numbers[:6] == [0, 0, 1, 1, 2, 2]
    apart = {*np.diff(numbers[6::2])}
    assert not apart or max(apart) - min(apart) <= 1
    assert found == evenly(photos, most)
