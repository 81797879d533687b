"""The tools behind docs/ACCURACY.md, on data whose answer is known."""

import csv
import io
import itertools
import json
import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image

from bench.accuracy import evidence
from bench.accuracy.errors import Comparison, against_truth, errors, less_than_plain, mean_absolute, retest, sd
from bench.accuracy.looks import ANATOMICAL, PLAIN, Take, as_they_are, files, label, label_by_source, truth_and_measured
from bench.accuracy.pairs import write_pairs
from bench.accuracy.plots import draw
from bench.accuracy.retakes import CLEAN, CONDITIONS, POOR, RETAKES, jpeg, poor, retake
from bench.accuracy.uncertainty import (
    FLOOR_AT_LEAST,
    FOLDS,
    Array,
    Deviations,
    Fit,
    cross_validated,
    deviations,
    fit,
    retest_sd,
    root_mean_square,
    scale,
)
from posture.angles import MEASURES, of_plane, variants_of
from posture.clarity import CLEAR, Clarity
from posture.errors import CODES
from posture.estimate import LOOKS
from posture.evidence import FAULTS, TABLE, group, validity
from posture.images import MIN_SIDE
from posture.judge import checks
from posture.options import Calibration
from posture.views import FRONT, SAGITTAL, SIDE, VIEWS, View
from testing import TOP, builders
from testing.figures import FigurePhoto, Shot
from testing.pictures import pixels_of

SHOULDER = next(row for row in MEASURES if row.name == "shoulder_tilt")
# By name, and by the key of each source.
NAMES = {
    view.name: [
        *(row.name for row in of_plane(view.plane)),
        *(row.key for row in variants_of(view.plane) if row.key != row.name),
    ]
    for view in VIEWS
}


NOTHING = np.zeros(len(FAULTS))
EXPONENTS = np.array([1.5, 0.5, 0.3, 1.0, 0.0])


def normal(  # noqa: PLR0913  a builder: each names what a case is about
    count: int,
    floor: float,
    gain: float,
    *,
    exponents: Array = NOTHING,
    seed: int = 0,
    figures: int = 14,
    most: float = 1,
) -> Deviations:
    """Deviations drawn from the very model that is fitted: of clean photos, and of such as have one of the faults.

    `most`: the largest standard error.
    """
    random = np.random.default_rng(seed)
    condition = random.integers(0, len(FAULTS) + 1, count)
    excess = np.where(condition[:, None] == np.arange(1, len(FAULTS) + 1), random.uniform(0, 1.5, (count, 1)), 0)
    spread = random.uniform(0, most, count)
    deviation = random.normal(0, np.hypot(np.exp(excess @ exponents) * floor, gain * spread))
    names = np.array([CLEAN, *(fault.name for fault in FAULTS)])
    return Deviations(np.arange(count) % figures, names[condition], deviation, spread, excess, np.zeros(count, bool))


def clean(deviation: Array, standard_error: Array, figures: int = 14) -> Deviations:
    """Deviations of photos without fault."""
    count = len(deviation)
    return Deviations(
        np.arange(count) % figures,
        np.full(count, CLEAN),
        deviation,
        standard_error,
        np.zeros((count, len(FAULTS))),
        np.zeros(count, bool),
    )


def joined(*parts: Deviations) -> Deviations:
    return Deviations(
        *(np.concatenate(columns) for columns in zip(*(vars(part).values() for part in parts), strict=True))
    )


def holds(seen: Deviations, floor: float, gain: float, exponents: Array = NOTHING) -> float:
    """The share of deviations within the uncertainty."""
    return float(Fit(exponents, {"any": (floor, gain)}).holds("any", seen).mean())


def take(  # noqa: PLR0913  a builder: each names what a case is about
    value: float,
    *,
    true: float = 0.0,
    figure: str = "a",
    view: View = FRONT,
    condition: str = "clean",
    number: int = 0,
    plain: float | None = None,
    looks: tuple[float, ...] = (),
    seen: Clarity = CLEAR,
) -> Take:
    """A take in which every measure has the same value."""

    def all_of(one: float) -> dict[str, float]:
        return dict.fromkeys(NAMES[view.name], one)

    photo = FigurePhoto(figure, view, Path(f"{figure}.jpg"), "right", all_of(true))
    standard = all_of(value), [all_of(look) for look in looks]
    modes = {"standard": standard, PLAIN: (all_of(value if plain is None else plain), [])}
    return Take(photo, condition, number, modes, seen=seen)


