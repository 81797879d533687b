"""Prints how truly the upright edges of rooms tell a camera's roll: python -m bench.accuracy.rooms

In drawn rooms always, and in those of the figures in the folder that POSTURE_TRUTH names, whose cameras are turned.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from bench.accuracy.tables import Cell, table
from posture import images
from posture.estimate import find
from posture.landmarks import Detect, Landmarks, Pixels
from posture.lines import MAX_UNCERTAINTY, Roll, estimated_roll, upright_edges
from posture.models import files
from posture.models.mediapipe import LandmarkerPool
from testing.cameras import rotation, turned_camera
from testing.figures import FigurePhoto, figures
from testing.rooms import KINDS, Shot

SHOTS = 60  # of each drawn room
ROLLS = (4.0, 10.0)
PITCHES = {"-15 to -3": (-15.0, -3.0), "-6 to 0": (-6.0, 0.0)}  # added to the figures' own
YAW = 5.0
ROOM = 0.15  # around the person, in body sizes
EDGES = ("no upright edge", "one", "two", "three or more")
SAME = np.radians(0.6)  # of an edge's slope: it runs as the figure's own camera shows upright edges


@dataclass(frozen=True)
class Case:
    """What the edges of one picture told, beside the truth in degrees, and what it cost in seconds."""

    told: Roll | None
    true: float
    cost: float


def case(pixels: Pixels, person: Landmarks, true: float) -> Case:
    """One picture."""
    start = time.process_time()
    told = estimated_roll(pixels, person)
    return Case(told, true, time.process_time() - start)


@dataclass(frozen=True)
class FigureRoom:
    """A figure's picture and landmarks, how its own camera was turned, and its focal length in pixels."""

    pixels: Pixels
    person: Landmarks
    pitch: float
    focal: float

    @property
    def kind(self) -> str:
        """How many upright edges its room shows beside the person, by the truth about its camera."""
        longer = max(self.pixels.shape)
        edges = upright_edges(self.pixels, self.person)
        true = -edges.crossing * np.tan(np.radians(self.pitch)) * longer / self.focal
        upright = edges.chosen(np.abs(edges.slope - true) < SAME).places(self.person.nose_to_ankle / longer)
        return EDGES[min(len(upright), 3)]

    def case(self, roll: float, pitch: float, yaw: float) -> Case:
        """Its camera turned by so many degrees, the pitch added to its own."""
        turn = rotation(roll, self.pitch + pitch, yaw) @ rotation(0, self.pitch).T
        return case(*turned_camera(self.pixels, self.person, self.focal, turn, ROOM), true=roll)


def figure_room(detect: Detect, photo: FigurePhoto) -> FigureRoom | None:
    """That of a figure's picture; None where the camera is not told, or nobody is found."""
    file = images.read(photo.file.read_bytes())
    found = find(file.pixels, "fast", detect)
    if photo.shot is None or found is None:
        return None
    scale = max(file.pixels.shape) / max(file.width, file.height)
    return FigureRoom(file.pixels, found.mean, photo.shot.pitch, photo.shot.focal * scale)


def row(name: str, cases: Iterable[Case]) -> list[Cell]:
    """Of one kind of room."""
    cases = list(cases)
    spoken = [(one.told.degrees - one.true, one.told.uncertainty) for one in cases if one.told]
    share = f"{100 * len(spoken) / len(cases):.0f}"
    if not spoken:
        return [name, str(len(cases)), share, *["-"] * 5]
    error, uncertainty = np.abs(np.array(spoken)).T
    covered, right = (f"{100 * np.mean(error <= limit):.0f}" for limit in (uncertainty, MAX_UNCERTAINTY))
    return [name, str(len(cases)), share, float(np.median(error)), float(np.quantile(error, 0.95)),
            float(error.max()), right, covered]  # fmt: skip


HEADER: list[str] = ["room", "pictures", "speaks %", "median error", "95th pct", "largest", "within 0.7 %", "covered %"]


def drawn(largest: float) -> Iterator[list[Cell]]:
    """A row for each drawn room, with cameras rolled by up to so many degrees."""
    for name, room in KINDS.items():
        cases = []
        for seed in range(SHOTS):
            random = np.random.default_rng(seed)
            roll, pitch, focal = random.uniform((-largest, -15, 0.75), (largest, 3, 1.3))
            cases.append(case(*room.photo(Shot(roll, pitch, focal), seed), true=roll))
        yield row(name, cases)


def turned(rooms: Sequence[FigureRoom], largest: float, pitches: tuple[float, float]) -> list[Case]:
    """The figures' rooms, each by a camera that is turned once."""
    random = np.random.default_rng(0)
    low, high = zip((-largest, largest), pitches, (-YAW, YAW), strict=True)
    return [room.case(*random.uniform(low, high)) for room in tqdm(rooms, unit="picture", disable=None)]


def of_figures(rooms: Sequence[FigureRoom]) -> None:
    """Tables of the figures' rooms, by how many upright edges they show."""
    for largest in ROLLS:
        for name, pitches in PITCHES.items():
            cases = turned(rooms, largest, pitches)
            by_kind = defaultdict(list)
            for room, one in zip(rooms, cases, strict=True):
                by_kind[room.kind].append(one)
            rows = [row(kind, by_kind[kind]) for kind in EDGES if by_kind[kind]]
            title = f"Rooms of the figures, roll up to {largest:g}, pitch {name} added (degrees)"
            table(title, HEADER, [*rows, row("all", cases)])
            print(f"\n{1000 * np.median([one.cost for one in cases]):.1f} ms of one core a picture.")


def main() -> None:
    """The command line."""
    for largest in ROLLS:
        table(f"Drawn rooms, roll up to {largest:g} (degrees)", HEADER, drawn(largest))
    with LandmarkerPool(files.ready(), 1, files.marker()) as pool:
        rooms = [room for photo in figures() if (room := figure_room(pool.detect, photo))]
    if rooms:
        of_figures(rooms)


if __name__ == "__main__":
    main()
