"""What plays the rest of the world for tests and benchmarks: the platform, its API, worker processes, people, pictures.

Imports neither of them. This file, image_worker.py and what it uses need nothing but Python.
"""

from pathlib import Path

TOP = Path(__file__).parent.parent
DEMO = TOP / "demo_images"
