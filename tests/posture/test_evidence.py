import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.anatomy import SHIFTS
from posture.angles import BODY, FACE, MEASURES, Measure, variants_of
from posture.clarity import CLEAR, Clarity
from posture.estimate import LOOKS
from posture.evidence import (
    COVERAGE_FACTOR,
    FAULTS,
    TABLE,
    TRUST,
    Fault,
    group,
    provenance,
    standard_error,
    times_worse,
    trust,
    uncertainty,
    validity,
)
from posture.models import files
from posture.options import Calibration, Mode
from posture.views import FRONTAL, SAGITTAL, Plane

PLANES = {plane.name: plane for plane in (FRONTAL, SAGITTAL)}

EVERY = [row for plane in (FRONTAL, SAGITTAL) for row in variants_of(plane)]
MODES = pytest.mark.parametrize("mode", get_args(Mode))
# How many times a poor photo exceeds the limits, in the order of FAULTS.
BEYOND = (2.0, 3.0, 1.5, 2.5, 4.0)


def table() -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(TABLE.read_text())
    return stored


@dataclass(frozen=True)
class Stated(Clarity):
    """A clarity whose coarseness is what it is said to be."""

    told: Mapping[str, float]

    @property
    def coarseness(self) -> float:
        return self.told["coarseness"]


def beyond(of: str, *times: float) -> Clarity:
    """A photo whose faults exceed their limits so many times, in the order of FAULTS; those of 1 lie at theirs."""
    limits = [fault.of_face if of == FACE else fault.limit for fault in FAULTS]
    values = [
        limit / many if fault.least else limit * many for fault, limit, many in zip(FAULTS, limits, times, strict=True)
    ]
    told = dict(zip((fault.name for fault in FAULTS), values, strict=True))
    return Stated(told["blur"], told["relative_grain"] * told["contrast"], told["contrast"], 1, told["size"], told)


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


def test_the_faults_are_what_a_clarity_tells_and_a_clear_photo_has_none() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    for fault in FAULTS:
        assert getattr(CLEAR, fault.name) is not None
        assert fault.excess(CLEAR) == fault.excess(CLEAR, FACE) == 0, fault.name


def test_a_fault_exceeds_its_limit_by_the_logarithm_of_how_many_times() -> None:
    too_much = Fault("blur", 0.5, 0.25)
    for blur, of_body, of_face in ((0.1, 0, 0), (0.25, 0, 0), (0.5, 0, math.log(2)), (1.5, math.log(3), math.log(6))):
        seen = replace(CLEAR, blur=blur)
        assert (too_much.excess(seen), too_much.excess(seen, FACE)) == pytest.approx((of_body, of_face))


def test_a_fault_of_having_too_little_exceeds_its_limit_the_other_way() -> None:
    too_little = Fault("size", 200, 800, least=True)
    for size, of_body, of_face in ((900, 0, 0), (800, 0, 0), (200, 0, math.log(4)), (50, math.log(4), math.log(16))):
        seen = replace(CLEAR, size=size)
        assert (too_little.excess(seen), too_little.excess(seen, FACE)) == pytest.approx((of_body, of_face))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_face_is_smaller_than_a_body_and_asks_for_as_much_or_more(fault: Fault) -> None:
    assert fault.of_face >= fault.limit if fault.least else fault.of_face <= fault.limit


def test_what_is_nothing_at_all_exceeds_no_limit_without_end() -> None:
    nothing = Clarity(blur=0.0, grain=0.0, contrast=0.0, blocks=0.0, size=0.5)
    for fault in FAULTS:
        for of in (BODY, FACE):
            assert 0 <= fault.excess(nothing, of) < math.inf


def test_what_is_read_from_the_face_is_one_group_and_from_the_body_one_a_plane() -> None:
    assert [group(plane, BODY) for plane in PLANES.values()] == list(PLANES)
    assert {group(plane, FACE) for plane in PLANES.values()} == {FACE}
    assert len({group(row.plane, row.of) for row in EVERY}) == 3


@MODES
@pytest.mark.parametrize(("plane", "of"), [(FRONTAL, BODY), (FRONTAL, FACE), (SAGITTAL, BODY)])
def test_a_clear_photo_makes_nothing_worse(mode: str, plane: Plane, of: str) -> None:
    assert times_worse(mode, plane, CLEAR, of) == 1
    assert times_worse(mode, plane, beyond(of, *[1] * len(FAULTS)), of) == pytest.approx(1)


@MODES
@pytest.mark.parametrize(("plane", "of"), [(FRONTAL, BODY), (FRONTAL, FACE), (SAGITTAL, BODY)])
def test_a_poor_photo_is_as_many_times_worse_as_the_powers_of_its_faults_together(
    mode: str, plane: Plane, of: str
) -> None:
    exponents = table()["photo"][mode][group(plane, of)]
    powers = [many ** exponents[fault.name] for fault, many in zip(FAULTS, BEYOND, strict=True)]
    assert times_worse(mode, plane, beyond(of, *BEYOND), of) == pytest.approx(math.prod(powers))
    for place in range(len(FAULTS)):
        alone = [many if place == at else 1.0 for at, many in enumerate(BEYOND)]
        assert times_worse(mode, plane, beyond(of, *alone), of) == pytest.approx(powers[place])


