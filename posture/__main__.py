"""The command line: posture, or python -m posture."""

import sys


def main() -> None:
    """Runs the command line, where its libraries are installed; ends the process."""
    try:
        from posture.cli import run  # noqa: PLC0415  so that a library that is missing is told in a sentence
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.stderr.write("click is needed and not installed. Run: pip install 'posture-measurement[measure]'\n")
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()
