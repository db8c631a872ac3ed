"""API keys: read from a file and the environment, and compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cogdoc.errors import ConfigurationError, InputError
from cogdoc.serve.grants import Grant

VARIABLE = "COGDOC_SERVE_KEYS"
"""Keys in the environment, with spaces or commas between them."""

SHORTEST_KEY = 16
"""Characters. `openssl rand -hex 32` makes one of 64."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key and what it grants; only its hash is kept."""

    digest: bytes
    grant: Grant


class KeyRing:
    """The keys of a server; empty if anyone who reaches it may use it."""

    def __init__(self, keys: Iterable[ApiKey] = ()) -> None:
        self._keys = tuple(keys)

    def __bool__(self) -> bool:
        return bool(self._keys)

    def find(self, key: str) -> Grant | None:
        """What a key grants; None if there is no such key. Takes as long whichever key it is."""
        digest = _digest(key)
        found = None
        for known in self._keys:
            if hmac.compare_digest(known.digest, digest):
                found = known.grant
        return found


def read_keys(file: Path | None, environment: Mapping[str, str], defaults: Grant) -> KeyRing:
    """The keys of a file and of the environment.

    A line of the file is a key, then its name and limits if it has any: `KEY alice pages=50 requests=2`. Empty lines
    and lines that begin with `#` are left out.

    Raises:
        InputError: the file cannot be read.
        ConfigurationError: a key is too short or there twice, or a limit is wrong.
    """
    lines = [word for word in environment.get(VARIABLE, "").replace(",", " ").split() if word]
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise InputError(f"--keys-file: {file}: {reason}") from None
        lines += [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]
        if not lines:
            raise ConfigurationError(f"--keys-file: {file} has no key")
    keys = [_parse(line, number, defaults) for number, line in enumerate(lines, start=1)]
    if len({key.digest for key in keys}) < len(keys):
        raise ConfigurationError("two of the keys are equal")
    return KeyRing(keys)


def _parse(line: str, number: int, defaults: Grant) -> ApiKey:
    key, *words = line.split()
    name = words.pop(0) if words and "=" not in words[0] else f"key-{number}"
    if len(key) < SHORTEST_KEY:
        raise ConfigurationError(
            f"the key of {name} has fewer than {SHORTEST_KEY} characters", "openssl rand -hex 32 makes a good one"
        )
    return ApiKey(_digest(key), defaults.changed(name, words))


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
