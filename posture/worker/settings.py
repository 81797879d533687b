"""What an operator sets in the worker's environment. To add a variable, add a row to VARIABLES and a field."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast, get_args

from posture import cores
from posture.options import Calibration
from posture.wire import address
from posture.wire.address import Host

# The SDK's loop looks for new jobs once a second while all places are taken, so that a worker needs places for what it
# can do in a second and more: two cores do 15 to 20 jobs a second. A place is paid in memory, as the SDK holds the text
# of the jobs in hand: 0.7 MB with photos of 1080x1440 pixels, 5 MB with 12 megapixels.
JOBS_PER_LANDMARKER = 16
# The SDK's own, NOTSET for nothing at all.
LOG_LEVELS = ("NOTSET", "TRACE", "DEBUG", "INFO", "WARN", "ERROR")


@dataclass(frozen=True)
class Variable:
    """A variable of the environment, for the documents and RunPod's Hub.

    `default`: in words. `title`: what the Hub calls it; empty where it is not offered there, as the models' places are
    the image's own. `numbers`: what the Hub offers, the least, the most and the default on its processors; `choices`:
    the same for words, by their labels, the default first. With neither, it takes any text there, and is empty until
    somebody writes one.
    """

    name: str
    default: str
    meaning: str
    title: str = ""
    numbers: tuple[int, int, int] | None = None
    choices: Mapping[str, str] = field(default_factory=dict)


VARIABLES = (
    Variable("POSTURE_LANDMARKERS", "one a core that the container may use",
             "Pictures measured at once; each takes about 120 MB of memory.",
             title="Photos measured at once", numbers=(1, 32, 2)),
    Variable("POSTURE_CONCURRENCY", "16 for each picture measured at once",
             "Jobs held at once; 1 limits the worker to one job a second.",
             title="Jobs held at once", numbers=(1, 512, 32)),
    Variable("POSTURE_JOB_TIMEOUT", "60", "Seconds after which a job that was taken is answered with `timeout`.",
             title="Seconds for a job", numbers=(20, 600, 60)),
    Variable("POSTURE_GRACE", "30",
             "Seconds after which a worker that is told to stop has ended, its jobs answered.",
             title="Seconds to stop", numbers=(5, 600, 30)),
    Variable("POSTURE_CALIBRATION", "`none`", "The calibration of requests that name none: `none` or `anatomical`.",
             title="Calibration", choices={"None": "none", "Anatomical": "anatomical"}),
    Variable("POSTURE_URL_HOSTS", "empty: none",
             "Hosts from which photos are fetched by `https://` addresses: exact names separated by commas, each "
             "perhaps with `:port`.",
             title="Hosts of photos sent as addresses"),
    Variable("POSTURE_MODEL", "the user's cache; in the image its own place", "The path of the pose model's file."),
    Variable("POSTURE_FACE_MODEL", "beside the pose model", "The path of the face model's file."),
    Variable("RUNPOD_LOG_LEVEL", "`INFO`",
             "The least severe messages that are logged. `INFO` writes one line a job; `DEBUG` has the SDK print "
             "answers too, without what may be a picture.",
             title="Log level", choices={"Info": "INFO", "Warnings": "WARN", "Errors": "ERROR"}),
    Variable("POSTURE_PLAIN_START", "0",
             "1 imports everything in the ordinary way, which starts more slowly, and leaves RunPod's SDK as it is.",
             title="Start", choices={"Quick, SDK mended": "0", "Plain": "1"}),
    Variable("RUNPOD_MIN_MEMORY_GB", "1, set in the image",
             "The free memory without which the SDK ends a worker that starts.",
             title="Free memory in GB at the start", numbers=(1, 4, 1)),
)  # fmt: skip


class SettingsError(ValueError):
    """A variable holds what it cannot; the text names it and what it takes."""


@dataclass(frozen=True)
class Settings:
    """How the worker works.

    `landmarkers`: pictures measured at once. `concurrency`: jobs held at once. `calibration`: of jobs that name none.
    `job_timeout`: seconds from taking a job to its answer. `grace`: seconds from the signal to the worker's end.
    `url_hosts`: of which photos may be fetched by their addresses.

    POSTURE_MODEL, POSTURE_FACE_MODEL and POSTURE_PLAIN_START are read where the models' files are looked for and where
    packages are imported, which a library does too.
    """

    landmarkers: int
    concurrency: int
    calibration: Calibration
    job_timeout: float = 60
    grace: float = 30
    url_hosts: frozenset[Host] = frozenset()


def read(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings in an environment. Raises SettingsError."""
    landmarkers = _whole_number(environment, "POSTURE_LANDMARKERS", cores.available())
    return Settings(
        landmarkers=landmarkers,
        concurrency=_whole_number(environment, "POSTURE_CONCURRENCY", JOBS_PER_LANDMARKER * landmarkers),
        calibration=_calibration(environment),
        job_timeout=_whole_number(environment, "POSTURE_JOB_TIMEOUT", 60),
        grace=_whole_number(environment, "POSTURE_GRACE", 30),
        url_hosts=_hosts(environment, "POSTURE_URL_HOSTS"),
    )


def log_level(environment: Mapping[str, str] = os.environ) -> str:
    """The SDK's log level that an environment asks for; INFO for none, or an empty one. Raises SettingsError.

    Of its own the SDK logs at DEBUG, and ends in a traceback where it does not know the level.
    """
    names = ("RUNPOD_LOG_LEVEL", "RUNPOD_DEBUG_LEVEL")
    name, level = next(((name, environment[name]) for name in names if environment.get(name)), (names[0], "INFO"))
    if level.upper() not in LOG_LEVELS:
        raise SettingsError(f"{name} must be one of {', '.join(LOG_LEVELS)}, not {level!r}.")
    return level.upper()


def _whole_number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise SettingsError(f"{name} must be a positive whole number, not {text!r}.")
    return int(text)


def _hosts(environment: Mapping[str, str], name: str) -> frozenset[Host]:
    text = environment.get(name, "").strip()
    try:
        return frozenset(address.host(part.strip()) for part in text.split(",")) if text else frozenset()
    except ValueError:
        raise SettingsError(
            f"{name} must be exact names of hosts separated by commas, such as bucket.s3.eu-central-1.amazonaws.com, "
            f"each perhaps with :port, without https://, paths, wildcards and IP addresses, not {text!r}."
        ) from None


def _calibration(environment: Mapping[str, str]) -> Calibration:
    text = environment.get("POSTURE_CALIBRATION", "none")
    for calibration in get_args(Calibration):
        if text == calibration:
            return cast("Calibration", calibration)
    raise SettingsError(f"POSTURE_CALIBRATION must be one of {', '.join(get_args(Calibration))}, not {text!r}.")
