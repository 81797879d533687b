"""The page at /: its files, what they are told of the instrument, and what they have the server do.

A browser loads the files without a key, as there is nothing of anybody in them. What it posts are answers of the
worker, which are compared and reported by posture.comparison and posture.report.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from posture import comparison, report, words
from posture.angles import Measure
from posture.comparison import Comparison, Remark, Row, Seen
from posture.errors import DRAWINGS
from posture.views import VIEWS
from posture.web import measures
from posture.web.bodies import Bodies
from posture.wire.job import LARGEST_RUNSYNC
from posture.wire.request import DEFAULTS, RequestOptions
from posture.words import Language

# An image for RunPod alone does without these files; then there is no page.
FOLDER = Path(__file__).with_name("page")
# The drawings of the photo guide: beside the page in an installation, in docs/ of a checkout.
_PLACES = (FOLDER / "photos", Path(__file__).parents[2] / "docs" / "photos")
_TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}

_NOTHING_ELSE = "default-src 'none'; base-uri 'none'; form-action 'none'"
HEADERS = {
    "Content-Security-Policy": (
        f"{_NOTHING_ELSE}; script-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'; "
        "style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; media-src 'self' blob:; frame-src 'self'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(self), camera=(self), gyroscope=(self), magnetometer=(self), geolocation=(), microphone=()"
    ),
}
# Of the empty frame into which the page writes a report: that has a style of its own, and no script.
_OF_PAPER = {
    "Content-Security-Policy": (
        f"{_NOTHING_ELSE}; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox allow-same-origin "
        "allow-modals"
    )
}
# A drawing has a style of its own too.
_OF_DRAWINGS = {"Content-Security-Policy": f"{_NOTHING_ELSE}; style-src 'unsafe-inline'; frame-ancestors 'none'"}
_PAPER = "paper.html"

MOST_VISITS = 50


class _Visit(msgspec.Struct, frozen=True):
    """An answer of the worker, and what the visit is called."""

    label: str
    answer: dict[str, Any]


class _Asked(msgspec.Struct, frozen=True):
    """The body of a request to compare visits, or to report on them."""

    visits: Annotated[list[_Visit], msgspec.Meta(min_length=1, max_length=MOST_VISITS)]
    language: Language = "en"


def routes(bodies: Bodies, *, passes_on: bool) -> list[Route]:
    """The page's addresses. `passes_on`: whether photos go on to an endpoint elsewhere, which the page says."""
    asked = _Answers(bodies)
    return [
        *(Route(path, _sends(file)) for path, file in _files()),
        Route("/page/measures.json", _tells(measures.rows())),
        Route("/page/settings.json", _tells(settings() | {"passes_on": passes_on})),
        *(Route(f"/page/{language}.json", _tells(texts(language))) for language in words.LANGUAGES),
        Route("/page/compare", asked.compare, methods=["POST"]),
        Route("/page/report", asked.report, methods=["POST"]),
    ]


def public(found: list[Route]) -> frozenset[str]:
    """The addresses among them that hold nothing of anybody: whoever is to enter a key needs them before."""
    return frozenset(route.path for route in found if route.methods and "GET" in route.methods)


def _files() -> Iterator[tuple[str, Path]]:
    """The address of each file."""
    for file in sorted(FOLDER.iterdir()):
        if file.suffix in _TYPES:
            yield "/" if file.name == "index.html" else f"/page/{file.name}", file
    for file in _drawings().values():
        yield f"/page/photos/{file.name}", file


def _drawings() -> Mapping[str, Path]:
    """The drawings that are there, by name."""
    return {file.stem: file for folder in reversed(_PLACES) for file in sorted(folder.glob("*.svg"))}


def _sends(file: Path) -> Any:  # noqa: ANN401  what Starlette takes for an endpoint
    own = _OF_PAPER if file.name == _PAPER else _OF_DRAWINGS if file.suffix == ".svg" else {}
    return _answers(file.read_bytes(), _TYPES[file.suffix], HEADERS | own)


def _tells(content: object) -> Any:  # noqa: ANN401
    return _answers(msgspec.json.encode(content), "application/json", HEADERS)


