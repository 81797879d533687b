"""What a client knows of the camera, taken off the landmarks."""

from dataclasses import dataclass

from posture.landmarks import Array, Landmarks, turned


@dataclass(frozen=True)
class Camera:
    """How one picture was taken.

    `roll`: how far its content is turned clockwise, in degrees. `mirrored`: whether it shows left and right exchanged,
    as selfie cameras may.
    """

    roll: float = 0.0
    mirrored: bool = False

    def righted(self, seen: Landmarks, width: int, height: int) -> Landmarks:
        """The landmarks as a level camera would have seen them, from those in a picture of this size in pixels."""
        level = seen.moved(-self.roll, center=(width / 2, height / 2))
        return level.mirrored(width) if self.mirrored else level

    def as_sent(self, level: Array, width: int, height: int) -> Array:
        """Where points, (n, 2), that lie among `righted` landmarks lie in the picture itself."""
        points = level * (-1.0, 1.0) + (width, 0.0) if self.mirrored else level
        return turned(points, self.roll, center=(width / 2, height / 2))
