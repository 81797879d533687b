"""The packages that the locks pin; python -m scripts.locks prints those of the image with their hashes."""

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

TOP = Path(__file__).parent.parent
# As the Dockerfile's base answers markers; those of the machine that asks stand for the rest.
IMAGE = {
    "implementation_name": "cpython",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.0",
    "python_version": "3.11",
    "sys_platform": "linux",
}


@dataclass(frozen=True)
class Pin:
    """An entry of a lock: a requirement that one version meets, and its text with the hashes."""

    requirement: Requirement
    text: str

    @property
    def name(self) -> str:
        """As the index writes it."""
        return self.requirement.name

    @property
    def version(self) -> str:
        """The only one."""
        (exactly,) = self.requirement.specifier
        return exactly.version

    @property
    def in_image(self) -> bool:
        """Whether the image installs it."""
        marker = self.requirement.marker
        return marker is None or marker.evaluate(dict(IMAGE))


def pins(lock: Path) -> list[Pin]:
    """All entries of a lock, for whatever Python and system they are."""
    entries = re.split(r"^(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return [Pin(Requirement(entry.partition("\\")[0]), entry) for entry in entries]


def main() -> None:
    """The command line."""
    for pin in pins(TOP / "requirements_runpod.lock"):
        if pin.in_image:
            hashes = re.findall(r"--hash=\S+", pin.text)
            print(" \\\n    ".join([f"{pin.name}=={pin.version}", *hashes]))


if __name__ == "__main__":
    main()
