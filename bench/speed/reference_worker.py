"""A worker for the same photos written the obvious way, as the SDK's examples show it: one handler, one landmarker."""

import base64
import io
import math
import os
from typing import Any

import mediapipe as mp
import numpy as np
import runpod
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import PoseLandmarker, PoseLandmarkerOptions
from PIL import Image

# Each angle: from one landmark to another, by MediaPipe's numbers, against the horizontal or the vertical.
FRONT = {"shoulder_tilt": (12, 11), "pelvic_tilt": (24, 23), "head_tilt": (8, 7)}
SIDE = {"back_tilt": (24, 12), "neck_tilt": (12, 8), "body_tilt": (24, 8), "hip_tilt": (26, 24)}

landmarker = PoseLandmarker.create_from_options(
    PoseLandmarkerOptions(base_options=BaseOptions(model_asset_path=os.environ["POSTURE_MODEL"]))
)


def points(encoded: str) -> list[tuple[float, float]]:
    """Where the landmarks of the person in a photo are, in pixels."""
    image = np.array(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB"))
    height, width = image.shape[:2]
    result = landmarker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=image))
    return [(mark.x * width, mark.y * height) for mark in result.pose_landmarks[0]]


def angle(start: tuple[float, float], end: tuple[float, float]) -> float:
    """How far the line from one point to another is turned from the horizontal, in degrees."""
    return math.degrees(math.atan2(start[1] - end[1], end[0] - start[0]))


def handler(job: dict[str, Any]) -> dict[str, Any]:
    """The angles of both photos."""
    front, side = points(job["input"]["front"]), points(job["input"]["side"])
    data = {
        "front_view": {name: round(angle(front[a], front[b]), 2) for name, (a, b) in FRONT.items()},
        "side_view": {name: round(90 - angle(side[a], side[b]), 2) for name, (a, b) in SIDE.items()},
    }
    return {"status": "success", "data": data, "message": "Posture analysis completed successfully"}


if __name__ == "__main__":
    runpod.serverless.start({"handler": handler})
