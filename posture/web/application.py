"""The addresses: /v2/local/runsync and the like, as RunPod has them below /v2/ENDPOINT_ID, and the page at /."""

from collections.abc import Collection
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.types import ASGIApp

from posture.web import pages
from posture.web.bodies import Bodies
from posture.web.endpoint import Answer, Endpoint
from posture.web.guard import DEFECT, Guard, refused
from posture.web.passed import Passed
from posture.wire import openapi
from posture.wire.job import LARGEST_RUN, LARGEST_RUNSYNC, WAIT
from posture.worker.worker import Log


def application(
    endpoint: Endpoint,
    *,
    hosts: Collection[str],
    key: str | None,
    log: Log,
    bodies: Bodies | None = None,
) -> ASGIApp:
    """The server's application. `hosts`, `key` and `log`: as Guard has them."""
    bodies = bodies or Bodies()
    addresses = _Addresses(endpoint, bodies)
    routes = [
        Route("/run", addresses.run, methods=["POST"]),
        Route("/runsync", addresses.runsync, methods=["POST"]),
        Route("/status/{job}", addresses.status),
        Route("/status-sync/{job}", addresses.status_sync),
        Route("/cancel/{job}", addresses.cancel, methods=["POST"]),
        Route("/health", addresses.health),
        Route("/openapi.json", addresses.openapi),
    ]
    page = pages.routes(bodies, passes_on=isinstance(endpoint, Passed)) if pages.FOLDER.is_dir() else []
    inner = Starlette(
        # Nothing is redirected: where to would be the request's own word.
        routes=[Mount("/v2/local", Router(routes, redirect_slashes=False)), *page],
        exception_handlers={HTTPException: _told, Exception: _defect},
    )
    inner.router.redirect_slashes = False
    return Guard(inner, hosts, key, log, public=pages.public(page))


class _Addresses:
    """What each address does."""

    def __init__(self, endpoint: Endpoint, bodies: Bodies) -> None:
        self._endpoint, self._bodies = endpoint, bodies

    async def run(self, request: Request) -> Response:
        async with self._bodies.of(request, LARGEST_RUN) as body:
            return _response(await self._endpoint.run(body))

    async def runsync(self, request: Request) -> Response:
        wait = _wait(request)
        async with self._bodies.of(request, LARGEST_RUNSYNC) as body:
            return _response(await self._endpoint.runsync(body, wait))

    async def status(self, request: Request) -> Response:
        return _response(await self._endpoint.status(request.path_params["job"]))

    async def status_sync(self, request: Request) -> Response:
        """Not of RunPod's pages, but of its package for JavaScript."""
        return _response(await self._endpoint.status_sync(request.path_params["job"], _wait(request)))

    async def cancel(self, request: Request) -> Response:
        return _response(await self._endpoint.cancel(request.path_params["job"]))

    async def health(self, _request: Request) -> Response:
        return _response(await self._endpoint.health())

    async def openapi(self, _request: Request) -> Response:
        return JSONResponse(openapi.document())


def _wait(request: Request) -> int | None:
    """The milliseconds that a request wants to wait. Raises HTTPException."""
    text = request.query_params.get("wait")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) in WAIT):
        raise HTTPException(
            HTTPStatus.BAD_REQUEST, f"`wait` must be a number of milliseconds from {WAIT[0]} to {WAIT[-1]}."
        )
    return int(text)


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, answer.headers, media_type="application/json")


async def _told(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return refused(error)


async def _defect(_request: Request, _error: Exception) -> Response:
    return refused(DEFECT)  # the Guard, which gets it too, has it logged
