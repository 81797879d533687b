r"""The face of a person who has been found: how the head is held, which the body's landmarks tell less truly.

The ears are two of the 33 landmarks of a body, each of a few pixels, half hidden by hair; the line between them reads
three quarters of a head's tilt. A face has a mesh of 478 points, and the face model looks at the head alone:

      the picture                     what the network sees

    +--------------+                +---------------------+
    |     .--.     |                |        10           |   256 to 512
    |     |oo|     |    _cut()      |     _.-----._       |
    |     '--'     |   -------->    | 234 |  o   o | 454  |   234 and 454: before the ears
    |     /||\     |                |      \   1   /      |   10: the forehead, 1: the tip of the nose
    |      ||      |                |       '.___.'       |   152: the chin
    |      /\      |                |         152         |
    +--------------+                +---------------------+

The face's direction is that of the sum of the vectors from points on the right to their opposites on the left. The
numbers of the points are those of MediaPipe's canonical face model:
https://github.com/google-ai-edge/mediapipe/blob/master/mediapipe/modules/face_geometry/data/canonical_face_model.obj
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from posture import mirror
from posture.angles import HORIZONTAL_TILT
from posture.clarity import Clarity
from posture.landmarks import HEAD, Array, Landmarks, Pixels

# Finds faces in a picture, the mesh of each (478, 2) in pixels: a model's `find_faces`, or a test's own.
FindFaces = Callable[[Pixels], list[Array]]

# On the person's own right, and their opposites on the left: corners of the eyes (outer, inner), the sides of the face
# from the temples to the jaw, the corners of the mouth, the brows.
RIGHT = (33, 133, 162, 127, 234, 93, 132, 58, 61, 46, 105)
LEFT = (263, 362, 389, 356, 454, 323, 361, 288, 291, 276, 334)
SIDES = [234, 454]
_OTHERS = [10, 152, 1]
NAMES = ("face_right", "face_left", "forehead", "chin", "nose_tip")

# How often each mode looks at a face: as it is, and its mirror image. More looks make no difference that was found.
LOOKS = {"fast": 1, "standard": 2, "precise": 2}

# In pixels from nose to ankles: in smaller bodies the face tells no more than the ears. On 57 figures made smaller,
# what a degree of tilt changes beside how far retakes scatter (slope / retest SD) was 2.5 for the face and 1.2 for the
# ears of bodies of 360 pixels, 1.3 and 0.9 at 190, alike at 170, and 0.8 and 0.9 at 150; the mean absolute errors were
# 0.5 and 1.7, 0.8 and 1.5, 1.0 and 1.5, 1.1 and 1.6.
SMALLEST = 170
# Of that distance, the side of the square in which the face is looked for: of 0.18 to 0.36, all about as good.
_SIDE = 0.25
# In pixels: the least and the most that the side is brought to.
_SHOWN = (256, 512)
# Of a face's height: how far the tip of its nose may lie from the body's nose. Seen up to 0.25 from the front.
_SAME_HEAD = 0.5

# In the units of posture.clarity: beyond, the ears tell more. In front photos that were shaken, blurred, grainy, dark
# or compressed beyond these, the face read by 1.4 to 14 degrees otherwise than in the good photo (root mean square over
# 65 figures), the ears by 1.0 to 1.7.
_CLEAR_ENOUGH = {"blur": 0.5, "relative_grain": 0.04, "coarseness": 1.25}
_CONTRAST = 40
# In degrees: how far a face's line may be from square to its axis, and two looks from each other. Seen up to 3.4 and 3
# in good photos, but for one in 200.
_SKEW, _APART = 3.5, 4.0


@dataclass(frozen=True, eq=False)
class Face:
    """One face in one picture. `points`: (5, 2) in pixels, in the order of NAMES.

    The line from `face_right` to `face_left`, the person's own right and left, lies across the middle of the face, in
    its direction, and is as long as the face is wide.
    """

    points: Array

    @classmethod
    def of(cls, mesh: Array) -> "Face":
        """From the model's mesh, (478, 2) in pixels."""
        right, left = mesh[SIDES]
        direction = (mesh[[*LEFT]] - mesh[[*RIGHT]]).sum(axis=0)
        half = direction / np.linalg.norm(direction) * np.linalg.norm(left - right) / 2
        middle = (left + right) / 2
        return cls(np.array([middle - half, middle + half, *mesh[_OTHERS]]))

    def middle(self, *names: str) -> Array:
        """The mean of the named points, (2,) in pixels. ValueError if unknown."""
        mean: Array = self.points[[NAMES.index(name) for name in names]].mean(axis=0)
        return mean

    @property
    def height(self) -> float:
        """From forehead to chin, in pixels."""
        return float(np.linalg.norm(self.middle("forehead") - self.middle("chin")))

    @property
    def tilt(self) -> float:
        """The angle of its line against the horizontal, in degrees, the left end raised."""
        return HORIZONTAL_TILT.formula([*self.points[:2]], 1, 1)

    @property
    def skew(self) -> float:
        """How far its line is from square to the line from chin to forehead, in degrees."""
        x, y = self.middle("forehead") - self.middle("chin")
        return abs((math.degrees(math.atan2(x, -y)) + self.tilt + 180) % 360 - 180)

    def renamed(self) -> "Face":
        """The same points with right and left exchanged."""
        return Face(self.points[[1, 0, 2, 3, 4]])

    def mirrored(self, width: float) -> "Face":
        """The same in the mirror image of the picture, `width` pixels wide."""
        renamed = self.renamed()
        return replace(renamed, points=renamed.points * (-1.0, 1.0) + (width, 0.0))

    def moved(self, scale: float, right: float = 0.0, down: float = 0.0) -> "Face":
        """The same after the picture is scaled and its content then moved, in pixels."""
        return Face(scale * self.points + (right, down))


