import json

import pytest

from posture.evidence import SMALL, TABLE, uncertainty


def test_a_single_look_has_the_fitted_floor_alone() -> None:
    floor = json.loads(TABLE.read_text())["uncertainty"]["fast"]["front"]["head_tilt"]["floor"]
    assert uncertainty("fast", "front", [{"head_tilt": 3.0}]) == {"head_tilt": pytest.approx(1.96 * floor)}


def test_looks_that_lie_apart_make_an_angle_less_certain() -> None:
    fitted = json.loads(TABLE.read_text())["uncertainty"]["precise"]["front"]["head_tilt"]
    looks = [{"head_tilt": 3.0 + way * 0.8} for way in (-1, 1)]  # the standard error of their mean is 0.8
    expected = 1.96 * (fitted["floor"] ** 2 + (0.8 * fitted["gain"]) ** 2) ** 0.5
    assert uncertainty("precise", "front", looks)["head_tilt"] == pytest.approx(expected)


@pytest.mark.parametrize("mode", SMALL)
def test_a_small_body_makes_every_measure_less_certain_and_a_large_one_none_more(mode: str) -> None:
    looks = [{"back_tilt": 3.0, "hip_tilt": 1.0}, {"back_tilt": 3.5, "hip_tilt": 1.1}]
    usual = uncertainty(mode, "side", looks)
    for size, factor in ((3, 1), (1, 1), (1 / 2, 2), (1 / 3, 3)):
        stated = uncertainty(mode, "side", looks, size * SMALL[mode])
        assert stated == {name: pytest.approx(factor * value) for name, value in usual.items()}
