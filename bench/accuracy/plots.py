"""The plots of docs/accuracy/."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bench.accuracy.looks import Take, label, truth_and_measured
from posture.angles import MEASURES
from posture.evidence import COVERAGE_FACTOR

_BLUE, _GREY = "#1f5f99", "#888888"


def draw(takes: Sequence[Take], folder: Path) -> None:
    """Writes error.svg (error against truth) and bland_altman.svg into the folder: the eight angles, standard mode."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, panel, below in (
        ("error", _error, "true angle (degrees)"),
        ("bland_altman", _bland_altman, "mean of true and measured angle (degrees)"),
    ):
        with mpl.rc_context({"svg.hashsalt": name, "font.size": 8, "svg.fonttype": "none"}):
            figure = Figure(figsize=(10, 5), layout="constrained")
            panels = figure.subplots(2, 4)
            for axes, row in zip(panels.flat, [row for row in MEASURES if row.core], strict=True):
                true, measured = truth_and_measured(takes, row, "standard").T
                panel(axes, true, measured)
                axes.set_title(label(row))
                axes.spines[["top", "right"]].set_visible(False)
            figure.supxlabel(below)
            figure.supylabel("measured minus true (degrees)")
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})


def _error(axes: Axes, true: NDArray[np.float64], measured: NDArray[np.float64]) -> None:
    """The errors, the line through them, and 0."""
    error = measured - true
    axes.axhline(0, color=_GREY, linewidth=0.8)
    axes.plot(true, error, "o", color=_BLUE, markersize=3)
    ends = np.array([true.min(), true.max()])
    axes.plot(ends, np.polyval(np.polyfit(true, error, 1), ends), color=_BLUE, linewidth=0.8)


def _bland_altman(axes: Axes, true: NDArray[np.float64], measured: NDArray[np.float64]) -> None:
    """The errors, their mean, and the limits of agreement around it."""
    error = measured - true
    axes.plot((true + measured) / 2, error, "o", color=_BLUE, markersize=3)
    axes.axhline(error.mean(), color=_BLUE, linewidth=0.8)
    for sign in (-1, 1):
        axes.axhline(
            error.mean() + sign * COVERAGE_FACTOR * error.std(ddof=1), color=_GREY, linewidth=0.8, linestyle="--"
        )
