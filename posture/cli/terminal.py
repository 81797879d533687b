"""What a terminal shows: no character that it does not know, and nothing that the libraries say to themselves."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from tempfile import TemporaryFile

# What MediaPipe writes at each model that it opens, to tell its own developers.
_CHATTER = re.compile(rb"[IW]\d{4} |INFO: |WARNING: ")


def tolerate() -> None:
    """Has the terminal show a question mark for what its encoding lacks, such as a degree sign."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps from a terminal what libraries in C write to the standard error; Python's own is shown as ever.

    What is no chatter is shown at the end. A standard error that is no terminal gets all of it, as it comes: so a
    process that a library ends is looked into by running it with `2>log`.
    """
    if not sys.stderr.isatty():
        yield
        return
    shown, own = sys.stderr, os.dup(2)
    python = TextIOWrapper(os.fdopen(own, "wb"), shown.encoding, errors="replace", line_buffering=True)
    with TemporaryFile() as kept, python:
        os.dup2(kept.fileno(), 2)
        sys.stderr = python
        try:
            yield
        finally:
            sys.stderr = shown
            os.dup2(own, 2)
            kept.seek(0)
            for line in kept:
                if not _CHATTER.match(line):
                    os.write(2, line)
