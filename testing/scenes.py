"""What the instrument sees in a picture and makes of it, by its own parts."""

from functools import partial

from posture import face, judge
from posture.analysis import Model
from posture.angles import BODY, FACE, of_plane, read, variants_of
from posture.camera import Camera
from posture.clarity import clarity
from posture.estimate import find
from posture.landmarks import Marks, Pixels
from posture.scene import Scene
from posture.views import View


def see(pixels: Pixels, view: View, model: Model, mode: str = "standard", camera: Camera | None = None) -> Scene | None:
    """A photo as it is judged; None where nobody is found."""
    found = find(pixels, mode, model.detect, model.look_closer)
    if found is None:
        return None
    height, width = pixels.shape[:2]
    look_at_face = partial(face.find, pixels, found.mean, mode, model.find_faces)
    return Scene(view, found, camera or Camera(), width, height, look_at_face, clarity(pixels, found.mean))


def codes(scene: Scene) -> list[str]:
    """Why it is refused, most serious first."""
    return [finding.code for finding in judge.judge(scene)]


def verdict(scene: Scene | None) -> str:
    """The code with which it is refused, or "measured"."""
    return "no_person" if scene is None else next(iter(codes(scene)), "measured")


def core_angles(scene: Scene) -> dict[str, float]:
    """The four angles of a view by name, each from its best source."""
    marks, values = _marks(scene), angles_by_source(scene)
    return {row.name: values[row.best(marks).key] for row in of_plane(scene.view.plane) if row.core}


def angles_by_source(scene: Scene) -> dict[str, float]:
    """The four angles of a view by their keys, each from every source that is found."""
    plane, marks = scene.view.plane, _marks(scene)
    rows = [row for row in variants_of(plane) if row.core and row.of in marks]
    return read(rows, marks, plane.direction(scene.person), scene.size())


def _marks(scene: Scene) -> dict[str, Marks]:
    """What may be read from, by what it is of."""
    marks: dict[str, Marks] = {BODY: scene.person}
    if faces := scene.faces_to_read:
        marks[FACE] = face.mean(faces)
    return marks
