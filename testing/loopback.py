"""RunPod's queue on the loopback interface, for a real worker process to work for.

    with LoopbackPlatform() as platform:
        worker = subprocess.Popen(command, env={**environment, **platform.environment()})
        [job] = platform.submit({"front": "...", "side": "..."})
        platform.result(job, seconds=60).body

`platform.faults["job-done"] += [503, CUT]` answers the next results with that status, and then not at all; so with the
other actions.

It speaks what the SDK's worker loop speaks (runpod 1.12.0, serverless/modules/rp_job.py, rp_http.py, rp_ping.py):

    GET  job-take/WORKER                      one job; 204 when there is none for a while (long poll)
    GET  job-take-batch/WORKER?batch_size=N   a list of up to N jobs; 204 likewise
    GET  job-stop/WORKER                      {"jobsToStop": [id, ...]}; 204 likewise
    POST job-done/WORKER/JOB                  the result: JSON, though its Content-Type says form
    GET  ping/WORKER?job_id=ID,ID,...         a sign of life with the jobs in hand
"""

import json
import sys
import threading
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, TypeAlias, TypeVar
from urllib.parse import parse_qsl, urlsplit

_Found = TypeVar("_Found")
_Answer = Callable[[str, str, str | None, bytes], tuple[int, object]]

_API_KEY = "loopback-key"
_WORKER = "loopback-worker"
_PATH = "/v2/loopback/"

# Faults beside statuses: the connection is cut before, or after, what was asked for is done; nothing is ever answered;
# the answer is no JSON.
CUT, CUT_AFTERWARDS, SILENT, NONSENSE = "cut", "cut afterwards", "silent", "nonsense"
Fault: TypeAlias = int | str | None


@dataclass(frozen=True)
class Result:
    """What a worker posted for a job: `output` and, when the job failed, `error`. Times are time.monotonic()'s."""

    body: dict[str, Any]
    taken: float
    arrived: float


