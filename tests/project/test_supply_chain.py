"""What is brought in from outside: audited, kept up to date, and built with no more rights than that takes."""

import re
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from scripts import audit, locks
from testing import TOP

TODAY = date(2026, 11, 25)
LOCKS = sorted(TOP.glob("requirements_*.lock"))
WORKFLOW = TOP / ".github" / "workflows" / "check.yml"
JOBS: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text())["jobs"]

FLAW = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1", "GHSA-aaaa"], "fix_versions": ["1.1"]}


def excepted(flaw: str = "PYSEC-2026-1", package: str = "one", until: date = TODAY) -> audit.Excepted:
    return audit.Excepted(flaw, package, "it is not called", TODAY, until)


class Service:
    """Knows the flaws of some packages, and none of those that it does not know."""

    def __init__(self, unknown: Sequence[str] = (), **flaws: Any) -> None:
        self.asked: list[list[audit.Package]] = []
        self._unknown = unknown
        self._flaws = flaws

    def __call__(self, packages: Sequence[audit.Package]) -> list[dict[str, Any]]:
        self.asked.append(list(packages))
        return [
            {"name": name, "skip_reason": "not found"}
            if name in self._unknown
            else {"name": name, "version": version, "vulns": self._flaws.get(name, [])}
            for name, version in packages
        ]


TWO = [("one", "1.0"), ("two", "2.0")]


def test_where_nothing_is_known_nothing_is_told() -> None:
    assert audit.audit(TWO, [], TODAY, Service()) == []


def test_a_vulnerability_is_told_with_all_its_names_and_what_mends_it() -> None:
    assert audit.audit(TWO, [], TODAY, Service(one=[FLAW])) == [
        "one 1.0 has PYSEC-2026-1 alias CVE-2026-1 alias GHSA-aaaa, mended in 1.1"
    ]


@pytest.mark.parametrize("name", [FLAW["id"], *FLAW["aliases"]])
def test_an_exception_holds_by_any_name_to_the_end_of_its_last_day(name: str) -> None:
    assert audit.audit(TWO, [excepted(name)], TODAY, Service(one=[FLAW])) == []


@pytest.mark.parametrize("other", [excepted("CVE-2026-2"), excepted(package="two")])
def test_an_exception_is_for_one_vulnerability_of_one_package(other: audit.Excepted) -> None:
    assert len(audit.audit(TWO, [other], TODAY, Service(one=[FLAW]))) == 1


def test_an_exception_that_is_over_is_a_failure_until_it_is_taken_out() -> None:
    over = excepted(until=TODAY - timedelta(days=1))
    assert audit.audit(TWO, [over], TODAY, Service()) == ["the exception for PYSEC-2026-1 in one ended on 2026-11-24"]


def test_a_package_that_the_service_does_not_know_is_a_failure() -> None:
    assert audit.audit(TWO, [], TODAY, Service(unknown=["two"])) == ["two 2.0 could not be looked up"]


def test_two_versions_of_a_package_are_both_looked_up() -> None:
    service = Service()
    assert audit.audit([*TWO, ("one", "1.1")], [], TODAY, service) == []
    assert service.asked == [[("one", "1.0"), ("two", "2.0")], [("one", "1.1")]]


def test_every_pin_of_every_lock_is_looked_up(capsys: pytest.CaptureFixture[str]) -> None:
    service = Service()
    assert audit.main(service) == 0
    text = "".join(lock.read_text() for lock in LOCKS)
    pinned = set(re.findall(r"^([a-z0-9-]+)==([^ \\]+)", text, re.MULTILINE))
    assert {package for sheet in service.asked for package in sheet} == pinned
    assert capsys.readouterr().out == f"{len(pinned)} packages audited, nothing to mend\n"
    assert [lock.name for lock in LOCKS] == [
        "requirements_audit.lock",
        "requirements_dev.lock",
        "requirements_runpod.lock",
    ]


def test_a_failure_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main(Service(requests=[FLAW])) == 1
    assert "requests 2." in capsys.readouterr().out


def test_an_audit_that_was_not_run_says_so_and_ends_otherwise_than_one_that_found_something(
    capsys: pytest.CaptureFixture[str],
) -> None:
    everything = [pin.name for lock in LOCKS for pin in locks.pins(lock)]
    assert audit.main(Service(unknown=everything)) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("The audit was NOT RUN, nothing is known of the ")


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where pip-audit is looked for."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    return tmp_path / "pip-audit"


def test_pip_audit_is_asked_about_a_list_and_its_json_is_read(tool: Path) -> None:
    tool.write_text(
        '#!/bin/sh\nfor last; do :; done\n[ "$(cat "$last")" = "one==1.0" ] || exit 2\n'
        'echo \'{"dependencies": [{"name": "one", "version": "1.0", "vulns": []}], "fixes": []}\'; exit 1\n'
    )
    tool.chmod(0o755)
    assert audit.pip_audit([("one", "1.0")]) == [{"name": "one", "version": "1.0", "vulns": []}]


