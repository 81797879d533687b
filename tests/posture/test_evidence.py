import json
import math
from typing import Any, get_args

import pytest

from posture.anatomy import SHIFTS
from posture.angles import FACE, MEASURES, variants_of
from posture.estimate import LOOKS
from posture.evidence import (
    COVERAGE_FACTOR,
    SMALL,
    SMALL_FACE,
    TABLE,
    TRUST,
    provenance,
    standard_error,
    trust,
    uncertainty,
    validity,
)
from posture.models import files
from posture.options import Calibration, Mode
from posture.views import FRONTAL, SAGITTAL, Plane

PLANES = {plane.name: plane for plane in (FRONTAL, SAGITTAL)}


def table() -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(TABLE.read_text())
    return stored


def test_a_single_look_has_the_fitted_floor_alone() -> None:
    floor = table()["uncertainty"]["fast"]["frontal"]["head_tilt.face"]["floor"]
    assert uncertainty("fast", FRONTAL, [{"head_tilt.face": 3.0}]) == {"head_tilt.face": pytest.approx(1.96 * floor)}


def test_looks_that_lie_apart_make_an_angle_less_certain() -> None:
    fitted = table()["uncertainty"]["precise"]["frontal"]["head_tilt.face"]
    looks = [{"head_tilt.face": 3.0 + way * 0.8} for way in (-1, 1)]  # the standard error of their mean is 0.8
    expected = 1.96 * (fitted["floor"] ** 2 + (0.8 * fitted["gain"]) ** 2) ** 0.5
    assert uncertainty("precise", FRONTAL, looks)["head_tilt.face"] == pytest.approx(expected)


def test_the_standard_error_is_that_of_the_mean_and_nothing_for_a_single_look() -> None:
    # standard deviation 2 of four
    assert standard_error([1.0, 1.0, 1.0, 5.0]) == pytest.approx(1)
    assert standard_error([3.0]) == 0


def test_the_coverage_factor_is_that_of_95_percent() -> None:
    assert COVERAGE_FACTOR == 1.96


@pytest.mark.parametrize("mode", SMALL)
def test_a_small_body_makes_every_measure_less_certain_and_a_large_one_none_more(mode: str) -> None:
    looks = [{"back_tilt": 3.0, "hip_tilt": 1.0}, {"back_tilt": 3.5, "hip_tilt": 1.1}]
    usual = uncertainty(mode, SAGITTAL, looks)
    for size, factor in ((3, 1), (1, 1), (1 / 2, 2), (1 / 3, 3)):
        stated = uncertainty(mode, SAGITTAL, looks, size * SMALL[mode])
        assert stated == {name: pytest.approx(factor * value) for name, value in usual.items()}


@pytest.mark.parametrize("mode", SMALL)
def test_what_is_read_from_the_face_is_less_certain_in_bodies_that_are_less_small(mode: str) -> None:
    looks = [{"head_tilt.face": 3.0}]
    usual = uncertainty(mode, FRONTAL, looks)["head_tilt.face"]
    for size, factor in ((SMALL_FACE + 1, 1), (SMALL_FACE / 2, 2)):
        assert uncertainty(mode, FRONTAL, looks, size, FACE)["head_tilt.face"] == pytest.approx(factor * usual)


def test_a_mode_that_does_not_exist_has_no_uncertainty() -> None:
    with pytest.raises(KeyError):
        uncertainty("slow", FRONTAL, [{"head_tilt.face": 3.0}])


def test_the_tables_were_fitted_on_the_models_that_measure() -> None:
    fitted = provenance()
    assert (fitted["model"], fitted["sha256"]) == (files.POSE.name, files.POSE.sha256)
    assert (fitted["face_model"], fitted["face_sha256"]) == (files.FACE.name, files.FACE.sha256)
    assert fitted["version"]
    assert fitted["data"]


def test_every_mode_has_the_uncertainty_of_every_measure_of_each_plane_by_each_of_its_sources() -> None:
    fitted = table()["uncertainty"]
    assert set(fitted) == set(get_args(Mode)) == set(LOOKS) == set(SMALL)
    for planes in fitted.values():
        assert list(planes) == list(PLANES)
        for name, plane in PLANES.items():
            assert list(planes[name]) == [row.key for row in variants_of(plane)]
            for figures in planes[name].values():
                assert set(figures) == {"floor", "gain"}
                assert figures["floor"] > 0
                assert figures["gain"] >= 0


@pytest.mark.parametrize("calibration", get_args(Calibration))
@pytest.mark.parametrize("plane", PLANES.values(), ids=PLANES)
def test_every_measure_of_a_plane_has_its_validity_with_each_calibration_and_no_other(
    plane: Plane, calibration: Calibration
) -> None:
    assert list(table()["validity"][calibration][plane.name]) == [row.key for row in variants_of(plane)]
    for row in variants_of(plane):
        figures = validity(calibration, plane, row.key)
        assert list(figures) == ["figures", "mean_error", "sd_of_error", "slope", "correlation"], row.key
        assert figures["figures"] >= 2, row.key
        assert figures["sd_of_error"] > 0, row.key
    with pytest.raises(KeyError):
        validity(calibration, plane, "ankle_tilt")


def test_the_tables_are_of_the_calibrations_that_may_be_asked_for() -> None:
    assert set(table()["validity"]) == set(get_args(Calibration))


def test_a_calibration_changes_the_validity_of_what_it_moves_and_of_nothing_else() -> None:
    moved = {(shift.plane, shift.landmark) for shift in SHIFTS}
    for row in (variant for plane in PLANES.values() for variant in variants_of(plane)):
        changed = any((row.plane, name) in moved for names in row.points for name in names)
        plain, calibrated = (validity(name, row.plane, row.key) for name in ("none", "anatomical"))
        assert (calibrated != plain) == changed, row.key
        assert bool(row.calibrated_note) == changed, row.key


def test_the_tables_are_of_the_planes_that_measures_belong_to() -> None:
    of_calibrations = [set(planes) for planes in table()["validity"].values()]
    assert [{row.plane.name for row in MEASURES}] * 2 == [set(PLANES)] * 2 == of_calibrations


GOOD, FAIR, POOR = TRUST


def test_the_words_of_trust_go_from_what_asks_for_most_to_what_takes_all() -> None:
    assert [row.name for row in TRUST] == ["good", "fair", "poor"]
    assert 0 < GOOD.uncertainty < FAIR.uncertainty < POOR.uncertainty == math.inf
    assert 1 > GOOD.correlation > FAIR.correlation > POOR.correlation == -1


def test_a_reading_is_trusted_as_far_as_the_worse_of_uncertainty_and_correlation_lets_it() -> None:
    little = 1e-9
    assert trust(GOOD.uncertainty, GOOD.correlation) == "good"
    assert trust(GOOD.uncertainty + little, 1) == "fair"
    assert trust(0, GOOD.correlation - little) == "fair"
    assert trust(FAIR.uncertainty, FAIR.correlation) == "fair"
    assert trust(FAIR.uncertainty + little, 1) == "poor"
    assert trust(0, FAIR.correlation - little) == "poor"
    assert trust(1000, -1) == "poor"
