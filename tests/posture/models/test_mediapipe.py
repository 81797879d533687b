import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from posture.landmarks import Pixels
from posture.models import files, mediapipe
from posture.models.mediapipe import LandmarkerPool
from posture.models.threads import HungError
from testing import DEMO
from testing.pictures import decoded


def pixels(name: str) -> Pixels:
    return decoded((DEMO / name).read_bytes())


def test_nobody_is_found_in_an_empty_room(pool: LandmarkerPool) -> None:
    assert pool.detect(np.full((480, 640, 3), 200, dtype=np.uint8)) == []


def test_a_person_is_found_where_she_stands(pool: LandmarkerPool) -> None:
    """Read off the picture by eye, in its 768x1024 pixels, to about 15; it is decoded at half of that."""
    [person] = pool.detect(pixels("front_image.jpg"))
    assert (2 * person.middle("nose")).tolist() == pytest.approx([398, 229], abs=15)
    assert (2 * person.middle("left_shoulder")).tolist() == pytest.approx([467, 311], abs=15)
    assert (2 * person.middle("right_ankle")).tolist() == pytest.approx([361, 830], abs=25)
    assert person.presence.min() > 0.9


def test_the_same_picture_gives_the_same_bits(pool: LandmarkerPool) -> None:
    picture = pixels("side_image.jpg")
    first, second = pool.detect(picture)[0], pool.detect(picture)[0]
    np.testing.assert_array_equal(first.points, second.points)
    np.testing.assert_array_equal(first.depth, second.depth)


def test_many_threads_share_the_landmarkers_and_get_their_own_pictures_back(pool: LandmarkerPool) -> None:
    pictures = [pixels("front_image.jpg"), pixels("side_image.jpg"), pixels("front_image_2.jpg")]
    alone = [pool.detect(picture)[0].points for picture in pictures]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda number: pool.detect(pictures[number % 3])[0].points, range(12)))
    for number, points in enumerate(together):
        np.testing.assert_array_equal(points, alone[number % 3])


def test_work_is_done_in_order_and_given_back_in_order(pool: LandmarkerPool) -> None:
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        return number * 2

    assert list(pool.map(work, range(20))) == list(range(0, 40, 2))
    assert begun == list(range(20))


def test_the_first_picture_waits_for_one_landmarker_and_the_others_follow() -> None:
    picture = pixels("front_image.jpg")
    with LandmarkerPool(files.path(), size=3) as several:
        assert several.opened == 1
        first = several.detect(picture)[0].points
        while several.opened < 3:
            for found in several.map(several.detect, [picture] * 6):
                np.testing.assert_array_equal(found[0].points, first)
    assert several.opened == 0


def test_a_landmarker_that_cannot_be_opened_is_told_of_and_the_others_work(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    picture, file = pixels("front_image.jpg"), tmp_path / files.POSE.name
    file.write_bytes(files.path().read_bytes())
    with LandmarkerPool(file, size=2) as both:
        file.unlink()
        assert len(both.detect(picture)) == 1
        assert len(both.detect(picture)) == 1
    assert "One landmarker could not be opened" in caplog.text


# MediaPipe closes it again when it is collected. Where that does not end, no exception could tell: it would be ignored.
@pytest.mark.timeout(60, method="thread")
def test_a_landmarker_that_fails_is_replaced(pool: LandmarkerPool) -> None:
    """MediaPipe's graph stays broken once it has failed, as at a picture without pixels."""
    picture = pixels("front_image.jpg")
    before = pool.detect(picture)[0]
    with pytest.raises(Exception, match=r".") as failure:
        pool.detect(np.zeros((0, 10, 3), dtype=np.uint8))
    del failure
    gc.collect()
    np.testing.assert_array_equal(pool.detect(picture)[0].points, before.points)


HEAD, LARGER = (159, 75), 4  # left and top of the head in front_image.jpg as it is decoded, and how much it is enlarged


def head() -> Pixels:
    """80x80 pixels around the head of a demo image, enlarged, in which the face is large enough."""
    left, top = HEAD
    part = pixels("front_image.jpg")[top : top + 80, left : left + 80]
    return np.ascontiguousarray(part.repeat(LARGER, axis=0).repeat(LARGER, axis=1))


def test_a_face_is_a_mesh_in_pixels_where_the_person_has_it(pool: LandmarkerPool) -> None:
    assert pool.find_faces is not None
    [mesh] = pool.find_faces(head())
    assert mesh.shape == (478, 2)
    [person] = pool.detect(pixels("front_image.jpg"))
    assert mesh[1] / LARGER + HEAD == pytest.approx(person.middle("nose"), abs=4), "the tip of the nose"
    assert mesh[33, 0] < mesh[1, 0] < mesh[263, 0], "the person's right eye is on the left"
    assert mesh[10, 1] < mesh[1, 1] < mesh[152, 1], "forehead, nose, chin"


def test_no_face_is_found_in_an_empty_room(pool: LandmarkerPool) -> None:
    assert pool.find_faces is not None
    assert pool.find_faces(np.full((256, 256, 3), 200, dtype=np.uint8)) == []


def test_without_the_face_model_nothing_looks_for_faces() -> None:
    with LandmarkerPool(files.ready(), size=1) as pool:
        assert pool.find_faces is None


def test_there_are_as_many_landmarkers_for_faces_as_for_bodies() -> None:
    """Else pictures would wait for one another."""
    picture = head()
    with LandmarkerPool(files.ready(), size=2, face=files.face()) as pool:
        pool.detect(pixels("front_image.jpg"))
        while pool.opened < 2:
            next(pool.map(pool.detect, [picture]))
        assert pool.find_faces is not None
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(pool.find_faces, [picture] * 8))
    for meshes in found:
        np.testing.assert_array_equal(meshes[0], found[0][0])


def test_a_landmarker_that_hangs_is_given_up_and_another_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    picture, landmarkers = pixels("front_image.jpg"), vars(mediapipe)["PoseLandmarker"]
    found = landmarkers.detect
    hangs, begun, may_end = [True], threading.Event(), threading.Event()

    def hang_once(landmarker: Any, image: Any) -> Any:
        if hangs:
            hangs.clear()
            begun.set()
            may_end.wait()
        return found(landmarker, image)

    with LandmarkerPool(files.ready(), size=1) as alone:
        before = alone.detect(picture)[0]
        monkeypatch.setattr(landmarkers, "detect", hang_once)
        hung, waiting = alone.map(alone.detect, [picture]), alone.map(alone.detect, [picture])
        assert begun.wait(60)
        assert alone.give_up(60) == 0
        assert alone.give_up(0) == 1
        with pytest.raises(HungError):
            next(hung)
        np.testing.assert_array_equal(next(waiting)[0].points, before.points)
        assert alone.opened == 1
        may_end.set()
