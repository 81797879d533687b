"""The demo photos, and whether the answer to them is what it must be."""

import json
import math
from pathlib import Path

from deploy.api import Json
from posture.wire.arguments import encoded

FOLDER = Path(__file__).parent.parent / "demo_images"


def truth() -> Json:
    """The demo pairs with their true angles, and the margins of their errors, in degrees."""
    read: Json = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))
    return read


def photos(pair: Json) -> dict[str, str]:
    """The two photos of a demo pair as base64 texts, by the names that they have in a request."""
    return {view: encoded(FOLDER / pair[view]) for view in ("front", "side")}


def compare(pair: Json, margins: Json, output: object) -> tuple[list[str], int]:
    """Lines of measured beside true, and how many angles are missing or outside their margins.

    `margins`: by view and angle, the least and the most that may be measured more than is true, in degrees. `output`:
    of a job with this pair.
    """
    data = _part(output, "data")
    lines, off = [f"{'degrees':26}{'measured':>9}{'true':>8}{'error':>8}   may be"], 0
    for view, angles in pair["angles"].items():
        for name, true in angles.items():
            value, (low, high) = _angle(_part(data, view).get(name)), margins[view][name]
            error = value - true
            good = low <= error <= high
            off += not good
            numbers = f"{value:>9}{true:8.2f}{error:8.2f}   {low:g} to {high:g}"
            lines.append(f"{view + ' ' + name:26}{numbers}{'' if good else '  OFF'}")
    return lines, off


def _part(value: object, name: str) -> Json:
    part = value.get(name) if isinstance(value, dict) else None
    return part if isinstance(part, dict) else {}


def _angle(value: object) -> float:
    """The value in degrees, NaN where it is none."""
    return value if isinstance(value, int | float) and abs(value) <= 180 else math.nan
