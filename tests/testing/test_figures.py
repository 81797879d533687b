"""The figures with known angles, and which of them a case is tried on."""

import json
from pathlib import Path

import pytest

from posture.angles import of_plane
from posture.views import FRONT, SIDE, VIEWS
from testing import DEMO
from testing.figures import figures, sample, true_measures, unfit

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


def test_a_sample_has_the_demo_photos_and_every_fourth_of_the_others_which_turn_by_turn_are_all() -> None:
    photos = list(range(6 + 10))
    samples = [sample(photos, chr(number)) for number in range(4)]
    assert samples[1] == [*range(6), 7, 11, 15]
    assert sample(photos, "\x01") == samples[1]
    assert sorted(photo for each in samples for photo in each[6:]) == photos[6:]
    assert sample(photos[:6], "any") == photos[:6]