def _answers(body: bytes, kind: str, headers: Mapping[str, str]) -> Any:  # noqa: ANN401
    """Always answers the same."""

    async def answer(_request: Request) -> Response:
        return Response(body, media_type=kind, headers=headers)

    return answer


# What the page is told


def settings() -> dict[str, Any]:
    """What may be chosen, and which drawings there are for which codes."""
    kinds = {field.name: field.type for field in msgspec.structs.fields(RequestOptions)}
    offered = ("mode", "calibration", "level", "strict")
    drawings = _drawings()
    return {
        "languages": {language: words.texts(language)["name"] for language in words.LANGUAGES},
        "options": {name: _choices(kinds[name]) for name in offered},
        "defaults": {name: getattr(DEFAULTS, name) for name in offered},
        "drawings": {code: [name for name in names if name in drawings] for code, names in DRAWINGS.items()},
        "largest": LARGEST_RUNSYNC,
        "longest_label": comparison.LONGEST_LABEL,
    }


def _choices(kind: Any) -> list[Any]:  # noqa: ANN401  an annotation is anything
    """The values of an option, from its schema."""
    schema = msgspec.json.schema(kind)
    return list(schema.get("enum", (True, False)))


@cache
def texts(language: Language) -> dict[str, Any]:
    """All that the page says in a language: its own texts, below `words` those of the answers, and those of measures by
    the names of the views.
    """
    own = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    of_answers = words.texts(language)
    by_view = {view.name: of_answers["measures"][view.plane.name] for view in VIEWS}
    return {**own, "words": of_answers, "measures": by_view}


# What the page asks for


class _Answers:
    """What is answered to answers that are posted."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies

    async def compare(self, request: Request) -> Response:
        """The visits beside each other, in words."""
        async with self._bodies.of(request, LARGEST_RUNSYNC) as body:
            return JSONResponse(await _done(_compared, body))

    async def report(self, request: Request) -> Response:
        """The report on them."""
        async with self._bodies.of(request, LARGEST_RUNSYNC) as body:
            return HTMLResponse(await _done(_reported, body), headers=_OF_PAPER)


async def _done(make: Any, body: bytes) -> Any:  # noqa: ANN401  whatever it makes
    """What is made of a body, in a thread. Raises HTTPException, whose text holds no value of the body."""
    try:
        asked = msgspec.json.decode(body, type=_Asked)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise HTTPException(HTTPStatus.BAD_REQUEST, "Send `visits`, each with `label` and `answer`.") from None
    try:
        return await run_in_threadpool(make, asked)
    except ValueError as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, str(error)) from None


def _reported(asked: _Asked) -> str:
    return report.page([report.Visit(visit.label, visit.answer) for visit in asked.visits], asked.language)


def _compared(asked: _Asked) -> dict[str, Any]:
    found = comparison.compare([visit.answer for visit in asked.visits], [visit.label for visit in asked.visits])
    return {"visits": _visits(found, asked.language), "rows": [_seen_of(row, asked.language) for row in found.rows]}


def _visits(found: Comparison, language: Language) -> list[dict[str, Any]]:
    def said(remarks: tuple[Remark, ...]) -> list[str]:
        return [remark.text(language) for remark in remarks]

    return [
        {
            "label": visit.label,
            "told": report.told(at, found, language),
            "remarks": said(visit.remarks),
            "by_view": {view: said(remarks) for view, remarks in visit.by_view.items()},
        }
        for at, visit in enumerate(found.visits)
    ]


def _seen_of(row: Row, language: Language) -> dict[str, Any]:
    return {
        "view": row.view,
        "name": row.measure.name,
        "visits": [None if seen is None else _seen(row.measure, seen, language) for seen in row.visits],
    }


def _seen(measure: Measure, seen: Seen, language: Language) -> dict[str, Any]:
    sentence = None
    if seen.uncertainty is not None and seen.trust is not None:
        sentence = words.say(measure, seen.value, seen.uncertainty, seen.trust, language)
    return {
        "value": seen.value,
        "uncertainty": seen.uncertainty,
        "trust": seen.trust,
        "source": seen.source,
        "edited": seen.edited,
        "sentence": sentence,
        "difference": seen.difference,
        "limit": seen.limit,
        "exceeds": seen.exceeds,
        "remarks": [remark.text(language) for remark in seen.remarks],
    }
