"""What README.md and docs/CLIENTS.md tell of the client is what it does."""

import re
import shutil
from pathlib import Path

import pytest

from posture.client.errors import KINDS
from testing import DEMO, TOP
from testing.runpod_api import RunPod, serving
from tests.client.test_installed import run

PAGE = (TOP / "docs" / "CLIENTS.md").read_text()
README = (TOP / "README.md").read_text().partition("\n## From an app\n")[2].partition("\n## ")[0]
ANGLES = {"front_view": {"shoulder_tilt": -0.92}, "side_view": {}}
MEASURED = {"output": {"status": "success", "data": ANGLES, "message": "done"}}
PROBLEM = {"code": "no_person", "view": "side", "problem": "no person was found.", "advice": "Show one person."}
REFUSED = {"error": "no", "output": {"code": "no_person", "view": "side", "message": "", "problems": [PROBLEM]}}


@pytest.mark.parametrize(
    ("text", "output", "told"),
    [
        (README, MEASURED, "-0.92\n"),
        (PAGE, MEASURED, "-0.92\n"),
        (PAGE, REFUSED, "side no_person Show one person.\n"),
    ],
)
def test_its_samples_do_what_they_say(tmp_path: Path, text: str, output: dict[str, object], told: str) -> None:
    for view in ("front", "side"):
        shutil.copy(DEMO / f"{view}_image.jpg", tmp_path / f"{view}.jpg")
    (code,) = re.findall(r"^```python\n(.+?)^```$", text, re.MULTILINE | re.DOTALL)
    account = RunPod()
    account.endpoints["ab12"], account.output = {}, output
    with serving(account) as environment:
        there = f"import os, sys; sys.path.insert(0, {str(TOP)!r}); os.chdir({str(tmp_path)!r})\n"
        assert run(there + code, **environment, ENDPOINT_ID="ab12") == told
    assert account.jobs[0]["input"].keys() >= {"front", "side"}


def test_its_table_has_every_kind_of_failure() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|.*\|.*\|.*\|$", PAGE, re.MULTILINE)) == KINDS.keys()
