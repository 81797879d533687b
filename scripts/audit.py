"""Whether a package of the locks has a known vulnerability: python -m scripts.audit, which `make audit` calls.

Every pin of every requirements_*.lock is looked up with pip-audit, for whatever Python and system it is pinned.
audit_exceptions.json lists what is known and borne until the end of a day, each an object:

    {"id": "GHSA-...", "package": "...", "reason": "why it does no harm", "since": "2026-11-25", "until": "2027-02-25"}

Ends with 0 when all pins were looked up and nothing was found but that; with 1 when there is a vulnerability, a pin
that could not be looked up, or an exception whose time is over; with 3 when it was not run: nothing could be asked.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from scripts.locks import TOP, pins

EXCEPTIONS = TOP / "audit_exceptions.json"
FOUND, NOT_RUN = 1, 3

Package = tuple[str, str]  # its canonical name and version
# What pip-audit says of packages no two of which have one name: an object of its JSON for each.
Ask = Callable[[Sequence[Package]], list[dict[str, Any]]]


class NotRunError(Exception):
    """Nothing was learned; the text says why."""


@dataclass(frozen=True)
class Excepted:
    """A vulnerability that is borne until the end of a day."""

    id: str
    package: str
    reason: str
    since: date
    until: date


def exceptions(file: Path = EXCEPTIONS) -> list[Excepted]:
    """The exceptions in a file. Raises TypeError or ValueError when it holds anything else."""
    rows = json.loads(file.read_text(encoding="utf-8"))
    days = ({name: date.fromisoformat(row[name]) for name in ("since", "until")} for row in rows)
    return [Excepted(**{**row, **day}) for row, day in zip(rows, days, strict=True)]


def pip_audit(packages: Sequence[Package]) -> list[dict[str, Any]]:
    """What pip-audit says of these packages. Raises NotRunError."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.writelines(f"{name}=={version}\n" for name, version in packages)
        file.flush()
        command = [str(Path(sys.executable).with_name("pip-audit")), "--no-deps", "--disable-pip", "--format", "json"]
        done = subprocess.run(  # noqa: S603  the tool beside this Python, with names and versions from the locks
            [*command, "--progress-spinner", "off", "--requirement", file.name],
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        answer: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        said = done.stderr.strip().splitlines() or ["pip-audit said nothing"]
        raise NotRunError(said[-1]) from None
    return answer


def audit(packages: Iterable[Package], borne: Sequence[Excepted], today: date, ask: Ask = pip_audit) -> list[str]:
    """What is wrong, a line each. Raises NotRunError when not one package could be looked up."""
    wanted = sorted(set(packages))
    looked_up: dict[Package, list[dict[str, Any]]] = {}
    for sheet in _without_namesakes(wanted):
        for said in ask(sheet):
            if "skip_reason" not in said:
                looked_up[canonicalize_name(said["name"]), said["version"]] = said["vulns"]
    if not looked_up:
        raise NotRunError("the service knows none of the packages")
    lines = [f"{name} {version} could not be looked up" for name, version in wanted if (name, version) not in looked_up]
    over = [excepted for excepted in borne if excepted.until < today]
    lines += [f"the exception for {excepted.id} in {excepted.package} ended on {excepted.until}" for excepted in over]
    known = {(canonicalize_name(excepted.package), excepted.id) for excepted in borne}
    for (name, version), vulnerabilities in sorted(looked_up.items()):
        for found in vulnerabilities:
            names = [found["id"], *found["aliases"]]
            if known.isdisjoint((name, each) for each in names):
                mended = ", ".join(found["fix_versions"]) or "no version yet"
                lines.append(f"{name} {version} has {' alias '.join(names)}, mended in {mended}")
    return lines


def _without_namesakes(packages: Iterable[Package]) -> list[list[Package]]:
    """The packages on as many sheets as it takes for no sheet to hold two versions of one: pip-audit refuses that."""
    sheets: list[dict[str, Package]] = []
    for package in packages:
        sheet = next((sheet for sheet in sheets if package[0] not in sheet), None)
        if sheet is None:
            sheets.append(sheet := {})
        sheet[package[0]] = package
    return [list(sheet.values()) for sheet in sheets]


def main(ask: Ask = pip_audit) -> int:
    """The command line; returns the exit status."""
    packages = {(pin.name, pin.version) for lock in sorted(TOP.glob("requirements_*.lock")) for pin in pins(lock)}
    try:
        lines = audit(packages, exceptions(), datetime.now(timezone.utc).date(), ask)
    except NotRunError as error:
        print(f"The audit was NOT RUN, nothing is known of the {len(packages)} packages: {error}.", file=sys.stderr)
        return NOT_RUN
    print("\n".join([*lines, f"{len(packages)} packages audited, {len(lines) or 'nothing'} to mend"]))
    return FOUND if lines else 0


if __name__ == "__main__":
    sys.exit(main())
