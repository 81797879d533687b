"""What the instrument sees in a picture and makes of it, by its own parts."""

from functools import partial

from posture import face, judge
from posture.analysis import Model
from posture.angles import BODY, FACE, of_plane, read, sources
from posture.camera import Camera
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
    return Scene(view, found, camera or Camera(), width, height, look_at_face)


def codes(scene: Scene) -> list[str]:
    """Why it is refused, most serious first."""
    return [finding.code for finding in judge.judge(scene)]


def verdict(scene: Scene | None) -> str:
    """The code with which it is refused, or "measured"."""
    return "no_person" if scene is None else next(iter(codes(scene)), "measured")


def core_angles(scene: Scene) -> dict[str, float]:
    """The four angles of a view by name, each from its best source."""
    plane = scene.view.plane
    marks: dict[str, Marks] = {BODY: scene.person}
    if FACE in sources(plane) and scene.faces:
        marks[FACE] = face.mean(scene.faces)
    rows = [row.best(marks) for row in of_plane(plane) if row.core]
    values = read(rows, marks, plane.direction(scene.person), scene.size())
    return {row.name: values[row.key] for row in rows}
