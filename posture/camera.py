r"""How a photo was taken, and what a level camera at the same place would have shown.

A camera that turns about its own centre changes its picture by a homography, whatever stands before it: every point of
the picture is a ray, the rays turn together, and are projected again. So levelling is exact and needs no depth. What it
cannot undo is where the camera stood.

    the photo as it was sent        the rays               the level picture

      .---------.                                            .---------.
      |      /  |  K^-1            turned until              |   |     |  mirrored, if the
      | up  /   |  ------>         up is up         ------>  |   | up  |  photo was
      |    /    |                                     K      |   |     |
      '---------'                                            '---------'

Up is (cos p sin r, -cos p cos r, sin p) for a roll r and a pitch p, in the frame (right, down, away from the camera) of
the upright photo as it was sent: a positive roll turns the content clockwise, a negative pitch looks down.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, Literal, TypeAlias

import msgspec
import numpy as np

from posture.exif import Said
from posture.landmarks import Array, Landmarks
from posture.lines import Roll

# Who told the direction of gravity: the client, the photo's own record of it, the room's upright edges, nobody.
Source: TypeAlias = Literal["client", "photo", "lines", "unknown"]

Degrees: TypeAlias = Annotated[float, msgspec.Meta(ge=-180, le=180)]

# Of the 24x36 mm of film, in mm. A focal length given for it is one of the picture's diagonal, whatever its sides
# (CIPA DCG-001, 35 mm film equivalent).
DIAGONAL_35MM = math.hypot(24, 36)
# In mm, of the main camera of most phones, which is taken where neither client nor photo says: those of iPhones have 24
# to 28. Between these the convergence of upright lines differs by a seventh.
ORDINARY_FOCAL_35MM = 26.0
# The least distance in front of the camera, in focal lengths, at which a levelled ray is projected; beyond, a point
# would lie at the horizon or behind the camera.
_NEAREST = 0.05


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a client says of the camera of one photo, as in Camera; None is nothing."""

    roll: Degrees | None = None
    pitch: Annotated[float, msgspec.Meta(ge=-45, le=45)] | None = None
    focal_35mm: Annotated[float, msgspec.Meta(ge=8, le=300)] | None = None

    @property
    def is_tilt(self) -> bool:
        """Whether it says where up is; what is not said of it is then 0."""
        return self.roll is not None or self.pitch is not None


@dataclass(frozen=True)
class Camera:
    """How one photo was taken.

    `roll` and `pitch` in degrees, as above; `source`: who told them. `focal_35mm`: the focal length in mm of 35 mm
    film, None where it is not known and nothing hangs on it. `mirrored`: whether the photo shows left and right
    exchanged, as selfie cameras may. `maybe_mirrored`: a front camera took it, and nobody has said whether.
    `contradicted`: the roll by the photo's own gravity where that contradicts its orientation, and so is not believed;
    else 0. `estimated`: the roll that the room's edges show, where nobody told one and it was looked for.
    """

    roll: float = 0.0
    pitch: float = 0.0
    focal_35mm: float | None = None
    mirrored: bool = False
    source: Source = "unknown"
    maybe_mirrored: bool = False
    contradicted: float = 0.0
    estimated: Roll | None = None

    def homography(self, width: float, height: float) -> Array:
        """(3, 3): from pixels of the upright photo, which has this size, to the level picture, left and right righted.

        The middle of the picture stays where it is when the camera looks level.
        """
        return _homographies(self, width, height)[0]

    def righted(self, seen: Landmarks, width: int, height: int) -> Landmarks:
        """The landmarks as a level camera would have seen them, from those in a picture of this size in pixels.

        Depth stays what it is.
        """
        if self.is_level and not self.mirrored:
            return seen
        level = replace(seen, points=self.levelled(seen.points, width, height))
        return level.renamed() if self.mirrored else level

    def levelled(self, seen: Array, width: int, height: int) -> Array:
        """Where points, (n, 2), in a picture of this size in pixels lie among `righted` landmarks."""
        if self.is_level and not self.mirrored:
            return seen
        return _projected(self.homography(width, height), seen)

    def as_sent(self, level: Array, width: int, height: int) -> Array:
        """Where points, (n, 2), that lie among `righted` landmarks lie in the picture itself."""
        if self.is_level and not self.mirrored:
            return level
        return _projected(_homographies(self, width, height)[1], level)

    def turned(self, roll: float, pitch: float, source: Source) -> "Camera":
        """The camera with a roll and a pitch, in degrees, that somebody told."""
        focal = self.focal_35mm or ORDINARY_FOCAL_35MM
        return replace(self, roll=roll, pitch=pitch, focal_35mm=focal, source=source)

    def with_estimate(self, estimated: Roll | None, *, applied: bool) -> "Camera":
        """The camera with the roll that the room's edges show, None if they show none: taken off, or only told."""
        camera = replace(self, estimated=estimated)
        return camera.turned(estimated.degrees, 0.0, "lines") if estimated and applied else camera

    @property
    def is_level(self) -> bool:
        """Whether there is no tilt to take off."""
        return self.roll == 0 and self.pitch == 0


