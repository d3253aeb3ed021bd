"""What the command line's exit codes mean, and the exception that carries one to the door."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Part of the contract: scripts depend on these. 2 is raised by typer itself."""

    FINE = 0
    NO = 1
    USAGE = 2
    UNREACHABLE = 3


class Stop(Exception):
    """The command ends here. The text is one line for a person: what is the matter and what to do about it."""

    def __init__(self, code: ExitCode, text: str) -> None:
        super().__init__(" ".join(text.split()))
        self.code = code
