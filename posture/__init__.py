"""Posture angles from two photographs of a standing person, one from the front and one from the side."""

__version__ = "0.1.0"