def known(told: Told, said: Said, *, mirrored: bool | None) -> Camera:
    """What is known of a camera by the client, and else by the photo itself. `mirrored`: None if nobody said."""
    camera = Camera(
        focal_35mm=told.focal_35mm or said.focal_35mm,
        mirrored=bool(mirrored),
        maybe_mirrored=said.front_camera and mirrored is None,
    )
    if told.is_tilt:
        return camera.turned(told.roll or 0.0, told.pitch or 0.0, "client")
    if tilt := said.tilt(mirrored=mirrored):
        return camera.turned(*tilt, "photo")
    recorded = said.recorded(mirrored=mirrored)
    return replace(camera, contradicted=recorded[0]) if recorded and said.lies_on_side else camera


@lru_cache(maxsize=16)  # every look at a photo asks for the same
def _homographies(camera: Camera, width: float, height: float) -> tuple[Array, Array]:
    """From the photo to the level picture, and back."""
    unmirror = np.array([[-1.0, 0.0, width], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]) if camera.mirrored else np.eye(3)
    if camera.is_level:
        return _shared(unmirror), unmirror
    focal = (camera.focal_35mm or ORDINARY_FOCAL_35MM) / DIAGONAL_35MM * math.hypot(width, height)
    x, y = width / 2, height / 2
    to_pixels = np.array([[focal, 0.0, x], [0.0, focal, y], [0.0, 0.0, 1.0]])
    to_rays = np.array([[1 / focal, 0.0, -x / focal], [0.0, 1 / focal, -y / focal], [0.0, 0.0, 1.0]])
    rotation = _levelling(camera.roll, camera.pitch)
    return _shared(unmirror @ to_pixels @ rotation @ to_rays), _shared(to_pixels @ rotation.T @ to_rays @ unmirror)


def _shared(matrix: Array) -> Array:
    """The matrix, which nobody may change from now on."""
    matrix.flags.writeable = False
    return matrix


def _levelling(roll: float, pitch: float) -> Array:
    """(3, 3): the smallest rotation of rays that brings up to (0, -1, 0).

    With a roll beyond 90 degrees a half turn of the picture comes first, else the smallest would turn the camera round.
    """
    half_turn = np.diag([-1.0, -1.0, 1.0]) if abs(roll) > 90 else np.eye(3)
    right, down, away = half_turn @ up_of(roll, pitch)
    # Rodrigues: 1 + S + S S / (1 + cosine), where S multiplies by the axis, the cross product of up and (0, -1, 0)
    axis = np.array([[0.0, right, 0.0], [-right, 0.0, -away], [0.0, away, 0.0]])
    turn: Array = (np.eye(3) + axis + axis @ axis / (1 - down)) @ half_turn
    return turn


def up_of(roll: float, pitch: float) -> Array:
    """(3,) up in the frame (right, down, away from the camera), for a roll and a pitch in degrees."""
    r, p = math.radians(roll), math.radians(pitch)
    return np.array([math.cos(p) * math.sin(r), -math.cos(p) * math.cos(r), math.sin(p)])


def _projected(homography: Array, points: Array) -> Array:
    """Points, (n, 2), through a homography."""
    rays = points @ homography[:, :2].T + homography[:, 2]
    projected: Array = rays[:, :2] / np.maximum(rays[:, 2:], _NEAREST)
    return projected