def test_the_fit_finds_the_exponents_that_the_data_were_drawn_with_and_each_measures_floor_and_gain() -> None:
    drawn = {
        "one": normal(6000, floor=0.5, gain=0.4, exponents=EXPONENTS),
        "other": normal(6000, floor=2.0, gain=1.5, exponents=EXPONENTS, seed=1),
    }
    found = fit(drawn)
    assert found.exponents == pytest.approx(EXPONENTS, abs=0.15)
    assert list(found.scales) == ["one", "other"]
    assert found.scales["one"][0] == pytest.approx(0.5, rel=0.1)
    assert found.scales["other"][0] == pytest.approx(2, rel=0.1)


def test_floor_and_gain_are_those_that_the_data_were_drawn_with() -> None:
    for exponents in (NOTHING, EXPONENTS):
        floor, gain = scale(normal(40_000, floor=0.5, gain=0.8, exponents=exponents, most=1), exponents)
        assert floor == pytest.approx(0.5, rel=0.12)
        assert gain == pytest.approx(0.8, rel=0.12)


def test_95_percent_are_held_in_clean_photos_and_in_those_with_any_fault() -> None:
    drawn = normal(40_000, floor=0.5, gain=0.4, exponents=EXPONENTS)
    floor, gain = scale(drawn, EXPONENTS)
    for name in (CLEAN, *(fault.name for fault in FAULTS)):
        assert holds(drawn.of(drawn.condition == name), floor, gain, EXPONENTS) == pytest.approx(0.95, abs=0.015)


def test_without_a_standard_error_the_floor_alone_covers_95_percent() -> None:
    single_look = clean(normal(40_000, floor=0.5, gain=0.0).deviation, np.zeros(40_000))
    floor, gain = scale(single_look, NOTHING)
    assert gain == 0
    assert floor == pytest.approx(0.5, rel=0.02)
    assert holds(single_look, floor, gain) == pytest.approx(0.95, abs=0.001)


def test_looks_that_contradict_the_retakes_get_no_weight() -> None:
    spread = np.linspace(0, 1, 1000)
    signs = np.where(np.arange(1000) % 2, 1, -1)
    assert scale(clean(signs * (1.1 - spread), spread), NOTHING)[1] == 0


def test_no_measure_is_stated_better_than_the_least_floor() -> None:
    still = clean(np.zeros(28), np.zeros(28))
    assert scale(still, NOTHING) == (FLOOR_AT_LEAST, 0)
    assert fit({"still": still}).scales["still"] == (FLOOR_AT_LEAST, 0)


def test_no_exponent_makes_a_poor_photo_more_certain() -> None:
    better_when_poor = normal(4000, floor=0.5, gain=0.0, exponents=np.full(len(FAULTS), -0.5))
    assert fit({"any": better_when_poor}).exponents == pytest.approx(NOTHING, abs=0.03)


def test_one_photo_that_went_wrong_does_not_set_the_floor() -> None:
    drawn = normal(4000, floor=0.5, gain=0.0).deviation
    drawn[:8] = 500
    assert scale(clean(drawn, np.zeros(4000)), NOTHING)[0] == pytest.approx(0.5, rel=0.05)


def test_each_poor_condition_weighs_the_same_however_many_takes_it_has_and_clean_photos_more() -> None:
    names = np.array([CLEAN] * 50 + ["blurred"] * 10 + ["dark"] * 2)
    of_each = replace(clean(np.zeros(62), np.zeros(62)), condition=names).weight
    total = {name: of_each[names == name].sum() for name in (CLEAN, "blurred", "dark")}
    assert total["blurred"] == pytest.approx(total["dark"])
    assert total[CLEAN] > total["dark"]
    assert np.ptp(of_each[names == "blurred"]) == 0


