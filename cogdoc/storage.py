"""Where cogdoc speaks to storage that is not a folder of this machine: `s3://`, `gs://`, `https://` and the like.

All of it goes through fsspec (https://filesystem-spec.readthedocs.io). An address is the user's word for it that the
network may be used; nothing here is reached without one. Credentials and endpoints are those of the back ends' own
settings, such as AWS_PROFILE and AWS_ENDPOINT_URL.
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
"""Seconds of silence after which a web server is given up."""

EXTRAS = {
    **dict.fromkeys(("http", "https"), "http"),
    **dict.fromkeys(("s3", "s3a"), "s3"),
    **dict.fromkeys(("gs", "gcs"), "gs"),
    **dict.fromkeys(("abfs", "abfss", "az", "adl"), "azure"),
}
"""Which extra of cogdoc brings what an address of this scheme needs."""

# One letter would be a drive.
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)


def is_address(text: str) -> bool:
    """Whether this is an address such as `s3://bucket/folder/`, and not the path of a file."""
    return _ADDRESS.match(text) is not None


def is_web(address: str) -> bool:
    """Whether it is of the web, where a folder is told by its last slash alone and nothing can be written."""
    return address.lower().startswith(("http://", "https://"))


def plain_address(address: str) -> str:
    """The address with its scheme in small letters, which mean the same."""
    scheme, separator, rest = address.partition("://")
    return scheme.lower() + separator + rest


def printable_address(address: str) -> str:
    """The address without a password that stands in it."""
    parts = urlsplit(address)
    if "@" not in parts.netloc:
        return address
    user, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{place}"))


def open_storage(address: str) -> tuple[AbstractFileSystem, str]:
    """The file system behind an address, and the address's path there.

    Raises:
        MissingError: what it takes is not installed.
        InputError: there is no such kind of address.
    """
    if "::" in address:
        # To fsspec that is one address inside of another, and names of files in a store are anybody's.
        raise InputError(f"{printable_address(address)}: names with :: in them cannot be opened")
    from fsspec.core import url_to_fs
    from fsspec.registry import known_implementations

    address = plain_address(address)
    scheme = address.partition("://")[0]
    try:
        # Listings are kept by nobody: they would grow with the files.
        system, path = url_to_fs(address, use_listings_cache=False, **_settings(scheme))
    except ImportError as error:
        extra = EXTRAS.get(scheme)
        hint = f'pip install "cogdoc[{extra}]"' if extra else known_implementations.get(scheme, {}).get("err")
        raise MissingError(f"what it takes to open {scheme}:// is not installed", hint) from error
    except ValueError as error:
        raise InputError(f"no such kind of address: {_one_line(error)}") from None
    return system, path


def explain(error: Exception) -> str:
    """What went wrong with a back end, in a line. Each has errors of its own; their names are what they share."""
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
