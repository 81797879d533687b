"""Both clients with the local endpoint, and all that goes between them held against the OpenAPI document."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from posture.client import EndpointError, Refused
from posture.web.application import application
from posture.web.guard import LOOPBACK
from testing.builders import FRONT_PHOTO, NOBODY, SIDE_PHOTO, FakeLog
from tests.client.test_endpoint import Measure, with_async_client, with_client
from tests.posture.web.asking import measuring
from tests.posture.web.contract import held
from tests.posture.web.served import running

FRONT, SIDE, EMPTY = (base64.b64decode(photo) for photo in (FRONT_PHOTO, SIDE_PHOTO, NOBODY))
KEY = "a-key-of-more-than-16"


class Overheard:
    """The application, and what is asked of it and answered: `said` has the name of a schema and the JSON of each."""

    def __init__(self, app: ASGIApp) -> None:
        self.said: list[tuple[str, bytes]] = []
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked, answered, statuses = bytearray(), bytearray(), list[int]()

        async def received() -> Message:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def sent(message: Message) -> None:
            statuses.extend([message["status"]] if "status" in message else [])
            answered.extend(message.get("body", b""))
            await send(message)

        await self._app(scope, received, sent)
        if asked:
            self.said.append(("JobRequest", bytes(asked)))
        self.said.append(("Job" if statuses == [200] else "Error", bytes(answered)))


@contextmanager
def local() -> Iterator[tuple[dict[str, Any], Overheard]]:
    """The settings of a client, and the endpoint that it is to ask."""
    overheard = Overheard(application(measuring(), hosts=LOOPBACK, key=KEY, log=FakeLog()))
    with running(overheard) as address:
        yield {"base_url": f"{address}/v2", "endpoint_id": "local", "api_key": KEY}, overheard


@pytest.fixture(params=[with_client, with_async_client], ids=["Client", "AsyncClient"])
def measure(request: pytest.FixtureRequest) -> Measure:
    kind: Measure = request.param
    return kind


def test_a_measurement_and_a_refusal_keep_to_the_document(measure: Measure) -> None:
    with local() as (settings, endpoint):
        done = measure(settings, FRONT, SIDE, mode="fast", include=["details"], camera={"front": {"roll": 0}})
        assert done["data"]["details"]["mode"] == "fast"
        with pytest.raises(Refused) as refused:
            measure(settings, FRONT, EMPTY, mode="fast")
    assert (refused.value.code, refused.value.view) == ("no_person", "side")
    assert [name for name, _ in endpoint.said] == ["JobRequest", "Job"] * 2
    states = [held(name, text).get("status") for name, text in endpoint.said]
    assert states == [None, "COMPLETED", None, "FAILED"]


def test_so_does_an_answer_to_whoever_has_another_key(measure: Measure) -> None:
    with local() as (settings, endpoint), pytest.raises(EndpointError) as told:
        measure({**settings, "api_key": "another-key"}, FRONT, SIDE)
    assert told.value.kind == "unauthorized"
    assert [name for name, text in endpoint.said if held(name, text)][-1] == "Error"
