"""The environment of the tests: what is needed to run at all, and no setting of the machine's or its user's."""

import os
import subprocess
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path

from posture.models import files

# What Python and its libraries may need to run at all on this machine.
NEEDED = ("PATH", "LD_LIBRARY_PATH", "OPENBLAS_CORETYPE")
# Where a user's files and temporary ones are, where the tests find what is too large for the tree, and whether they may
# do without a browser and Node.
_PLACES = ("HOME", "TMPDIR", "POSTURE_MODEL", "POSTURE_FACE_MODEL", "POSTURE_TRUTH", "POSTURE_BROWSER",
           "POSTURE_TYPESCRIPT")  # fmt: skip
_TOOLS = ("PYTEST", "COV", "HYPOTHESIS")


def forget(environment: MutableMapping[str, str]) -> None:
    """Leaves in an environment what is named above, so that no test meets a setting that it has not made.

    What is left out changes what the worker logs (RUNPOD_LOG_LEVEL) or measures with (POSTURE_LANDMARKERS), where
    RunPod is (RUNPOD_API_URL, proxies), what pip installs (PIP_*), how Python starts (PYTHON*), and the like. The
    models are used where the environment had them, be that under XDG_CACHE_HOME.
    """
    with suppress(files.ModelError):  # then it is looked for in the usual place
        environment["POSTURE_MODEL"] = str(files.path())
    for name in [*environment]:
        if name not in (*NEEDED, *_PLACES) and not name.startswith(_TOOLS):
            del environment[name]


def python(home: Path, folder: Path, /, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter in a folder, with a home and an environment of its own; what it printed and its status."""
    inherited = {name: os.environ[name] for name in NEEDED if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**inherited, "HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
