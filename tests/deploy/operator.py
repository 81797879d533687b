"""Somebody at the command line of `python -m deploy`, and descriptions of an endpoint to deploy."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy import config
from deploy.__main__ import main
from deploy.api import Patience
from testing.runpod_api import KEY, Json

IMAGE, NEWER = "docker.io/clinic/posture-analysis:1.0.0", "docker.io/clinic/posture-analysis:1.1.0"
QUICK = Patience(connect=5, read=5, backoff=0.001, between=0.01)


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str


class Operator:
    """Someone at the command line, with the key in the environment."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def run(self, *arguments: str, patience: Patience = QUICK) -> Outcome:
        status = main(arguments, patience)
        captured = self._capsys.readouterr()
        assert KEY not in captured.out + captured.err
        return Outcome(status, captured.out, captured.err)

    def deploy(self, image: str = IMAGE, *more: str) -> Outcome:
        return self.run("deploy", "--image", image, *more)


def described(**changed: Any) -> Json:
    return {**json.loads(config.PATH.read_text())["endpoint"], "image": IMAGE, **changed}


def write(folder: Path, memory: int = 4, **changed: Any) -> str:
    """A description of one's own."""
    text = json.loads(config.PATH.read_text())
    path = folder / "runpod_config.json"
    path.write_text(json.dumps({**text, "minimumMemoryGb": memory, "endpoint": described(**changed)}))
    return str(path)


GPU = {"pools": ["ADA_24"], "count": 1, "allowedCudaVersions": [], "minCudaVersion": None}


def gpu_instead_of_cpu(endpoint: Json) -> None:
    del endpoint["cpu"]
    endpoint["gpu"] = GPU
