"""Several looks at one photo, averaged: the model's own error differs from look to look, the body does not.

The model sees left and right with a bias of up to 0.7 degrees. The photo and its mirror image together have none, by
symmetry: what is added in one is taken off in the other.
"""

from collections.abc import Callable, Sequence

import numpy as np

from posture.landmarks import Array, Landmarks, Pixels

# Finds the people in a picture: posture.landmarker.LandmarkerPool.detect, or a test's own.
Detect = Callable[[Pixels], list[Landmarks]]


def estimate(pixels: Pixels, detect: Detect) -> Landmarks | None:
    """The landmarks of the most prominent person in a picture, the mean of the photo and its mirror image.

    In pixels of the picture; None where nobody is found in the photo.
    """
    people = detect(pixels)
    if not people:
        return None
    person = people[0]
    width = pixels.shape[1]
    in_mirror = [other.mirrored(width) for other in detect(np.ascontiguousarray(pixels[:, ::-1]))]
    return _mean([person, *_same(person, in_mirror)])


def _same(person: Landmarks, people: Sequence[Landmarks]) -> Sequence[Landmarks]:
    """Of the people of another look, the one who stands where this one stands; nobody where nobody is found."""
    return sorted(people, key=lambda other: float(np.abs(other.points - person.points).sum()))[:1]


def _mean(looks: Sequence[Landmarks]) -> Landmarks:
    return Landmarks(*(np.mean(values, axis=0) for values in zip(*map(_arrays, looks), strict=True)))


def _arrays(look: Landmarks) -> tuple[Array, ...]:
    return look.points, look.depth, look.presence, look.visibility
