"""The password of encrypted files, from a file or from the person at the terminal."""

from __future__ import annotations

import getpass
import warnings
from pathlib import Path

from cogdoc.cli.option_files import read_lines
from cogdoc.errors import UsageError


def read_password(file: Path | None, *, ask: bool) -> str | None:
    """The password that `--password-file` or `--password` gives; None if neither is used.

    Raises:
        UsageError: both are used, the file is empty, there is no terminal to ask at, or nothing was typed.
        InputError: the file cannot be read.
    """
    if file is not None and ask:
        raise UsageError("--password and --password-file both give a password", "use one of them")
    if ask:
        return _ask()
    if file is None:
        return None
    lines = read_lines("--password-file", file)
    if not lines or not lines[0]:
        raise UsageError(f"--password-file: {file} is empty")
    return lines[0]


def _ask() -> str:
    with warnings.catch_warnings():
        # Without a terminal, `getpass` would show what is typed, and warns of that.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            password = getpass.getpass("password: ")
        except (getpass.GetPassWarning, EOFError, OSError):
            raise UsageError("--password asks at a terminal, and there is none", "use --password-file FILE") from None
    if not password:
        raise UsageError("--password: nothing was typed")
    return password