class LoopbackPlatform:
    """The queue of one endpoint, on a port of its own. Use it in a `with` statement, or close it.

    What it saw stands in its attributes, which grow while the worker works:
    `takes` the ids handed out, one tuple a take; `results` the results by id, in their order of arrival;
    `pings` the ids that each ping said to be in hand; `refused` the requests that a platform would not have taken.

    `contradicted` the ids of jobs that were answered again, and otherwise.

    `faults`: by action, what becomes of the next requests: a status, one of the words above, or None for no fault.
    """

    def __init__(self, hold: float = 0.5) -> None:
        """Starts to listen. A poll that finds nothing is held for `hold` seconds, the platform's own for far longer."""
        self.takes: list[tuple[str, ...]] = []
        self.results: dict[str, Result] = {}
        self.pings: list[tuple[str, ...]] = []
        self.refused: list[str] = []
        self.contradicted: list[str] = []
        self.faults: defaultdict[str, list[Fault]] = defaultdict(list)
        self._hold = hold
        self._queue: deque[Any] = deque()
        self._in_hand: dict[str, float] = {}
        self._stops: deque[str] = deque()
        self._closed = False
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), partial(_Exchange, self._answer))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def environment(self) -> dict[str, str]:
        """What the platform sets in a worker's environment, and a ping a second instead of one in ten."""
        url = f"http://127.0.0.1:{self._server.server_port}{_PATH}"
        return {
            "RUNPOD_AI_API_KEY": _API_KEY,
            "RUNPOD_ENDPOINT_ID": "loopback",
            "RUNPOD_POD_ID": _WORKER,
            "RUNPOD_WEBHOOK_GET_JOB": f"{url}job-take/$ID?gpu=none",
            "RUNPOD_WEBHOOK_POST_OUTPUT": f"{url}job-done/$RUNPOD_POD_ID/$ID?gpu=none",
            "RUNPOD_WEBHOOK_PING": f"{url}ping/$RUNPOD_POD_ID?gpu=none",
            "RUNPOD_PING_INTERVAL": "1000",
            # The SDK's checks of the machine want the internet, and a graphics card in order where there is one.
            "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true",
            "RUNPOD_SKIP_GPU_CHECK": "true",
        }

    def submit(self, *inputs: Mapping[str, Any]) -> list[str]:
        """Queues one job for each `input`, all at once, so that one take can have them all. Returns their ids."""
        jobs = {str(uuid.uuid4()): job_input for job_input in inputs}
        self.put(*({"id": job, "input": job_input} for job, job_input in jobs.items()))
        return list(jobs)

    def put(self, *entries: object) -> None:
        """Queues what may be no jobs, all at once."""
        with self._changed:
            self._queue.extend(entries)
            self._changed.notify_all()

    def stop(self, job: str) -> None:
        """Tells the worker to stop a job, as when a client cancels it."""
        with self._changed:
            self._stops.append(job)
            self._changed.notify_all()

    def result(self, job: str, seconds: float) -> Result:
        """The result of a job, once it is there. Raises TimeoutError when it is not within `seconds`."""
        return self.wait_until(lambda: self.results.get(job), seconds, f"no result of job {job}")

    def wait_until(self, condition: Callable[[], _Found | None], seconds: float, otherwise: str) -> _Found:
        """What `condition` returns, as soon as that is something true. Raises TimeoutError, which says `otherwise`.

        It is asked whenever something happened here, and twice a second in any case.
        """
        deadline = time.monotonic() + seconds
        with self._changed:
            while not (found := condition()):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"{otherwise} within {seconds:.0f} s")
                self._changed.wait(min(left, 0.5))
            return found

    def close(self) -> None:
        """Ends the polls that are held, answers no more and frees the port."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> "LoopbackPlatform":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self, method: str, target: str, authorization: str | None, body: bytes) -> tuple[int, object]:
        """The answer to a request: a status and what to send as JSON, None for nothing, or bytes as they are."""
        url = urlsplit(target)
        action, worker, job = f"{url.path.removeprefix(_PATH)}//".split("/")[:3]
        query = dict(parse_qsl(url.query))
        actions: dict[tuple[str, str], Callable[[], object]] = {
            ("GET", "job-take"): lambda: next(iter(self._take(1)), None),
            ("GET", "job-take-batch"): lambda: self._take(int(query["batch_size"])) or None,
            ("GET", "job-stop"): self._stop_signals,
            ("GET", "ping"): lambda: self._ping(query.get("job_id", "")),
            ("POST", "job-done"): lambda: self._done(job, json.loads(body)),
        }
        act = actions.get((method, action))
        with self._changed:
            if act and (worker, authorization) == (_WORKER, _API_KEY):
                fault = self.faults[action].pop(0) if self.faults[action] else None
                if isinstance(fault, int):
                    return fault, None
                if fault == NONSENSE:
                    return HTTPStatus.OK, b"[{"
                if fault == SILENT:
                    self._changed.wait_for(lambda: self._closed)
                if fault in (CUT, SILENT):
                    raise ConnectionAbortedError
                with suppress(KeyError, ValueError):
                    content = act()
                    self._changed.notify_all()
                    if fault == CUT_AFTERWARDS:
                        raise ConnectionAbortedError
                    return (HTTPStatus.NO_CONTENT if content is None else HTTPStatus.OK), content
            self.refused.append(f"{method} {target}")
            return HTTPStatus.NOT_FOUND, None

    def _take(self, most: int) -> list[Any]:
        self._hold_until(lambda: self._queue)
        entries = [self._queue.popleft() for _ in range(min(most, len(self._queue)))]
        if ids := [entry["id"] for entry in entries if isinstance(entry, dict) and "id" in entry]:
            self.takes.append(tuple(ids))
            self._in_hand.update((job, time.monotonic()) for job in ids)
        return entries

    def _stop_signals(self) -> object:
        self._hold_until(lambda: self._stops)
        jobs = [self._stops.popleft() for _ in range(len(self._stops))]
        return {"jobsToStop": jobs} if jobs else None

    def _ping(self, jobs: str) -> object:
        self.pings.append(tuple(jobs.split(",")) if jobs else ())
        return {}

    def _done(self, job: str, body: dict[str, Any]) -> object:
        if job in self.results and self.results[job].body != body:
            self.contradicted.append(job)
        # A KeyError refuses the result of a job that was never taken, or that has one already.
        self.results[job] = Result(body, self._in_hand.pop(job), time.monotonic())
        return {}

    def _hold_until(self, something: Callable[[], object]) -> None:
        """Returns when there is something, after the holding time, or when the platform closes."""
        self._changed.wait_for(lambda: something() or self._closed, self._hold)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A worker that is killed breaks its connections; anything else is a defect and shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Exchange(BaseHTTPRequestHandler):
    """One connection: reads requests, sends what `answer` makes of them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or a body waits 40 ms for the worker to acknowledge its header

    def __init__(self, answer: _Answer, *connection: Any) -> None:
        self._answer = answer
        super().__init__(*connection)

    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, content = self._answer(self.command, self.path, self.headers.get("Authorization"), body)
        sent = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = _respond  # noqa: N815  names that the standard library looks for

    def log_message(self, *_: object) -> None:
        """Nothing: what is worth knowing stands in the platform's attributes."""
