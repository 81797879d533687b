"""The table of measures for the page: what its own formulas need to know of each, and nothing twice."""

from typing import Any

from posture.angles import variants_of
from posture.views import VIEWS


def rows() -> list[dict[str, Any]]:
    """A row for each measure of each view, in order, and for each of its sources, the best first; as JSON takes it.

    `view`: of the photo. `name` and `source` are those of an answer's readings, the latter "" where readings have none.
    `kind`: the name of the formula, and `sign` what its value is multiplied by (posture.angles.Measure). `points`: the
    names of what each point of the line is the middle of; `near_` stands for the side nearer to the camera.
    """
    return [
        {
            "view": view.name,
            "name": row.name,
            "source": row.source,
            "kind": row.kind.name,
            "unit": row.unit,
            "sign": row.sign,
            "core": row.core,
            "points": [list(names) for names in row.points],
            "meaning": row.meaning,
        }
        for view in VIEWS
        for row in variants_of(view.plane)
    ]
