"""What ends a command with a sentence for the operator."""

from pydantic import ValidationError


class DeployError(Exception):
    """Something that the operator has to know or do; its text is shown as it is."""


def found(error: ValidationError) -> str:
    """What a check found, a line for each value that is wrong, with its name; the values may be secrets."""
    return "".join(f"\n  {'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in error.errors())
