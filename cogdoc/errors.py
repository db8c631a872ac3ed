"""Every error that a user may see, with its exit code.

CogdocError                 15  a bug, unless a subclass says otherwise
|-- UsageError               2  the command line asks for something impossible
|-- MissingError             3  a model or dependency is not installed
|   `-- CheckpointError         a model's files are incomplete, or not a CogVLM2 checkpoint
|-- InputError               4  no readable input
|   |-- UnsupportedError        a file format that cogdoc does not read
|   |-- DamagedError            the file or page is broken
|   `-- TooLargeError           more pages, pixels or tokens than the limits allow
|-- OutputError              5  reading or writing failed
|   |-- PlaceLostError          the disk is full or the output folder is gone, so no file can be written
|   `-- OutputExistsError    6  would overwrite a file
|-- ServerError              5  the server of a remote engine is not there, fails, or is busy
|-- ResourceError            7  not enough GPU or main memory
|-- EncryptedError           8  needs a password, or another one
|-- ConfigurationError       9  settings of a model or an adapter do not fit each other
`-- TimeLimitError         124  took longer than allowed

`ExitCode` also has codes that belong to no error class, such as 10: `ask --strict` found no answer.
"""

from __future__ import annotations

import errno
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of the command line. They are stable: scripts rely on them."""

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
    """An error with a one-line message for the user, and an optional hint on what to do.

    Both arguments are positional so that the error can be pickled between processes.
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


class ServerError(CogdocError):
    exit_code = ExitCode.INPUT_OUTPUT


class OutputExistsError(OutputError):
    exit_code = ExitCode.OUTPUT_EXISTS


class ResourceError(CogdocError):
    exit_code = ExitCode.RESOURCES


class EncryptedError(CogdocError):
    exit_code = ExitCode.ENCRYPTED


class ConfigurationError(CogdocError):
    exit_code = ExitCode.CONFIGURATION


class TimeLimitError(CogdocError):
    exit_code = ExitCode.TIME_LIMIT


_OUT_OF_MEMORY = (
    "out of memory",
    "can't allocate memory",  # torch's allocator for CPUs
    "Cannot allocate memory",  # the system
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that a device or the machine has too little memory.

    On CUDA torch raises `torch.OutOfMemoryError`, which is a RuntimeError, libraries below it another RuntimeError, as
    torch does on CPUs.
    """
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    if isinstance(error, RuntimeError) or type(error).__name__ == "SafetensorError":
        return any(sign in str(error) for sign in _OUT_OF_MEMORY)
    return isinstance(error, MemoryError)


def as_cogdoc_error(error: BaseException) -> CogdocError:
    """The error itself if it is a `CogdocError`; otherwise one for the user, with the error as its cause.

    Panics of Rust libraries are subclasses of `BaseException` only, so whoever must not miss a failure catches that.
    """
    if isinstance(error, CogdocError):
        return error
    summary = " ".join(f"{type(error).__name__}: {error}".split())
    described: CogdocError
    if is_out_of_memory(error) and "CUDA" in summary:
        hint = "close what else uses the GPU; cogdoc doctor names it, and cogdoc model show lists what fits"
        described = ResourceError("there is not enough GPU memory", hint)
    elif is_out_of_memory(error) and not isinstance(error, OSError):
        described = ResourceError("there is not enough memory", "run fewer --jobs, or close other programs")
    else:
        described = CogdocError(f"a bug: {summary}", "run again with -v for the traceback, and please report it")
    described.__cause__ = error
    return described