def test_each_figure_is_judged_by_a_fit_to_the_others() -> None:
    calm = clean(normal(1300, floor=0.5, gain=0.0).deviation, np.zeros(1300), figures=13)
    wild = replace(clean(np.full(100, 5.0), np.zeros(100)), figure=np.full(100, 13))
    both = joined(calm, wild)
    [(key, held)] = cross_validated({"any": both}).items()
    assert key == "any"
    assert not held[both.figure == 13].any()
    # the wild figure widens the fit that those of other parts are judged by, and not that of its own
    with_it = both.figure % FOLDS == 13 % FOLDS
    assert held[~with_it].mean() > 0.99 > held[with_it & (both.figure != 13)].mean()


def test_the_coverage_of_normal_data_is_95_percent_when_cross_validated() -> None:
    drawn = {
        "one": normal(2800, floor=0.3, gain=0.5, exponents=EXPONENTS),
        "other": normal(2800, floor=1.3, gain=0.5, exponents=EXPONENTS, seed=1),
    }
    held = cross_validated(drawn)
    assert list(held) == list(drawn)
    for key, kept in held.items():
        assert kept.shape == drawn[key].deviation.shape
        assert kept.mean() == pytest.approx(0.95, abs=0.015)


def test_deviations_have_the_standard_deviation_of_a_single_take() -> None:
    random = np.random.default_rng(1)
    takes = [
        take(offset + random.normal(0, 0.7), figure=str(figure), number=number)
        for figure, offset in enumerate(random.uniform(-5, 5, 1500))
        for number in range(5)
    ]
    assert retest_sd(deviations(takes, "standard", "shoulder_tilt")) == pytest.approx(0.7, rel=0.03)


def test_a_deviation_is_taken_from_the_other_clean_takes_of_the_same_photo() -> None:
    takes = [take(value, number=number) for number, value in enumerate((1, 4, 7))]
    takes += [take(value, number=number, figure="b") for number, value in enumerate((51, 54, 57))]
    seen = deviations(takes, "standard", "shoulder_tilt")
    assert seen.deviation == pytest.approx([value * math.sqrt(2 / 3) for value in (-4.5, 0, 4.5)] * 2)
    assert list(seen.condition) == [CLEAN] * 6
    assert list(seen.figure) == [0, 0, 0, 1, 1, 1]
    assert retest(takes, "standard", FRONT) == pytest.approx(3)  # the standard deviation of 1, 4 and 7


def test_a_poor_take_is_held_against_the_mean_of_the_clean_ones() -> None:
    takes = [take(value, number=number) for number, value in enumerate((1, 4, 7))]
    takes += [take(100, condition="blur 1 %", number=1), take(-2, condition="grain 40", number=1)]
    takes += [take(3, condition="blur 1 %", number=1, figure="b")]  # nothing is known of this photo when it is clean
    seen = deviations(takes, "standard", "shoulder_tilt")
    assert seen.deviation[3:] == pytest.approx([96, -6])
    assert list(seen.condition[3:]) == ["blur 1 %", "grain 40"]
    assert retest(takes, "standard", FRONT) == pytest.approx(3)  # poor takes are no part of it
    assert retest_sd(seen) == pytest.approx(3)


def test_deviations_know_by_how_much_each_photo_exceeds_the_limits_of_what_is_read() -> None:
    poor_one = Clarity(blur=0.5, grain=3.0, contrast=50.0, blocks=2.0, size=300)
    takes = [take(value, number=number) for number, value in enumerate((1, 4, 7))]
    takes.append(take(9, condition="blur 1 %", number=1, seen=poor_one))
    for row in variants_of(FRONT.plane):
        excess = deviations(takes, "standard", row.key).excess
        assert excess[:3].tolist() == np.zeros((3, len(FAULTS))).tolist()
        assert excess[3].tolist() == [fault.excess(poor_one, row.of) for fault in FAULTS]


def test_some_deviations_are_of_those_takes_in_every_column() -> None:
    drawn = normal(50, floor=1, gain=1)
    some = drawn.of(drawn.figure < 3)
    assert (some.figure < 3).all()
    assert some.excess.shape == (len(some.figure), len(FAULTS))
    assert some.deviation.tolist() == drawn.deviation[drawn.figure < 3].tolist()


