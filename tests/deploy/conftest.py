"""RunPod on the loopback (testing/runpod_api.py), somebody who works there, and what they have made."""

from collections.abc import Iterator
from typing import Any

import pytest

from testing.runpod_api import Json, RunPod, demo_angles, serving
from tests.deploy.operator import Operator


@pytest.fixture
def runpod(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunPod]:
    account = RunPod()
    with serving(account) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield account


@pytest.fixture
def operator(capsys: pytest.CaptureFixture[str]) -> Operator:
    return Operator(capsys)


@pytest.fixture
def endpoint(runpod: RunPod, operator: Operator) -> Json:
    """An endpoint as described, with all that was said so far forgotten."""
    assert operator.deploy().status == 0
    runpod.received.clear()
    return next(iter(runpod.endpoints.values()))


@pytest.fixture
def good_angles(demo: dict[str, Any]) -> Json:
    """What a worker may measure in the first demo pair."""
    return demo_angles(demo)
