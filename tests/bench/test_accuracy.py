"""The tools behind docs/ACCURACY.md, on data whose answer is known."""

import csv
import io
import math
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from bench.accuracy import evidence
from bench.accuracy.errors import errors, less_than_plain, mean_absolute, retest, sd
from bench.accuracy.looks import ANATOMICAL, PLAIN, Take, as_they_are, label, label_by_source, truth_and_measured
from bench.accuracy.pairs import write_pairs
from bench.accuracy.plots import draw
from bench.accuracy.retakes import retake
from bench.accuracy.uncertainty import (
    Deviations,
    coverage,
    cross_validated,
    deviations,
    fit,
    retest_sd,
    root_mean_square,
)
from posture.angles import MEASURES, of_plane, variants_of
from posture.errors import CODES
from posture.evidence import validity
from posture.judge import checks
from posture.options import Calibration
from posture.views import FRONT, SAGITTAL, SIDE, VIEWS, View
from testing import TOP
from testing.figures import FigurePhoto

SHOULDER = next(row for row in MEASURES if row.name == "shoulder_tilt")
NAMES = {view.name: [row.name for row in of_plane(view.plane)] for view in VIEWS}


def normal(count: int, floor: float, gain: float, seed: int = 0, figures: int = 14) -> Deviations:
    """Deviations drawn from the very model that is fitted."""
    random = np.random.default_rng(seed)
    spread = random.uniform(0, 2, count)
    deviation = random.normal(0, np.hypot(floor, gain * spread))
    return Deviations(np.arange(count) % figures, np.array(["clean"] * count), deviation, spread)


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
) -> Take:
    """A take in which every measure has the same value."""

    def all_of(one: float) -> dict[str, float]:
        return dict.fromkeys(NAMES[view.name], one)

    photo = FigurePhoto(figure, view, Path(f"{figure}.jpg"), "right", all_of(true))
    standard = all_of(value), [all_of(look) for look in looks]
    return Take(
        photo, condition, number, {"standard": standard, PLAIN: (all_of(value if plain is None else plain), [])}
    )


def test_the_fit_finds_the_floor_and_the_gain_that_the_data_were_drawn_with() -> None:
    floor, gain = fit(normal(40_000, floor=0.5, gain=0.8))
    assert floor == pytest.approx(0.5, rel=0.05)
    assert gain == pytest.approx(0.8, rel=0.05)


def test_without_a_standard_error_the_floor_alone_covers_95_percent() -> None:
    drawn = normal(40_000, floor=0.5, gain=0.0)
    single_look = Deviations(drawn.figure, drawn.condition, drawn.deviation, np.zeros(40_000))
    floor, gain = fit(single_look)
    assert gain == 0
    assert floor == pytest.approx(0.5, rel=0.02)
    assert coverage(single_look, floor, gain).mean() == pytest.approx(0.95, abs=0.001)


def test_looks_that_contradict_the_retakes_get_no_weight() -> None:
    spread = np.linspace(0, 1, 1000)
    signs = np.where(np.arange(1000) % 2, 1, -1)
    falling = Deviations(np.arange(1000) % 14, np.array(["clean"] * 1000), signs * (1.1 - spread), spread)
    assert fit(falling)[1] == 0


def test_no_measure_is_stated_better_than_the_least_floor() -> None:
    still = Deviations(np.arange(28) % 14, np.array(["clean"] * 28), np.zeros(28), np.zeros(28))
    floor, gain = fit(still)
    assert (floor, gain) == (0.05, 0)


def test_each_figure_is_judged_by_a_fit_to_the_others() -> None:
    calm = normal(1300, floor=0.5, gain=0.0, figures=13)
    wild = Deviations(np.full(100, 13), np.array(["clean"] * 100), np.full(100, 5.0), np.zeros(100))
    both = Deviations(*(np.concatenate(pair) for pair in zip(vars(calm).values(), vars(wild).values(), strict=True)))
    held = cross_validated(both)
    assert not held[both.figure == 13].any()
    # the wild figure widens the fit that the others are judged by
    assert held[both.figure != 13].mean() > 0.95


def test_the_coverage_of_normal_data_is_95_percent_when_cross_validated() -> None:
    assert cross_validated(normal(14_000, floor=0.3, gain=0.5)).mean() == pytest.approx(0.95, abs=0.01)


def test_deviations_have_the_standard_deviation_of_a_single_take() -> None:
    random = np.random.default_rng(1)
    takes = [
        take(offset + random.normal(0, 0.7), figure=str(figure), number=number)
        for figure, offset in enumerate(random.uniform(-5, 5, 1500))
        for number in range(5)
    ]
    assert retest_sd(deviations(takes, "standard", "shoulder_tilt")) == pytest.approx(0.7, rel=0.03)


def test_a_deviation_is_taken_from_the_other_takes_of_its_own_photo_and_condition() -> None:
    clean = [take(value, number=number) for number, value in enumerate((1, 4, 7))]
    takes = clean + [take(value, condition="blurred", number=number) for number, value in enumerate((100, 102, 104))]
    seen = deviations(takes, "standard", "shoulder_tilt")
    assert seen.deviation == pytest.approx([value * math.sqrt(2 / 3) for value in (-4.5, 0, 4.5, -3, 0, 3)])
    assert list(seen.condition) == ["clean"] * 3 + ["blurred"] * 3
    assert retest(takes, "standard", FRONT) == pytest.approx(3)  # the standard deviation of 1, 4 and 7


def test_photos_with_few_measured_takes_say_nothing_of_how_takes_scatter() -> None:
    takes = [take(value, number=number) for number, value in enumerate((1, 4, 7))]
    takes += [take(value, number=number, figure="b") for number, value in enumerate((0, 50))]
    refused = Take(takes[0].photo, "clean", 3, {})
    assert retest([*takes, refused], "standard", FRONT) == pytest.approx(3)


def test_the_standard_error_of_the_looks_goes_into_the_deviations() -> None:
    takes = [take(1, looks=(0, 2)), take(1, number=1, looks=(1, 1)), take(1, number=2, looks=(1,))]
    assert deviations(takes, "standard", "shoulder_tilt").standard_error == pytest.approx([1, 0, 0])


def test_errors_are_measured_minus_true() -> None:
    takes = [take(3, true=1, figure="a"), take(1, true=5, figure="b"), take(9, view=SIDE, figure="a")]
    assert errors(takes, SHOULDER, "standard") == pytest.approx([2, -4])
    assert mean_absolute(errors(takes, SHOULDER, "standard")) == pytest.approx(3)
    assert sd(errors(takes, SHOULDER, "standard")) == pytest.approx(math.sqrt(18))


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


def documented(title: str) -> list[list[str]]:
    """The rows of one table of docs/accuracy/tables.md."""
    _, after = (TOP / "docs/accuracy/tables.md").read_text().split(f"### {title}", 1)
    lines = [line for line in after.split("\n\n", 2)[1].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_document_and_the_evidence_say_the_same_of_every_measure() -> None:
    rows = {row[0]: row for row in documented("All measures against the truth")}
    variants = [variant for row in MEASURES for variant in row.variants]
    assert list(rows) == list(map(label_by_source, variants))
    for row in variants:
        _, _, bias, deviation, _, slope, correlation, *_ = rows[label_by_source(row)]
        known = validity("none", row.plane, row.key)
        assert [float(value) for value in (bias, deviation, slope, correlation)] == pytest.approx(
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
