"""Remakes what is made from the code: python -m docs.make [--check]

In Markdown, what stands between cog's marks; in runpod_config.json the two schemas; in .runpod/hub.json the variables
and, as in .runpod/tests.json, the machine that runpod_config.json describes; the whole of docs/openapi.json; the
version of clients/typescript; in docs/photos/ the drawings of docs/photos.svg.jinja; docs/overlay.jpg, the overlay of a
demo image. The photos in .runpod/tests.json are made by python -m docs.hub_photos. With --check it writes nothing and
ends with status 1 where something is stale.
"""

import argparse
import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from cogapp import Cog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.runtime import Macro

import posture
from posture import images
from posture.wire import openapi
from posture.wire.schema import input_schema, output_schema
from posture.worker.settings import VARIABLES, Variable

TOP = Path(__file__).parent.parent
MARKDOWN = (
    "README.md",
    "RUNPOD_DEPLOYMENT.md",
    ".runpod/README.md",
    "docs/ACCURACY.md",
    "docs/MODELS.md",
    "docs/PHOTOS.md",
    "docs/REFUSALS.md",
)
DRAWINGS = "docs/photos"
PICTURE = "docs/overlay.jpg"
_DEMO = TOP / "demo_images"
_SIZE = 800  # of the picture, in pixels
# Of its pixels, how many may differ, and by how much, of 255: another processor's numbers may in their last digit.
_MOST_DIFFERENT, _DIFFERENT = 0.001, 40


def stale(*, write: bool) -> list[str]:
    """The files that are not as the code would have them; with `write` they then are."""
    found = [name for name in MARKDOWN if _is_stale_markdown(name, write=write)]
    for name, make in JSON.items():
        text = json.dumps(make(json.loads((TOP / name).read_text())), indent=2, ensure_ascii=False) + "\n"
        found += _differs(name, text, write=write)
    for drawing, svg in drawings().items():
        found += _differs(f"{DRAWINGS}/{drawing}.svg", svg, write=write)
    if _is_stale_picture(write=write):
        found.append(PICTURE)
    return found


def drawings() -> dict[str, str]:
    """By its name, the SVG of every drawing of the photo guide."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, autoescape=True, trim_blocks=True
    )
    module = vars(environment.get_template("photos.svg.jinja").module)
    return {name: str(macro()) for name, macro in sorted(module.items()) if isinstance(macro, Macro)}


def _differs(name: str, text: str, *, write: bool) -> list[str]:
    """The name, where the file does not hold this text; with `write` it then does."""
    file = TOP / name
    if file.exists() and file.read_text() == text:
        return []
    if write:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return [name]


def _is_stale_picture(*, write: bool) -> bool:
    made, file = _overlay(), TOP / PICTURE
    before, after = (images.shown(data, 1, _SIZE).astype(float) for data in (file.read_bytes(), made))
    is_stale = before.shape != after.shape or (abs(before - after) > _DIFFERENT).mean() > _MOST_DIFFERENT
    if write and is_stale:
        file.write_bytes(made)
    return bool(is_stale)


@cache
def _overlay() -> bytes:
    return posture.measure(_DEMO / "front_image.jpg", _DEMO / "side_image.jpg").overlay("front", _SIZE)


def _is_stale_markdown(name: str, *, write: bool) -> bool:
    made = Cog()
    made.options.prologue = "import cog\nfrom docs import tables\n"
    after: str = made.process_string((TOP / name).read_text(), name)
    return bool(_differs(name, after, write=write))


def _config(config: dict[str, Any]) -> dict[str, Any]:
    return config | {"inputSchema": input_schema(), "outputSchema": output_schema()}


def _openapi(_before: dict[str, Any]) -> dict[str, Any]:
    return openapi.document()


def _package(package: dict[str, Any]) -> dict[str, Any]:
    return package | {"version": posture.__version__}


def _package_lock(lock: dict[str, Any]) -> dict[str, Any]:
    return _package(lock) | {"packages": lock["packages"] | {"": _package(lock["packages"][""])}}


def _endpoint() -> dict[str, Any]:
    """The endpoint that runpod_config.json describes."""
    endpoint: dict[str, Any] = json.loads((TOP / "runpod_config.json").read_text())["endpoint"]
    return endpoint


def _machine() -> dict[str, Any]:
    """The endpoint's first processor and its environment, as the Hub names them."""
    endpoint = _endpoint()
    return {
        "cpuFlavor": endpoint["cpu"][0]["id"],
        "env": [{"key": name, "value": value} for name, value in endpoint["env"].items()],
    }


def _hub(hub: dict[str, Any]) -> dict[str, Any]:
    machine = _machine() | {"containerDiskInGb": _endpoint()["disk"]}
    machine["env"] += [{"key": row.name, "input": _hub_input(row)} for row in VARIABLES if row.title]
    return hub | {"config": hub["config"] | machine}


def _tests(tests: dict[str, Any]) -> dict[str, Any]:
    return tests | {"config": _machine()}


def _hub_input(row: Variable) -> dict[str, Any]:
    shared = {"name": row.title, "description": row.meaning.replace("`", ""), "advanced": True}
    if row.numbers:
        least, most, default = row.numbers
        return {**shared, "type": "number", "min": least, "max": most, "default": default}
    if not row.choices:
        return {**shared, "type": "string", "default": ""}
    options = [{"label": label, "value": value} for label, value in row.choices.items()]
    return {**shared, "type": "string", "options": options, "default": options[0]["value"]}


JSON = {
    "runpod_config.json": _config,
    ".runpod/hub.json": _hub,
    ".runpod/tests.json": _tests,
    "docs/openapi.json": _openapi,
    "clients/typescript/package.json": _package,
    "clients/typescript/package-lock.json": _package_lock,
}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m docs.make", description="What is made from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing, and fail where something is stale")
    check: bool = parser.parse_args().check
    found = stale(write=not check)
    if check and found:
        sys.exit(f"Stale: {', '.join(found)}. Run: make docs")


if __name__ == "__main__":
    main()
