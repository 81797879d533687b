"""The version stands in one place, posture/__init__.py, and CHANGELOG.md says what is new in it."""

import re
from datetime import date

import pytest
from packaging.version import Version

from posture import __version__
from testing import TOP

HEADING = re.compile(r"## \[(?P<version>\d+\.\d+\.\d+)\] - (?P<date>\d{4}-\d{2}-\d{2})")


def headings() -> list[str]:
    """The changelog's headings of versions, in its order."""
    return re.findall(r"^## .*$", (TOP / "CHANGELOG.md").read_text(), re.MULTILINE)


@pytest.fixture
def releases() -> list[tuple[Version, date]]:
    """The numbered headings, each with its day. A heading in another form is a failure, not overlooked."""
    found = []
    for heading in headings()[1:]:
        parts = HEADING.fullmatch(heading)
        assert parts, f"{heading!r} is not '## [major.minor.patch] - YYYY-MM-DD'"
        found.append((Version(parts["version"]), date.fromisoformat(parts["date"])))
    return found


def test_the_package_is_the_newest_version_of_the_changelog(releases: list[tuple[Version, date]]) -> None:
    assert str(releases[0][0]) == __version__


def test_what_is_not_released_stands_above_all_versions() -> None:
    assert headings()[0] == "## [Unreleased]"


def test_versions_and_their_days_run_from_the_newest_to_the_oldest(releases: list[tuple[Version, date]]) -> None:
    versions, days = zip(*releases, strict=True)
    assert list(versions) == sorted(set(versions), reverse=True)
    assert list(days) == sorted(days, reverse=True)
