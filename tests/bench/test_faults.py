"""What `make fuzz` begins with, tried each time, and that it tells what does not pass."""

import random
from collections.abc import Iterator

import pytest

from bench.faults import inputs, soak
from bench.faults.inputs import LAYERS, Layer, passes, seeds

CHANGED = 150  # inputs made of a layer's seeds


def changed(name: str) -> Iterator[bytes]:
    """Seeds with a few bytes changed, left out or doubled; the same ones each time."""
    chance, known = random.Random(name), [*seeds(name)]  # noqa: S311  no secret
    for _ in range(CHANGED):
        data = bytearray(chance.choice(known))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data))
            length = chance.choice((1, 1, 4, len(data) // 4))
            data[at : at + length] = chance.choice((b"", chance.randbytes(1), data[at : at + length] * 2))
            data = data or bytearray(1)
        yield bytes(data)


@pytest.mark.parametrize("name", LAYERS)
def test_every_input_that_was_kept_or_is_made_of_one_passes(name: str) -> None:
    for data in [*seeds(name), *changed(name)]:
        passes(LAYERS[name], data)


def test_an_exception_and_a_slow_input_do_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(data: bytes) -> None:
        raise KeyError(data)

    with pytest.raises(KeyError):
        passes(Layer(fails, list), b"")
    clock = iter([0.0, inputs.SECONDS + 0.1])
    monkeypatch.setattr("time.thread_time", lambda: next(clock))
    with pytest.raises(AssertionError, match=r"1\.1 s for 3 bytes"):
        passes(Layer(lambda _: None, list), b"abc")


def test_a_defect_of_the_worker_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("posture.worker.worker.measure", measure)
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        passes(LAYERS["request"], next(iter(seeds("request"))))


def test_under_every_fault_all_jobs_are_answered_once_and_alike(capsys: pytest.CaptureFixture[str]) -> None:
    soak.main(["50", "--timeout", "10"])  # too few for its bounds on memory
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")][1:]
    assert [row.split(" | ")[1:5] for row in rows] == [["10", "0", "0", "0"]] * 4 + [["12", "0", "0", "0"]]


def test_what_is_lost_wrong_or_contradicted_is_not_sound() -> None:
    assert soak.Phase("none", 1).is_sound
    for name in ("lost", "wrong", "contradicted"):
        assert not soak.Phase("none", 1, **{name: 1}).is_sound
