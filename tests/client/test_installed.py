"""The client where nothing but its own libraries is installed, and what importing it loads."""

import json
import subprocess
import sys
from pathlib import Path

from testing import DEMO, TOP
from testing.runpod_api import KEY, RunPod, serving
from tests.client.test_endpoint import MEASURED

# All that the extras bring.
INSTRUMENT = ["cv2", "flatbuffers", "mediapipe", "msgspec", "numpy", "pybase64", "requests", "runpod", "tqdm", "click"]
_HIDDEN = f"import sys; sys.modules.update(dict.fromkeys({INSTRUMENT}))"


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=TOP, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_measures_without_the_instrument(tmp_path: Path) -> None:
    """With photos that it turns, reduces and reads: no part of that needs more."""
    from tests.client.test_photos import SIZE_12, phone  # noqa: PLC0415

    photo = tmp_path / "front.jpg"
    photo.write_bytes(phone(SIZE_12))
    account = RunPod()
    account.endpoints["endpoint1"], account.output = {}, {"output": MEASURED}
    code = f"""{_HIDDEN}
from posture.client import Client
import json
with Client("endpoint1") as client:
    print(json.dumps(client.measure({str(photo)!r}, {str(DEMO / "side_image.jpg")!r})))
"""
    with serving(account) as environment:
        assert json.loads(run(code, **environment)) == MEASURED
    assert environment["RUNPOD_API_KEY"] == KEY
    assert account.jobs[0]["input"]["camera"].keys() == {"front"}


def test_importing_it_loads_httpx_and_its_own_few_modules() -> None:
    """Pillow waits for the first photo that is not sent as it is, the instrument is never loaded."""
    code = """
import sys, httpx
before = set(sys.modules)
import posture.client
more = {name for name in set(sys.modules) - before if name.partition(".")[0] not in sys.stdlib_module_names}
print(*sorted(more))
"""
    own = {"client", "client.errors", "client.job"}
    assert set(run(code).split()) == {"posture", *(f"posture.{name}" for name in own)}
