"""How a command ends that cannot do what it is asked: a sentence and a status."""

import traceback
from pathlib import Path

import click

import posture

MEASURED, REFUSED, USAGE, DEFECT, INTERRUPTED = 0, 1, 2, 70, 130


class UnfitError(click.ClickException):
    """It cannot be done as asked, for what a file holds, or does not."""

    exit_code = USAGE


class InterruptedByUserError(click.ClickException):
    """Whoever runs it wants no more of it."""

    exit_code = INTERRUPTED


class DefectError(click.ClickException):
    """What should not happen."""

    exit_code = DEFECT


def told(error: Exception) -> click.ClickException:
    """An exception in a sentence."""
    if isinstance(error, OSError):
        return UnfitError(f"{error.filename}: {error.strerror}." if error.filename else f"{error}.")
    if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("posture"):
        return UnfitError(f"{error.name} is needed and not installed. Run: pip install 'posture-measurement[measure]'")
    if isinstance(error, (posture.ModelError, posture.NotInstalledError)):
        return UnfitError(str(error))
    return DefectError(f"this is a defect of posture {posture.__version__}: {where(error)}.")


def where(error: Exception) -> str:
    """What went wrong and where, without what the error says: that might hold a piece of a picture."""
    *_, frame = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"