def test_photos_with_few_measured_takes_say_nothing_of_how_takes_scatter() -> None:
    takes = [take(value, number=number) for number, value in enumerate((1, 4, 7))]
    takes += [take(value, number=number, figure="b") for number, value in enumerate((0, 50))]
    refused = Take(takes[0].photo, CLEAN, 3, {})
    assert retest([*takes, refused], "standard", FRONT) == pytest.approx(3)


def test_the_standard_error_of_the_looks_goes_into_the_deviations() -> None:
    takes = [take(1, looks=(0, 2)), take(1, number=1, looks=(1, 1)), take(1, number=2, looks=(1,))]
    assert deviations(takes, "standard", "shoulder_tilt").standard_error == pytest.approx([1, 0, 0])


def test_errors_are_measured_minus_true() -> None:
    takes = [take(3, true=1, figure="a"), take(1, true=5, figure="b"), take(9, view=SIDE, figure="a")]
    assert errors(takes, SHOULDER, "standard") == pytest.approx([2, -4])
    assert mean_absolute(errors(takes, SHOULDER, "standard")) == pytest.approx(3)
    assert sd(errors(takes, SHOULDER, "standard")) == pytest.approx(math.sqrt(18))


def compared(count: int, seed: int = 0, noise: float = 1.0) -> Comparison:
    """What is measured lies 2 too high, and moves by 0.8 where the truth moves by 1."""
    random = np.random.default_rng(seed)
    trues = random.normal(0, 4, count)
    takes = [
        take(2 + 0.8 * true + random.normal(0, noise), true=true, figure=str(index)) for index, true in enumerate(trues)
    ]
    found = against_truth(takes, SHOULDER, "standard")
    assert found is not None
    return found


def test_the_intervals_hold_the_true_offset_and_slope_and_get_narrower_with_more_figures() -> None:
    few, many = compared(12), compared(300)
    for found in (few, many):
        low, high = found.interval_of_mean
        assert low < found.mean_error < high
        low, high = found.interval_of_slope
        assert low < found.slope < high
    low, high = many.interval_of_slope
    assert low < 0.8 < high
    assert high - low < 0.3
    assert np.ptp(many.interval_of_slope) < np.ptp(few.interval_of_slope) / 2
    assert np.ptp(many.interval_of_mean) < np.ptp(few.interval_of_mean) / 2
    # the standard error of a mean, either way 1.96 times
    expected = 2 * 1.96 * many.sd_of_error / math.sqrt(300)
    assert np.ptp(many.interval_of_mean) == pytest.approx(expected, rel=0.1)


def test_errors_that_are_all_the_same_leave_no_interval() -> None:
    takes = [take(true + 3, true=true, figure=str(true)) for true in (0, 1, 5)]
    found = against_truth(takes, SHOULDER, "standard")
    assert found is not None
    assert (found.mean_error, found.slope) == pytest.approx((3, 1))
    assert found.interval_of_mean == pytest.approx((3, 3))
    assert found.interval_of_slope == pytest.approx((1, 1))
    assert against_truth(takes[:1], SHOULDER, "standard") is None


def test_only_photos_that_were_neither_worsened_nor_retaken_are_as_they_are() -> None:
    takes = [take(1), take(2, number=1), take(3, condition="blurred")]
    assert as_they_are(takes) == takes[:1]


def test_measures_without_a_known_truth_are_left_out() -> None:
    known, unknown = take(1, true=2), take(5, figure="b")
    del unknown.photo.truth["shoulder_tilt"]
    assert truth_and_measured([known, unknown], SHOULDER, "standard").tolist() == [[2, 1]]
    assert truth_and_measured([unknown], SHOULDER, "standard").shape == (0, 2)


def test_what_a_mode_gains_over_the_plain_pass_has_an_interval_around_it() -> None:
    always_half = [take(sign, plain=2 * sign, figure=str(sign)) for sign in (-1, 1, -3, 3)]
    low, high = less_than_plain(always_half, "standard", FRONT, mean_absolute)
    assert 1 <= low < 2 < high <= 3
    assert less_than_plain([take(1), take(2, figure="b")], "standard", FRONT, mean_absolute) == (0, 0)


