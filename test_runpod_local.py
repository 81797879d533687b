"""Runs the worker's handler on this machine, without RunPod.

    python test_runpod_local.py                                   the demo images, measured beside true
    python test_runpod_local.py --front f.jpg --side s.jpg        photos of your own
    python test_runpod_local.py --json                            nothing but the answer's JSON, to pipe it on

The options of a request may be given too: --help lists them. The margins of the demo are those of a request without
any. Fetches the model first where it is not there yet. Ends with 1 when a demo angle is off by more than its margin,
when a bad input is not refused as it should be, or when your photos are refused.
"""

import argparse
import base64
import contextlib
import io
import json
import sys
from typing import Any

from PIL import Image

from deploy import demo
from posture.models import files
from posture.wire import arguments
from runpod_handler import close, handler


def main(words: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--json", action="store_true", help="print the answer to your photos, or to the first of the demo, and no more"
    )
    arguments.add(parser)
    given = parser.parse_args(words)
    photos, options = arguments.photos(parser, given), arguments.options(parser, given)
    with contextlib.redirect_stdout(sys.stderr) if given.json else contextlib.nullcontext():
        try:
            files.fetch()
        except files.ModelError as error:
            sys.exit(str(error))
        try:
            if not (photos or given.json):
                return show_demo(options)
            answer = ask((photos or demo.photos(demo.truth()["pairs"][0])) | options)
        finally:
            close()
    print(in_json(answer))
    return 0 if answer["status"] == "success" else 1


def show_demo(options: dict[str, Any]) -> int:
    """Prints measured beside true for every demo pair, what a client gets, and how bad inputs are refused."""
    truth = demo.truth()
    failures = 0
    for number, pair in enumerate(truth["pairs"]):
        answer = ask(demo.photos(pair) | options)
        lines, off = demo.compare(pair, truth["margins"], answer)
        failures += off
        print(f"\n{pair['front']} and {pair['side']}, facing {pair['facing']}: {answer['message']}")
        print(*(f"  {line}" for line in lines), sep="\n")
        if not number:
            print(f"\nwhat a client gets, as the job's output:\n{in_json(answer)}")
    failures += refusals()
    print("all as expected" if not failures else f"{failures} not as expected")
    return 1 if failures else 0


def refusals() -> int:
    """Prints what bad inputs are answered; returns how many are not refused with the code they deserve."""
    front, side = demo.photos(demo.truth()["pairs"][0]).values()
    expected = {
        "invalid_request": {"front": front},
        "invalid_base64": {"front": front, "side": "not base64!"},
        "unsupported_format": {"front": base64.b64encode(b"GIF89a, or so").decode(), "side": side},
        "corrupt_image": {"front": front, "side": side[: len(side) // 2]},
        "image_too_small": {"front": empty_room(80, 60), "side": side},
        "no_person": {"front": front, "side": empty_room(480, 640)},
    }
    print("\nrefused, as they should be:")
    wrong = 0
    for code, photos in expected.items():
        answer = ask(photos)
        as_expected = answer.get("code") == code
        wrong += not as_expected
        print(f"  {code:20}{answer.get('error')}{'' if as_expected else f'  OFF: {answer}'}")
    print()
    return wrong


def ask(job_input: dict[str, Any]) -> dict[str, Any]:
    """The handler's answer to a job with this `input`."""
    answer = handler({"id": "local", "input": job_input})
    if not isinstance(answer, dict):
        raise TypeError("the handler answers at once only where no event loop runs")
    return answer


def in_json(answer: dict[str, Any]) -> str:
    """The answer as JSON for people."""
    return json.dumps(answer, indent=2)


def empty_room(width: int, height: int) -> str:
    """A picture of nothing, as base64 text."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), "lightgray").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


if __name__ == "__main__":
    sys.exit(main())