def mean(faces: Sequence[Face]) -> Face:
    """The face, averaged over looks."""
    return Face(np.mean([face.points for face in faces], axis=0))


def tells_tilt(faces: Sequence[Face], seen: Clarity) -> bool:
    """Whether the head's tilt is read from a face at these looks rather than from the ears.

    It is where the photo, of this clarity, is clear enough and the looks show a face as faces are, and the same.
    """
    tilts = [face.tilt for face in faces]
    return (
        bool(faces)
        and seen.contrast >= _CONTRAST
        and all(getattr(seen, name) <= most for name, most in _CLEAR_ENOUGH.items())
        and all(face.skew <= _SKEW for face in faces)
        and max(tilts) - min(tilts) <= _APART
    )


def find(pixels: Pixels, person: Landmarks, mode: str, find_faces: FindFaces | None) -> Sequence[Face]:
    """The face of a person in a picture, at each look, in its pixels; none where it is too small or not found.

    `person`: as the body was found. It is found where every look sees it at the place of the body's head: another face
    beside it is somebody else's. Of a picture and its mirror image always the same one is looked at where both are, so
    that they give the same numbers, mirrored.
    """
    if find_faces is None or person.nose_to_ankle < SMALLEST:
        return ()
    left, top, part = _cut(pixels, person)
    side = part.shape[1]
    exchanged = LOOKS[mode] > 1 and mirror.image_is_first(part)
    shown = _enlarged(mirror.image(part) if exchanged else part)
    nose = person.middle("nose") - (left, top)
    faces = []
    for mirrored in (False, True)[: LOOKS[mode]]:
        seen = find_faces(mirror.image(shown) if mirrored else shown)
        brought_back = (Face.of(mesh).moved(side / shown.shape[1]) for mesh in seen)
        face = _at(nose, [face.mirrored(side) if mirrored != exchanged else face for face in brought_back])
        if face is None:
            return ()
        faces.append(face.moved(1, left, top))
    return faces


def _at(nose: Array, faces: Sequence[Face]) -> Face | None:
    """The face whose nose is this one, (2,) in pixels."""

    def apart(face: Face) -> float:
        return float(np.linalg.norm(face.middle("nose_tip") - nose)) / face.height

    nearest = min(faces, key=apart, default=None)
    return nearest if nearest is not None and apart(nearest) <= _SAME_HEAD else None


def _cut(pixels: Pixels, person: Landmarks) -> tuple[int, int, Pixels]:
    """Left and top of the square around the head, and what is in it; beyond the picture its edge goes on.

    The square in a mirror image is the mirror image of the square.
    """
    height, width = pixels.shape[:2]
    head = person.points[HEAD]
    x, y = (head.min(axis=0) + head.max(axis=0)) / 2
    half = round(_SIDE * person.nose_to_ankle / 2)
    left, right = int(np.floor(x)) - half, int(np.ceil(x)) + half
    top = int(np.floor(y)) - half
    bottom = top + right - left
    inside = pixels[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if not inside.size:
        return left, top, np.zeros((right - left, right - left, 3), np.uint8)
    beyond = max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0)
    return left, top, cv2.copyMakeBorder(inside, *beyond, cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)


def _enlarged(square: Pixels) -> Pixels:
    """A square of a size that the network likes."""
    side = square.shape[0]
    shown = int(np.clip(side, *_SHOWN))
    if shown == side:
        return square
    how = cv2.INTER_AREA if shown < side else cv2.INTER_LINEAR
    return cv2.resize(square, (shown, shown), interpolation=how).astype(np.uint8, copy=False)
