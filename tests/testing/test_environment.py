import os
import subprocess
import sys
from pathlib import Path

import pytest

from posture.models import files
from testing import TOP
from testing.environment import forget

# One setting of each kind that has made tests fail, or could.
SETTINGS = {
    "RUNPOD_LOG_LEVEL": "ERROR",
    "RUNPOD_DEBUG_LEVEL": "ERROR",
    "RUNPOD_ENDPOINT_ID": "endpoint9",
    "RUNPOD_API_KEY": "rpa_other",
    "RUNPOD_API_URL": "http://127.0.0.1:1",
    "RUNPOD_ENDPOINT_BASE_URL": "http://127.0.0.1:1",
    "POSTURE_LANDMARKERS": "many",
    "POSTURE_CONCURRENCY": "none",
    "POSTURE_CALIBRATION": "unknown",
    "POSTURE_PLAIN_START": "1",
    "ENDPOINT_ID": "endpoint9",
    "IMAGE": "another",
    "HTTP_PROXY": "http://127.0.0.1:1",
    "http_proxy": "http://127.0.0.1:1",
    "ALL_PROXY": "http://127.0.0.1:1",
    "PIP_REQUIRE_HASHES": "1",
    "PYTHONWARNINGS": "error",
    "GIT_DIR": "/nowhere",
    "COLUMNS": "20",
    "FORCE_COLOR": "1",
}


def test_what_is_needed_stays_and_settings_go() -> None:
    needed = {"PATH": "/bin", "HOME": "/home", "POSTURE_TRUTH": "/truth", "PYTEST_CURRENT_TEST": "this"}
    environment = {**needed, **SETTINGS}
    forget(environment)
    assert environment == {**needed, "POSTURE_MODEL": str(files.path())}


def test_a_model_that_is_not_where_the_environment_says_is_looked_for_in_the_usual_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("POSTURE_MODEL", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    forget(environment)
    assert environment == {}


def test_tests_meet_no_setting_that_they_have_not_made(tmp_path: Path) -> None:
    """Those of the handler, which depend on the most of them, with every setting there is."""
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/worker/test_handler.py"],
        cwd=TOP,
        env={**os.environ, **SETTINGS, "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout
