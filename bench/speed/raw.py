"""What the machine can do at best: landmarkers that only detect, one a core and each in a thread of its own.

python -m bench.speed.raw LANDMARKERS SECONDS WIDTH HEIGHT    prints one line of JSON: see `Raw`
"""

import base64
import io
import json
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from PIL import Image

from bench.speed.photos import photo
from posture import face, images
from posture.landmarks import Array, Pixels
from posture.models import files
from posture.models.mediapipe import LandmarkerPool
from posture.views import VIEWS
from posture.wire import base64_text


@dataclass(frozen=True)
class Raw:
    """`runs`: landmarker runs a second, of all landmarkers together. `cpu`: seconds of processor time a run.

    `face`: the same of a look at a head by the published face model. `decode`: seconds of processor time that the
    worker needs from the base64 text of a photo to its pixels; `pillow`: that Pillow needs from the file to an image of
    that size.
    """

    runs: float
    cpu: float
    face: float
    decode: float
    pillow: float


def main() -> None:
    """The command line."""
    landmarkers, seconds, width, height = sys.argv[1:]
    print(json.dumps(asdict(measure(int(landmarkers), float(seconds), (int(width), int(height))))))


def measure(landmarkers: int, seconds: float, size: tuple[int, int]) -> Raw:
    """Keeps that many landmarkers busy for that long."""
    texts = [photo(view, size) for view in VIEWS]
    pictures = [_decoded(text) for text in texts]
    height, width = pictures[0].shape[:2]
    counts = [0] * landmarkers
    ready, end = threading.Barrier(landmarkers + 1), threading.Event()
    threads = [
        threading.Thread(target=_detect, args=(pictures, counts, number, ready, end)) for number in range(landmarkers)
    ]
    for thread in threads:
        thread.start()
    ready.wait()
    began, used = time.perf_counter(), time.process_time()
    end.wait(seconds)
    while not all(counts):  # a machine that is busy with other things
        time.sleep(0.01)
    runs, elapsed, used = sum(counts), time.perf_counter() - began, time.process_time() - used
    end.set()
    for thread in threads:
        thread.join()
    file = base64.b64decode(texts[0])
    return Raw(
        runs=runs / elapsed,
        cpu=used / runs,
        face=_face(pictures[0]),
        decode=_cost(lambda: _decoded(texts[0])),
        pillow=_cost(lambda: _load(file, (width, height))),
    )


def _face(front: Pixels) -> float:
    heads: list[Pixels] = []

    def keep(head: Pixels) -> list[Array]:
        heads.append(head)
        return []

    with LandmarkerPool(files.path(), 1, face=files.face()) as pool:
        [person] = pool.detect(front)
        face.find(front, person, "fast", keep)
        return 0.0 if pool.find_faces is None else _cost(partial(pool.find_faces, heads[0]), clock=time.process_time)


def _detect(
    pictures: Sequence[Pixels], counts: list[int], number: int, ready: threading.Barrier, end: threading.Event
) -> None:
    with LandmarkerPool(files.path(), 1) as pool:
        pool.detect(pictures[0])
        ready.wait()
        while not end.is_set():
            pool.detect(pictures[counts[number] % len(pictures)])
            counts[number] += 1


def _decoded(text: str) -> Pixels:
    return images.read(base64_text.decode(text)).pixels


def _load(file: bytes, size: tuple[int, int]) -> None:
    image = Image.open(io.BytesIO(file))
    image.draft(image.mode, size)
    image.load()


def _cost(act: Callable[[], object], times: int = 9, clock: Callable[[], float] = time.thread_time) -> float:
    """The median of the processor time that an act takes, in seconds. `clock`: of this thread, or of all there are."""
    costs = []
    for _ in range(times):
        began = clock()
        act()
        costs.append(clock() - began)
    return sorted(costs)[times // 2]


if __name__ == "__main__":
    main()