def test_root_mean_square() -> None:
    assert root_mean_square([3, 4, 0, 0]) == pytest.approx(2.5)


def test_the_pairs_are_written_as_poseaudit_reads_them(tmp_path: Path) -> None:
    file = tmp_path / "standard.csv"
    write_pairs([take(1.23456, true=2.0), take(7, number=1), take(4, view=SIDE)], "standard", file)
    with file.open(newline="") as text:
        rows = list(csv.DictReader(text))
    assert list(rows[0]) == ["subject", "trial", "frame", "measure", "pred", "ref", "unit"]
    assert len(rows) == len(MEASURES)
    assert rows[0] == {
        "subject": "a", "trial": "front", "frame": "0", "measure": "front shoulder_tilt",
        "pred": "1.235", "ref": "2.0", "unit": "deg",
    }  # fmt: skip
    assert {row["measure"]: row["unit"] for row in rows}["side ear_offset"] == "%"
    assert len({row["measure"] for row in rows}) == len(MEASURES)


def test_the_plots_show_all_eight_angles(tmp_path: Path) -> None:
    takes = [take(number, true=number / 2, figure=str(number), view=view) for number in range(3) for view in VIEWS]
    draw(takes, tmp_path)
    for name in ("error", "bland_altman"):
        drawn = (tmp_path / f"{name}.svg").read_text()
        for row in MEASURES:
            assert (label(row) in drawn) == row.core
    before = (tmp_path / "error.svg").read_bytes()
    draw(takes, tmp_path)
    assert (tmp_path / "error.svg").read_bytes() == before


def dot(image: Image.Image) -> tuple[float, float, float]:
    """The middle of what is dark, in pixels, and the root of its area."""
    dark = np.clip(160.0 - np.asarray(image.convert("L"), dtype=np.float64), 0, None)
    ys, xs = np.indices(dark.shape)
    return float((xs * dark).sum() / dark.sum()), float((ys * dark).sum() / dark.sum()), math.sqrt(dark.sum())


def test_a_retake_stays_within_its_bounds_and_uses_them() -> None:
    photo = Image.new("RGB", (400, 400), (200, 200, 200))
    photo.paste((0, 0, 0), (160, 160, 240, 240))
    x, y, size = dot(photo)
    random = np.random.default_rng(3)
    again = [Image.open(io.BytesIO(retake(photo, random))) for _ in range(200)]
    moved = np.array([dot(image) for image in again]) - (x, y, 0)
    brightness = np.array([np.asarray(image)[:100].mean() / 200 for image in again])
    for shift in (moved[:, 0], moved[:, 1]):
        assert np.abs(shift).max() < 2.1
        assert shift.min() < -1.7
        assert shift.max() > 1.7
    assert np.abs(brightness - 1).max() < 0.033
    assert brightness.min() < 0.975
    assert brightness.max() > 1.025
    # what is dark is 2 % larger or smaller, and up to 3 % x 200 / 160 darker or brighter around the threshold
    assert np.abs(moved[:, 2] / size - 1).max() < 0.03
    assert {image.size for image in again} == {(400, 400)}


def test_retakes_are_saved_at_qualities_from_70_to_95() -> None:
    def coarseness(quality_or_file: int | bytes) -> int:
        file = io.BytesIO()
        if isinstance(quality_or_file, int):
            Image.new("RGB", (16, 16)).save(file, "JPEG", quality=quality_or_file)
        else:
            file.write(quality_or_file)
        return sum(Image.open(file).quantization[0])  # type: ignore[attr-defined]

    random = np.random.default_rng(0)
    found = [coarseness(retake(Image.new("RGB", (16, 16), "white"), random)) for _ in range(200)]
    assert (min(found), max(found)) == (coarseness(95), coarseness(70))


GREY = Image.new("RGB", (300, 400), (150, 150, 150))
SIZE = 200.0  # of the body in the pictures below, in pixels


def worsened(image: Image.Image, condition: str, seed: int = 0, size: float = SIZE) -> Array:
    """One channel of what a condition makes of a picture."""
    made = POOR[condition](image, size, np.random.default_rng(seed))
    return np.asarray(made)[..., 0].astype(np.float64)


