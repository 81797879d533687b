"""Remakes what is made from the code: python -m docs.make [--check]

In Markdown, the tables between cog's marks; in runpod_config.json the two schemas; in .runpod/hub.json the variables.
With --check it writes nothing and ends with status 1 where something is stale.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from cogapp import Cog

from posture.wire.schema import input_schema, output_schema
from posture.worker.settings import VARIABLES, Variable

TOP = Path(__file__).parent.parent
MARKDOWN = ("README.md", "RUNPOD_DEPLOYMENT.md", "docs/ACCURACY.md", "docs/REFUSALS.md")


def stale(*, write: bool) -> list[str]:
    """The files that are not as the code would have them; with `write` they then are."""
    found = [name for name in MARKDOWN if _is_stale_markdown(name, write=write)]
    for name, make in (("runpod_config.json", _config), (".runpod/hub.json", _hub)):
        file = TOP / name
        text = json.dumps(make(json.loads(file.read_text())), indent=2, ensure_ascii=False) + "\n"
        if text != file.read_text():
            found.append(name)
            if write:
                file.write_text(text)
    return found


def _is_stale_markdown(name: str, *, write: bool) -> bool:
    before = (TOP / name).read_text()
    made = Cog()
    made.options.prologue = "import cog\nfrom docs import tables\n"
    after: str = made.process_string(before, name)
    if write and before != after:
        (TOP / name).write_text(after)
    return before != after


def _config(config: dict[str, Any]) -> dict[str, Any]:
    return config | {"inputSchema": input_schema(), "outputSchema": output_schema()}


def _hub(hub: dict[str, Any]) -> dict[str, Any]:
    static = [entry for entry in hub["config"]["env"] if "value" in entry]
    offered = [{"key": row.name, "input": _hub_input(row)} for row in VARIABLES if row.title]
    return hub | {"config": hub["config"] | {"env": static + offered}}


def _hub_input(row: Variable) -> dict[str, Any]:
    shared = {"name": row.title, "description": row.meaning.replace("`", ""), "advanced": True}
    if row.numbers:
        least, most, default = row.numbers
        return {**shared, "type": "number", "min": least, "max": most, "default": default}
    options = [{"label": label, "value": value} for label, value in row.choices.items()]
    return {**shared, "type": "string", "options": options, "default": options[0]["value"]}


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
