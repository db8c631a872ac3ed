"""Opens storage that is not a folder of this machine: `s3://`, `gs://`, `https://` and the like.

All access goes through fsspec (https://filesystem-spec.readthedocs.io). The network is used only where the user names
such an address. Credentials and endpoints come from the back ends' own settings, such as AWS_PROFILE and
AWS_ENDPOINT_URL.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from cogdoc.errors import InputError, MissingError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

CONNECT_SECONDS = 20
READ_SECONDS = 60
"""Seconds to connect to a web server, and seconds without data after which a request fails."""

EXTRAS = {
    **dict.fromkeys(("http", "https"), "http"),
    **dict.fromkeys(("s3", "s3a"), "s3"),
    **dict.fromkeys(("gs", "gcs"), "gs"),
    **dict.fromkeys(("abfs", "abfss", "az", "adl"), "azure"),
}
"""The extra of cogdoc that installs the back end of a scheme."""

# A single letter is a drive on Windows.
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)


def is_address(text: str) -> bool:
    """Whether `text` is an address such as `s3://bucket/folder/`, and not the path of a file."""
    return _ADDRESS.match(text) is not None


def is_web(address: str) -> bool:
    """Whether this is a web address: read-only, and a folder only if it ends with a slash."""
    return address.lower().startswith(("http://", "https://"))


def plain_address(address: str) -> str:
    """The address with its scheme in lower case."""
    scheme, separator, rest = address.partition("://")
    return scheme.lower() + separator + rest


def printable_address(address: str) -> str:
    """The address without the password that it may contain."""
    parts = urlsplit(address)
    if "@" not in parts.netloc:
        return address
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{host}"))


def open_storage(address: str) -> tuple[AbstractFileSystem, str]:
    """The file system of an address, and the path in it.

    Raises:
        MissingError: the back end is not installed.
        InputError: the scheme is unknown.
    """
    if "::" in address:
        # fsspec would chain file systems, and a hostile file name in a store could use that.
        raise InputError(f"{printable_address(address)}: names with :: in them cannot be opened")
    from fsspec.core import url_to_fs
    from fsspec.registry import known_implementations

    address = plain_address(address)
    scheme = address.partition("://")[0]
    try:
        # Without a cache of listings, which would grow with the number of files.
        system, path = url_to_fs(address, use_listings_cache=False, **_settings(scheme))
    except ImportError as error:
        extra = EXTRAS.get(scheme)
        hint = f'pip install "cogdoc[{extra}]"' if extra else known_implementations.get(scheme, {}).get("err")
        raise MissingError(f"the package that opens {scheme}:// addresses is not installed", hint) from error
    except ValueError as error:
        raise InputError(f"unknown kind of address: {_one_line(error)}") from None
    return system, path


def explain(error: Exception) -> str:
    """A back end's error in one line. Back ends share no error classes, only parts of their names."""
    status = getattr(error, "status", None)
    name = type(error).__name__
    if isinstance(error, FileNotFoundError) or status == 404:
        return "no such file, folder or bucket"
    if isinstance(error, PermissionError) or status in (401, 403) or "Credentials" in name:
        return "access denied; are the credentials set?"
    if isinstance(error, TimeoutError) or "Timeout" in name:
        return "does not answer in time"
    if isinstance(error, ConnectionError) or "Connect" in name or "gaierror" in name:
        return f"cannot be reached: {_one_line(error)}"
    if status is not None:
        return f"the server answers with status {status}"
    return f"{name}: {_one_line(error)}"


def _settings(scheme: str) -> dict[str, Any]:
    if scheme not in ("http", "https"):
        return {}
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS)
    return {"client_kwargs": {"timeout": timeout, "trust_env": True}}


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