def named(kind: str) -> list[tuple[str, float]]:
    """The conditions of one kind alone, and the number in the name of each."""
    alone = [name for name in POOR if "," not in name and kind in name.split()]
    return [(name, float(Fraction(next(word for word in name.split() if word not in (kind, "%"))))) for name in alone]


@pytest.mark.parametrize(("condition", "percent"), named("blur"))
def test_a_blur_widens_an_edge_to_so_much_of_the_pictures_height(condition: str, percent: float) -> None:
    image = Image.new("RGB", (300, 400), "white")
    image.paste("black", (0, 0, 150, 400))
    steps = np.diff(worsened(image, condition)[200])
    across = np.arange(len(steps)) - (steps @ np.arange(len(steps))) / steps.sum()
    assert math.sqrt(steps @ across**2 / steps.sum()) == pytest.approx(percent / 100 * 400, rel=0.1)


@pytest.mark.parametrize(("condition", "percent"), named("shaken"))
def test_a_shaken_photo_is_drawn_out_to_a_straight_line_that_long_in_any_direction(
    condition: str, percent: float
) -> None:
    image = Image.new("RGB", (120, 1200), "black")
    image.paste("white", (56, 596, 64, 604))
    own = (8**2 - 1) / 12  # the variance of the spot itself, either way
    directions = []
    for seed in range(12):
        light = worsened(image, condition, seed)
        y, x = np.nonzero(light > 0)
        spread = np.cov(np.stack([x, y]), aweights=light[y, x], ddof=0) - own * np.eye(2)
        (narrow, wide), axes = np.linalg.eigh(spread)
        assert math.sqrt(12 * wide) == pytest.approx(percent / 100 * 1200, rel=0.1)
        assert abs(narrow) < 1
        directions.append(abs(axes[0, 1]))
    assert max(directions) > 0.8
    assert min(directions) < 0.4


@pytest.mark.parametrize(("condition", "deviation"), named("grain"))
def test_grain_is_noise_of_that_standard_deviation(condition: str, deviation: float) -> None:
    seen = worsened(GREY, condition)
    assert seen.std() == pytest.approx(deviation, rel=0.03)
    assert seen.mean() == pytest.approx(150, abs=1)


@pytest.mark.parametrize(("condition", "part"), named("light"))
def test_a_dark_photo_has_so_much_of_the_light_and_a_sensors_noise(condition: str, part: float) -> None:
    seen = worsened(GREY, condition)
    assert seen.mean() == pytest.approx(150 * part, abs=1)
    assert seen.std() == pytest.approx(6, rel=0.05)


def textured() -> Image.Image:
    random = np.random.default_rng(0)
    noise = random.normal(0, 20, (400, 300, 1)) + np.linspace(0, 60, 300)[None, :, None]
    return Image.fromarray((np.full((400, 300, 3), 90) + noise).clip(0, 255).astype(np.uint8))


def test_a_compressed_photo_is_a_jpeg_of_that_quality() -> None:
    image = textured()
    away = []
    for condition, quality in named("JPEG"):
        made = worsened(image, condition)
        assert (made == pixels_of(jpeg(image, int(quality)))[..., 0]).all()
        away.append(np.abs(made - np.asarray(image)[..., 0]).mean())
    assert len(away) >= 3
    assert away == sorted(away)  # from good quality to bad


