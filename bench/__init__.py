"""Measurements of the worker itself: how accurate and how fast it is. Nothing here is part of the worker."""
