"""Runs the worker's handler on this machine, without RunPod.

    python test_runpod_local.py                                   the demo images, measured beside true
    python test_runpod_local.py --front f.jpg --side s.jpg        photos of your own

Fetches the model first where it is not there yet. Ends with 1 when a demo angle is off by more than its margin, when a
bad input is not refused as it should be, or when your photos are refused.
"""

import argparse
import base64
import io
import json
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from deploy.demo import compare, truth
from posture.models import files
from runpod_handler import close, handler

DEMO = Path(__file__).parent / "demo_images"


def main() -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Measure posture on this machine, without RunPod.")
    parser.add_argument("--front", type=Path, help="a photo from the front (JPEG or PNG)")
    parser.add_argument("--side", type=Path, help="a photo from the side (JPEG or PNG)")
    arguments = parser.parse_args()
    if (arguments.front is None) != (arguments.side is None):
        parser.error("--front and --side go together")
    for photo in filter(None, (arguments.front, arguments.side)):
        if not photo.is_file():
            parser.error(f"there is no file {photo}")
    files.fetch()
    try:
        return own_photos(arguments.front, arguments.side) if arguments.front else demo()
    finally:
        close()


def own_photos(front: Path, side: Path) -> int:
    """Prints the whole answer for two photos of the user's own."""
    answer = ask({"front": encoded(front), "side": encoded(side)})
    print(json.dumps(answer, indent=2))
    return 0 if answer["status"] == "success" else 1


def demo() -> int:
    """Prints measured beside true for every demo pair, and how bad inputs are refused."""
    expected = truth()
    failures = sum(measure(pair, expected["margins"]) for pair in expected["pairs"])
    failures += refusals()
    print("all as expected" if not failures else f"{failures} not as expected")
    return 1 if failures else 0


def measure(pair: dict[str, Any], margins: dict[str, Any]) -> int:
    """Prints one pair's angles; returns how many are further from the truth than their margins."""
    answer = ask({"front": encoded(DEMO / pair["front"]), "side": encoded(DEMO / pair["side"])})
    print(f"\n{pair['front']} and {pair['side']}, facing {pair['facing']}: {answer['message']}")
    lines, off = compare(pair, margins, answer)
    print(*(f"  {line}" for line in lines), sep="\n")
    return off


def refusals() -> int:
    """Prints what bad inputs are answered; returns how many are not refused with the code they deserve."""
    front, side = encoded(DEMO / "front_image.jpg"), encoded(DEMO / "side_image.jpg")
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


def ask(photos: dict[str, str]) -> dict[str, Any]:
    """The handler's answer to a job with these photos."""
    answer = handler({"id": "local", "input": photos})
    if not isinstance(answer, dict):
        raise TypeError("the handler answers at once only where no event loop runs")
    return answer


def encoded(path: Path) -> str:
    """A file's bytes as base64 text."""
    return base64.b64encode(path.read_bytes()).decode()


def empty_room(width: int, height: int) -> str:
    """A picture of nothing, as base64 text."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), "lightgray").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


if __name__ == "__main__":
    sys.exit(main())
