"""What the instrument sees in a picture and makes of it, by its own parts."""

from posture import judge
from posture.angles import measure, of_plane
from posture.camera import Camera
from posture.estimate import find
from posture.landmarks import Detect, Landmarks, LookCloser, Pixels
from posture.scene import Scene
from posture.views import View


def see(
    pixels: Pixels, view: View, detect: Detect, mode: str = "standard", look_closer: LookCloser | None = None
) -> Scene | None:
    """A photo as it is judged; None where nobody is found."""
    found = find(pixels, mode, detect, look_closer)
    height, width = pixels.shape[:2]
    return None if found is None else Scene(view, found, Camera(), width, height)


def codes(scene: Scene) -> list[str]:
    """Why it is refused, most serious first."""
    return [finding.code for finding in judge.judge(scene)]


def verdict(scene: Scene | None) -> str:
    """The code with which it is refused, or "measured"."""
    return "no_person" if scene is None else next(iter(codes(scene)), "measured")


def core_angles(person: Landmarks, view: View) -> dict[str, float]:
    """The four angles of a view, by name."""
    values = measure(person, view.plane, view.plane.direction(person))
    return {row.name: values[row.name] for row in of_plane(view.plane) if row.core}