@pytest.mark.parametrize(("condition", "pixels"), named("px"))
@pytest.mark.parametrize("width", [90, 300])
def test_a_small_body_has_so_many_pixels_in_a_picture_that_may_be_sent(
    condition: str, pixels: float, width: int
) -> None:
    image = Image.new("RGB", (width, 400), "white")
    image.paste("black", (width // 2 - 20, 100, width // 2 + 20, 300))
    made = worsened(image, condition)
    assert min(made.shape) >= MIN_SIDE
    dark = 1 - made[:, made.shape[1] // 2] / 255
    assert dark.sum() == pytest.approx(pixels, abs=1.5)
    assert (made[:, [0, -1]] > 250).all()  # what was added is the picture's edge drawn out


def test_a_body_that_is_small_already_is_not_enlarged() -> None:
    image = textured()
    assert (worsened(image, "180 px", size=120) == np.asarray(image)[..., 0]).all()


@pytest.mark.parametrize("condition", [name for name in POOR if "," in name])
def test_two_conditions_at_a_time_are_the_one_and_then_the_other(condition: str) -> None:
    first, second = condition.split(", ")
    random = np.random.default_rng(5)
    once = POOR[first](textured(), SIZE, random)
    twice = np.asarray(POOR[second](once, SIZE, random))
    assert (worsened(textured(), condition, 5) == twice[..., 0]).all()
    assert (np.asarray(once).shape != twice.shape) or (np.asarray(once) != twice).any()


def test_every_poor_condition_gives_a_file_that_may_be_sent_and_moves_the_photo_as_a_retake_does() -> None:
    image = textured()
    for condition in POOR:
        made = pixels_of(poor(image, condition, SIZE, np.random.default_rng(0)))
        assert min(made.shape[:2]) >= MIN_SIDE, condition
        again = poor(image, condition, SIZE, np.random.default_rng(0))
        assert (pixels_of(again) == made).all(), condition
        other = pixels_of(poor(image, condition, SIZE, np.random.default_rng(1)))
        assert (other != made).any(), condition  # it is moved like any retake


def test_the_conditions_are_the_clean_one_and_the_poor_ones() -> None:
    assert (CLEAN, *POOR) == CONDITIONS
    assert CLEAN not in POOR
    kinds = [kind for kind in ("blur", "shaken", "grain", "light", "JPEG", "px") for _ in named(kind)]
    assert len(kinds) == sum("," not in name for name in POOR)


def photos_in(folder: Path, figures: int, shot: Shot | None) -> list[FigurePhoto]:
    found = []
    for figure in range(figures):
        for view in VIEWS:
            file = folder / f"{figure}_{view.name}.jpg"
            file.write_bytes(jpeg(textured()))
            found.append(FigurePhoto(str(figure), view, file, "right", {}, shot))
    return found


SHOT = Shot(builders.landmarks(builders.FRONT).moved(0, 0.3), 400, 0, 0)


def test_every_photo_is_taken_clean_as_it_is_and_again(tmp_path: Path) -> None:
    photos = photos_in(tmp_path, 3, SHOT)
    found = [job for job in files(photos, RETAKES, CONDITIONS) if job[1] == CLEAN]
    assert [(photo.file, number) for photo, _, number, _ in found] == [
        (photo.file, number) for photo in photos for number in range(RETAKES + 1)
    ]
    for photo, _, number, file in found:
        assert (file == photo.file.read_bytes()) == (number == 0)


def test_each_poor_condition_is_taken_once_of_every_other_figure_by_turns(tmp_path: Path) -> None:
    photos = photos_in(tmp_path, 4, SHOT)
    found = [job for job in files(photos, 1, CONDITIONS) if job[1] != CLEAN]
    of = {name: [photo for photo, condition, _, _ in found if condition == name] for name in POOR}
    assert len(found) == len(POOR) * len(photos) / 2
    assert {number for _, _, number, _ in found} == {1}
    halves = []
    for taken in of.values():
        figures = sorted({photo.figure for photo in taken})
        assert figures in (["0", "2"], ["1", "3"])
        assert [(photo.figure, photo.view) for photo in taken] == [(one, view) for one in figures for view in VIEWS]
        halves.append(figures)
    assert all(one != other for one, other in itertools.pairwise(halves))


def test_a_photo_whose_body_is_not_known_is_not_taken_poorly(tmp_path: Path) -> None:
    assert {condition for _, condition, *_ in files(photos_in(tmp_path, 2, None), 1, CONDITIONS)} == {CLEAN}


def test_a_file_is_the_same_whenever_it_is_made(tmp_path: Path) -> None:
    photos = photos_in(tmp_path, 2, SHOT)
    one, other = ([file for *_, file in files(photos, 2, CONDITIONS)] for _ in range(2))
    assert one == other


@pytest.fixture
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.accuracy.errors.RESAMPLES", 20)


@pytest.mark.usefixtures("few_resamples")
def test_the_validity_with_a_calibration_is_that_of_what_it_makes_the_photos_read() -> None:
    def seen(view: View, figure: str, true: float) -> Take:
        rows = variants_of(view.plane)
        modes: dict[str, tuple[dict[str, float], list[dict[str, float]]]] = {
            mode: ({row.key: true + error for row in rows}, [])
            for mode, error in (("standard", 3.0), (ANATOMICAL, 1.0))
        }
        truth = {row.name: true for row in rows}
        return Take(FigurePhoto(figure, view, Path("a.jpg"), "right", truth), "clean", 0, modes)

    fitted = evidence.validity([seen(view, figure, true) for view in VIEWS for figure, true in (("a", 0), ("b", 2))])
    assert set(fitted) == set(get_args(Calibration))
    for calibration, error in (("none", 3.0), ("anatomical", 1.0)):
        for view in VIEWS:
            for row in variants_of(view.plane):
                assert fitted[calibration][view.plane.name][row.key] == {
                    "figures": 2, "mean_error": error, "sd_of_error": 0.0, "slope": 1.0, "correlation": 1.0,
                }  # fmt: skip


@pytest.mark.usefixtures("few_resamples")
def test_the_evidence_has_the_exponents_of_each_group_and_the_floor_and_gain_of_each_measure() -> None:
    random = np.random.default_rng(0)
    takes = []
    for figure, view, number in itertools.product("abcdef", VIEWS, range(4)):
        one = take(random.normal(), true=random.normal(), figure=figure, view=view, number=number)
        mean, looks = one.modes["standard"]
        takes.append(replace(one, modes={**dict.fromkeys(LOOKS, (mean, looks)), ANATOMICAL: (mean, looks)}))
    made = json.loads(json.dumps(evidence.evidence(takes)))
    stored = json.loads(TABLE.read_text())
    assert list(made) == list(stored)
    for part in ("photo", "uncertainty"):
        assert structure(made[part]) == structure(stored[part])
    of_group = evidence.groups(takes, "standard")
    for row in (row for view in VIEWS for row in variants_of(view.plane)):
        assert row.key in of_group[group(row.plane, row.of)]
    assert sum(map(len, of_group.values())) == sum(len(variants_of(view.plane)) for view in VIEWS)


def structure(of: Any) -> Any:
    """The names in a table, without its numbers."""
    return {name: structure(inner) for name, inner in of.items()} if isinstance(of, dict) else None


def documented(title: str) -> list[list[str]]:
    """The rows of one table of docs/accuracy/tables.md."""
    _, after = (TOP / "docs/accuracy/tables.md").read_text().split(f"### {title}", 1)
    lines = [line for line in after.split("\n\n", 2)[1].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def first_number(cell: str) -> float:
    """That of "0.94 (0.87 to 1.01)", whose interval stands in brackets."""
    return float(cell.partition(" (")[0])


def test_the_document_and_the_evidence_say_the_same_of_every_measure() -> None:
    rows = {row[0]: row for row in documented("All measures against the truth")}
    variants = [variant for row in MEASURES for variant in row.variants]
    assert list(rows) == list(map(label_by_source, variants))
    for row in variants:
        _, _, bias, deviation, _, slope, correlation, *_ = rows[label_by_source(row)]
        known = validity("none", row.plane, row.key)
        assert [first_number(cell) for cell in (bias, deviation, slope, correlation)] == pytest.approx(
            [known[name] for name in ("mean_error", "sd_of_error", "slope", "correlation")], abs=0.011
        ), row.name


def test_the_document_and_the_evidence_say_the_same_of_what_the_calibration_changes() -> None:
    rows = documented("The anatomical calibration")
    assert rows
    for name, _, bias, _, _, _, deviation in rows:
        known = validity("anatomical", SAGITTAL, name)
        assert [float(bias), float(deviation)] == pytest.approx(
            [known["mean_error"], known["sd_of_error"]], abs=0.011
        ), name


def test_the_document_has_the_limits_that_hold() -> None:
    told = [(code, limit.partition(" (")[0]) for code, limit, *_ in documented("Limits")]
    held = {(f"`{check.code}`", str(limit)) for view in VIEWS for check in checks(view) for limit in check.limits}
    assert set(told) == held
    assert {code.strip("`") for code, _ in told} <= set(CODES)