@pytest.mark.parametrize("said", ["", "{}", "Traceback"])
def test_where_the_service_cannot_be_reached_the_audit_was_not_run(tool: Path, said: str) -> None:
    tool.write_text(f"#!/bin/sh\nprintf '{said}'\necho 'ERROR: first' >&2\necho 'ERROR: no route' >&2\nexit 1\n")
    tool.chmod(0o755)
    with pytest.raises(audit.NotRunError, match=r"^ERROR: no route$"):
        audit.pip_audit([("one", "1.0")])


def test_every_exception_has_its_reason_and_its_time() -> None:
    packages = {pin.name for lock in LOCKS for pin in locks.pins(lock)}
    for row in audit.exceptions():
        assert re.fullmatch(r"(PYSEC|CVE|GHSA)-\S+", row.id)
        assert row.package in packages
        assert len(row.reason.split()) >= 4, f"{row.id}: why does it do no harm here?"
        assert timedelta() < row.until - row.since <= timedelta(days=183), f"{row.id}: half a year at most"


@pytest.mark.parametrize(
    "row",
    [
        '{"id": "CVE-1", "package": "one", "since": "2026-11-25", "until": "2026-12-25"}',
        '{"id": "CVE-1", "package": "one", "reason": "it is not called", "since": "2026-11-25", "until": "soon"}',
        '{"id": "CVE-1", "package": "one", "reason": "", "since": "2026-11-25", "until": "2026-12-25", "more": 1}',
    ],
)
def test_an_exception_that_lacks_something_or_has_more_is_refused(tmp_path: Path, row: str) -> None:
    file = tmp_path / "exceptions.json"
    file.write_text(f"[{row}]")
    with pytest.raises((TypeError, ValueError)):
        audit.exceptions(file)


def test_an_exception_is_read_with_its_days(tmp_path: Path) -> None:
    file = tmp_path / "exceptions.json"
    file.write_text(
        '[{"id": "PYSEC-2026-1", "package": "one", "reason": "it is not called", "since": "2026-11-25", '
        '"until": "2026-11-25"}]'
    )
    assert audit.exceptions(file) == [excepted()]


def test_what_an_sbom_is_made_of_is_what_the_image_installs(capsys: pytest.CaptureFixture[str]) -> None:
    locks.main()
    entries = re.split(r"^(?=[a-z0-9])", capsys.readouterr().out, flags=re.MULTILINE)[1:]
    listed = {str(Requirement(entry.partition("\\")[0])) for entry in entries}
    pinned = [pin for pin in locks.pins(TOP / "requirements_runpod.lock") if pin.in_image]
    assert listed == {f"{pin.name}=={pin.version}" for pin in pinned}
    assert len(listed) == len({pin.name for pin in pinned}) > 50, "one version of each"
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_dependabot_looks_at_every_kind_of_pin_that_there_is() -> None:
    kinds = {
        "pip": [*TOP.glob("requirements_*.txt")],
        "docker": [*TOP.glob("Dockerfile*")],
        "github-actions": [*WORKFLOW.parent.glob("*.yml")],
        "npm": [*TOP.glob("clients/*/package.json")],
        "pre-commit": re.findall(r"rev:", (TOP / ".pre-commit-config.yaml").read_text()),
    }
    updates = yaml.safe_load((TOP / ".github" / "dependabot.yml").read_text())["updates"]
    assert {update["package-ecosystem"] for update in updates} == {kind for kind, files in kinds.items() if files}
    places = {"npm": "/clients/typescript"}
    assert all(update["directory"] == places.get(update["package-ecosystem"], "/") for update in updates)
    assert all(update["schedule"]["interval"] for update in updates)


def test_a_job_has_no_right_that_it_does_not_need() -> None:
    assert [file.name for file in WORKFLOW.parent.iterdir()] == ["check.yml"]
    assert yaml.safe_load(WORKFLOW.read_text())["permissions"] == {}
    write = {"publish": {"packages": "write"}}
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        name: {"contents": "read", **write.get(name, {})} for name in JOBS
    }


def test_no_secret_but_the_jobs_own_token_is_in_reach() -> None:
    text = WORKFLOW.read_text()
    assert "secrets." not in text
    assert "pull_request_target" not in text
    steps = [step for job in JOBS.values() for step in job["steps"]]
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) == len(JOBS)
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_every_action_is_pinned_to_the_commit_of_a_release() -> None:
    used = re.findall(r"^ +(?:- )?uses: (.*)$", WORKFLOW.read_text(), re.MULTILINE)
    assert len(used) >= 8
    assert [line for line in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


def test_the_audit_runs_with_every_change_and_every_week_and_before_an_image_is_published() -> None:
    events = yaml.safe_load(WORKFLOW.read_text())[True]  # YAML takes `on` for a truth
    assert {"push", "pull_request", "schedule"} == events.keys()
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", events["schedule"][0]["cron"])
    assert "if" not in JOBS["audit"]
    assert {"run": "make audit"} in JOBS["audit"]["steps"]
    assert set(JOBS["publish"]["needs"]) == JOBS.keys() - {"publish"}
    assert {name for name, job in JOBS.items() if "schedule" in job.get("if", "")} == {"check", "image"}
