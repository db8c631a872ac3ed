"""Every error a user can meet, with its exit code and, where there is one, a hint at what to do.

CogdocError                 15  a bug, unless a subclass says otherwise
|-- UsageError               2  the command line asks for something impossible
|-- MissingError             3  a model or dependency is not installed
|   `-- CheckpointError         a model's files are incomplete, or not those of CogVLM2
|-- InputError               4  no readable input
|   |-- UnsupportedError        not a kind of file that cogdoc reads
|   |-- DamagedError            the file or page is broken
|   `-- TooLargeError           more pages, pixels or tokens than the limits allow
|-- OutputError              5  reading or writing failed
|   |-- PlaceLostError          the disk is full, or the output folder is gone: nothing more can be written
|   `-- OutputExistsError    6  would overwrite a file
|-- ResourceError            7  not enough GPU or main memory
|-- EncryptedError           8  needs a password, or another one
|-- ConfigurationError       9  a setting cannot be understood
|-- NotFoundError           10  the document does not answer (only with `ask --strict`)
`-- TimeLimitError         124  took longer than allowed
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended; stable, scripts rely on it."""

    OK = 0
    PARTIAL = 1
    USAGE = 2
    MISSING = 3
    NO_INPUT = 4
    INPUT_OUTPUT = 5
    OUTPUT_EXISTS = 6
    RESOURCES = 7
    ENCRYPTED = 8
    CONFIGURATION = 9
    NOT_FOUND = 10
    BUG = 15
    TIME_LIMIT = 124
    INTERRUPTED = 130
    TERMINATED = 143


class CogdocError(Exception):
    """An error with one clear line for the user.

    Both arguments are positional so that the error survives pickling between processes.
    """

    exit_code: ExitCode = ExitCode.BUG

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message

    @property
    def kind(self) -> str:
        """A stable name for machines: `encrypted`, `too-large`."""
        name = type(self).__name__.removesuffix("Error")
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


class UsageError(CogdocError):
    exit_code = ExitCode.USAGE


class MissingError(CogdocError):
    exit_code = ExitCode.MISSING


class CheckpointError(MissingError):
    pass


class InputError(CogdocError):
    exit_code = ExitCode.NO_INPUT


class UnsupportedError(InputError):
    pass


class DamagedError(InputError):
    pass


class TooLargeError(InputError):
    pass


class OutputError(CogdocError):
    exit_code = ExitCode.INPUT_OUTPUT


class PlaceLostError(OutputError):
    pass


class OutputExistsError(OutputError):
    exit_code = ExitCode.OUTPUT_EXISTS


class ResourceError(CogdocError):
    exit_code = ExitCode.RESOURCES


class EncryptedError(CogdocError):
    exit_code = ExitCode.ENCRYPTED


class TimeLimitError(CogdocError):
    exit_code = ExitCode.TIME_LIMIT
