"""What the instrument sees in a picture and makes of it, by its own parts."""

from functools import partial

from posture import face, judge
from posture.angles import BODY, FACE, of_plane, read, sources
from posture.camera import Camera
from posture.estimate import find
from posture.face import FindFaces
from posture.landmarks import Detect, LookCloser, Marks, Pixels
from posture.scene import Scene
from posture.views import View


def see(  # noqa: PLR0913, PLR0917  the parts of a model
    pixels: Pixels,
    view: View,
    detect: Detect,
    mode: str = "standard",
    look_closer: LookCloser | None = None,
    find_faces: FindFaces | None = None,
) -> Scene | None:
    """A photo as it is judged; None where nobody is found."""
    found = find(pixels, mode, detect, look_closer)
    height, width = pixels.shape[:2]
    if found is None:
        return None
    return Scene(view, found, Camera(), width, height, partial(face.find, pixels, found.mean, mode, find_faces))


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