CLARITIES = st.builds(
    Clarity, st.floats(0, 30), st.floats(0, 100), st.floats(0, 255), st.floats(0, 10), st.floats(0.5, 4000)
)
WORSE = {"blur": 1.3, "grain": 1.3, "blocks": 1.3, "size": 0.7}  # how many times as much, one at a time


@given(CLARITIES, st.sampled_from(get_args(Mode)), st.sampled_from(EVERY), st.sampled_from(list(WORSE)))
def test_a_worse_photo_is_never_less_uncertain(seen: Clarity, mode: str, row: Measure, what: str) -> None:
    worse = replace(seen, **{what: WORSE[what] * getattr(seen, what)})
    before, after = (times_worse(mode, row.plane, each, row.of) for each in (seen, worse))
    assert 1 <= before <= after < math.inf


@given(CLARITIES, st.sampled_from(get_args(Mode)), st.sampled_from(EVERY))
def test_less_contrast_with_the_same_grain_is_never_less_uncertain(seen: Clarity, mode: str, row: Measure) -> None:
    pale = replace(seen, contrast=0.7 * seen.contrast)
    assert times_worse(mode, row.plane, seen, row.of) <= times_worse(mode, row.plane, pale, row.of)


@MODES
def test_a_poor_photo_widens_the_floor_and_leaves_what_the_looks_say(mode: str) -> None:
    for plane, of in ((FRONTAL, BODY), (FRONTAL, FACE), (SAGITTAL, BODY)):
        keys = [row.key for row in variants_of(plane) if row.of == of]
        looks = [dict.fromkeys(keys, 3.0 + way * 0.8) for way in (-1, 1)]  # the standard error is 0.8
        seen = beyond(of, *BEYOND)
        stated, worse = uncertainty(mode, plane, looks, seen, of), times_worse(mode, plane, seen, of)
        assert list(stated) == keys
        for key in keys:
            fitted = table()["uncertainty"][mode][plane.name][key]
            expected = 1.96 * math.hypot(worse * fitted["floor"], 0.8 * fitted["gain"])
            assert stated[key] == pytest.approx(expected), key


def test_without_a_word_on_the_photo_it_is_a_clear_one() -> None:
    looks = [{"back_tilt": 3.0, "hip_tilt": 1.0}, {"back_tilt": 3.5, "hip_tilt": 1.1}]
    assert uncertainty("standard", SAGITTAL, looks) == uncertainty("standard", SAGITTAL, looks, CLEAR, BODY)


def test_the_face_is_judged_by_limits_and_exponents_of_its_own() -> None:
    face = next(fault for fault in FAULTS if fault.of_face > fault.limit)
    between = replace(CLEAR, **{face.name: math.sqrt(face.limit * face.of_face)})
    looks = [{"head_tilt.face": 3.0}]
    assert times_worse("standard", FRONTAL, between) == 1
    exponent = table()["photo"]["standard"][FACE][face.name]
    expected = (face.of_face / face.limit) ** (exponent / 2)
    usual = uncertainty("standard", FRONTAL, looks, CLEAR, FACE)["head_tilt.face"]
    assert uncertainty("standard", FRONTAL, looks, between, FACE)["head_tilt.face"] == pytest.approx(expected * usual)


def test_a_mode_that_does_not_exist_has_no_uncertainty() -> None:
    with pytest.raises(KeyError):
        uncertainty("slow", FRONTAL, [{"head_tilt.face": 3.0}])
    with pytest.raises(KeyError):
        times_worse("slow", FRONTAL, CLEAR)


def test_every_mode_has_the_exponents_of_every_fault_for_each_plane_and_for_the_face() -> None:
    photo = table()["photo"]
    assert list(photo) == list(LOOKS)
    groups = list(dict.fromkeys(group(row.plane, row.of) for row in EVERY))
    assert set(groups) == {*PLANES, FACE}
    for mode in photo:
        assert set(photo[mode]) == set(groups)
        for exponents in photo[mode].values():
            assert list(exponents) == [fault.name for fault in FAULTS]
            assert all(exponent >= 0 for exponent in exponents.values())


def test_the_tables_were_fitted_on_the_models_that_measure() -> None:
    fitted = provenance()
    assert (fitted["model"], fitted["sha256"]) == (files.POSE.name, files.POSE.sha256)
    assert (fitted["face_model"], fitted["face_sha256"]) == (files.FACE.name, files.FACE.sha256)
    assert fitted["version"]
    assert fitted["data"]


def test_every_mode_has_the_uncertainty_of_every_measure_of_each_plane_by_each_of_its_sources() -> None:
    fitted = table()["uncertainty"]
    assert set(fitted) == set(get_args(Mode)) == set(LOOKS)
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
