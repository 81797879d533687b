"""What SECURITY.md promises of a job: no file is written and nobody is contacted."""

import json
from pathlib import Path

import pytest

from posture.models import files
from testing import TOP
from testing.environment import python

# Tells of every file that Python opens to write, moves or removes, of every process and every connection, once the
# worker has measured a first job. What libraries do in C is not seen here: `make image-check` runs them without a
# network, and with nothing writable but /tmp.
PROGRAM = """
import json, sys
from pathlib import Path
import runpod_handler
job = json.loads(Path("test_input.json").read_text())
runpod_handler.handler({"id": "warm", **job})
told = []
def tell(event, arguments):
    if event == "open":
        _, mode, flags = arguments
        if flags & 3 or set(mode or "") & set("wax+"):
            told.append((event, repr(arguments[0])))
    elif event.startswith(("socket.connect", "socket.getaddrinfo", "socket.bind", "os.remove", "os.rename", "os.mkdir",
                           "shutil.", "tempfile.", "subprocess.", "os.system", "os.posix_spawn")):
        told.append((event, repr(arguments)))
sys.addaudithook(tell)
if sys.argv[1:]:
    open(sys.argv[1], "w").close()
answers = [runpod_handler.handler({"id": "job", **each}) for each in (job, {"input": {"front": "x"}})]
print(json.dumps([[answer["status"] for answer in answers], told]))
runpod_handler.close()
"""


@pytest.mark.parametrize("written", [[], ["witness"]], ids=["as it is", "with a file that is written"])
def test_a_job_writes_no_file_and_contacts_nobody(tmp_path: Path, written: list[str]) -> None:
    paths = [str(tmp_path / name) for name in written]
    done = python(tmp_path, TOP, "-c", PROGRAM, *paths, POSTURE_MODEL=str(files.path()))
    assert done.returncode == 0, done.stderr
    status, told = json.loads(done.stdout.splitlines()[-1])
    assert status == ["success", "error"]
    assert told == [["open", repr(path)] for path in paths]
