"""What ends a command with a sentence for the operator."""


class DeployError(Exception):
    """Something that the operator has to know or do; its text is shown as it is."""
