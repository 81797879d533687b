"""RunPod's API on the loopback keeps to RunPod's document."""

import json

from testing.runpod_api import KEY, RunPod
from tests.deploy.operator import described


def test_the_fake_refuses_what_the_document_refuses() -> None:
    account = RunPod()
    answer = account.answer("POST", "/v2/serverless", f"Bearer {KEY}", json.dumps(described(bogus=1)).encode())
    assert isinstance(answer.body, dict)
    assert answer.body["errors"] == ["$: Unevaluated properties are not allowed ('bogus' was unexpected)"]
    assert account.faults == []
