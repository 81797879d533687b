"""An endpoint that answers what it is told, one answer after the other, and keeps what it was asked."""

import json
from typing import Any

from posture.web.endpoint import Answer


class Canned:
    """Answers from a list, the last again and again; `asked`: what came, each with its name and its body."""

    def __init__(self, *answers: dict[str, Any] | int) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, Any]] = []

    def _next(self, name: str, body: bytes | None = None) -> Answer:
        self.asked.append((name, None if body is None else json.loads(body)))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, int):
            return Answer(b'{"error": "nothing works"}', answer)
        return Answer(json.dumps({"id": "one", **answer}).encode())

    async def run(self, body: bytes) -> Answer:
        """The next."""
        return self._next("run", body)

    async def runsync(self, body: bytes, wait: int | None) -> Answer:
        """The next."""
        assert wait is not None
        return self._next("runsync", body)

    async def status(self, job: str) -> Answer:
        """The next."""
        assert job == "one"
        return self._next("status")

    async def status_sync(self, job: str, wait: int | None) -> Answer:
        """Nobody asks for it."""
        raise AssertionError(job, wait)

    async def cancel(self, job: str) -> Answer:
        """Takes note."""
        self.asked.append(("cancel", job))
        return Answer(b'{"id": "one", "status": "CANCELLED"}')

    async def health(self) -> Answer:
        """The next."""
        return self._next("health")
