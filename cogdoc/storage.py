"""Opens storage that is not a folder of this machine: `s3://`, `gs://`, `https://` and the like.

All access goes through fsspec (https://filesystem-spec.readthedocs.io). The network is used only where the user names
such an address. Credentials and endpoints come from the back ends' own settings, such as AWS_PROFILE and
AWS_ENDPOINT_URL.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cogdoc.errors import InputError, MissingError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

CONNECT_SECONDS = 20
READ_SECONDS = 60
"""Seconds to connect to a web server, and seconds without data after which a request fails."""

MAX_SECONDS = 3600
"""Seconds for a request as a whole, whoever waits for it."""

EXTRAS = {
    **dict.fromkeys(("http", "https"), "http"),
    **dict.fromkeys(("s3", "s3a"), "s3"),
    **dict.fromkeys(("gs", "gcs"), "gs"),
    **dict.fromkeys(("abfs", "abfss", "az", "adl"), "azure"),
}
"""The extra of cogdoc that installs the back end of a scheme."""

# A single letter is a drive on Windows.
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_ADDRESS_IN_TEXT = re.compile(r"[a-z][a-z0-9+.-]+:/+\S+", re.IGNORECASE)
_START = re.compile(r"((?:https?|[a-z][a-z0-9+.-]+(?=://?[^/]|:/+[^/]*@)):/+|[a-z][a-z0-9+.-]+://)", re.IGNORECASE)
"""The start of an address in any spelling: as a path, `https://host` becomes `https:/host`."""
_CHAIN = re.compile(r"::(?=[a-z][a-z0-9+.-]+://)", re.IGNORECASE)
_HASHED_QUERY = re.compile("query-[0-9a-f]{8}")
_LOOKS_LIKE_QUERY = re.compile(r"\?[\w.-]+=")
_SESSION = re.compile(r";[^/;=]*=[^/;]*")
_SCHEMES_WITH_USERS = frozenset(
    {"ftp", "sftp", "ssh", "smb", "hdfs", "webhdfs", "abfs", "abfss", "az", "adl", "wasb", "wasbs"}
)
"""Schemes whose part before the @ is a user or a container, and no secret; elsewhere it may be a token."""

_SECRET = re.compile(
    r"^(x-(amz|goog|oss|cos|ms)-.*|policy|key-pair-id|hmac|code|state|pin)$"
    "|^(se|sv|st|sp|sr|si|ss|sip|spr|srt|sks|skt|ske|skv|skoid|sktid|sdd|scid|saoid|suoid)$"
    "|^sig|signature|token|secret|passw|^pass$|pwd|auth(?!or)|authoriz|cred|session|jwt|expire|access.?(key|id)|api.?key",
    re.IGNORECASE,
)
"""Names of the query's parts that sign it or give access; the short ones are those of Azure's shared access."""


def is_address(text: str) -> bool:
    """Whether `text` is an address such as `s3://bucket/folder/`, and not the path of a file."""
    return _ADDRESS.match(text) is not None


def is_web(address: str) -> bool:
    """Whether this is a web address: read-only, and a folder only if it ends with a slash."""
    return address.lower().startswith(("http://", "https://"))


def local_file(address: str) -> Path | None:
    """The path of an address of this machine, such as `file:///home/me/out/`; None for any other address."""
    scheme, _, rest = address.partition("://")
    return Path(rest) if scheme.lower() in ("file", "local") else None


def plain_address(address: str) -> str:
    """The address with its scheme in lower case."""
    scheme, separator, rest = address.partition("://")
    return scheme.lower() + separator + rest


def printable_address(address: str) -> str:
    """The address as messages, results and files on disk may state it: without credentials, signatures and query.

    A short hash of the query's other parts keeps addresses distinct. It does not depend on signatures and tokens, so
    that an address has the same name when it is signed again.
    """
    first, *chained = _CHAIN.split(address)
    if chained:
        return "::".join(map(printable_address, (first, *chained)))
    start = _START.match(address)
    if start is None:
        return address
    rest = address[start.end() :]
    scheme = start[0].partition(":")[0].lower()
    web = scheme in ("http", "https")
    authority, path = _split_authority(rest)
    user, at, host = authority.rpartition("@")
    if at and scheme in _SCHEMES_WITH_USERS:
        host = f"{user.partition(':')[0]}@{host}"
    path, mark, query = path.partition("?") if web or _LOOKS_LIKE_QUERY.search(path) else (path, "", "")
    if web:
        path, query = path.partition("#")[0], query.partition("#")[0]
        path = _SESSION.sub("", path)
    return f"{start[0]}{host}{path}{_hashed_query(query) if mark else ''}"


def without_secrets(text: str) -> str:
    """The text with every address in it as `printable_address` gives it, for messages that back ends compose."""
    return _ADDRESS_IN_TEXT.sub(lambda found: printable_address(found[0]), text) if ":/" in text else text


def _split_authority(rest: str) -> tuple[str, str]:
    """Split what follows `://` into user, host and port, and the path with the query."""
    end = next((index for index, char in enumerate(rest) if char in "/?#"), len(rest))
    authority, path = rest[:end], rest[end:]
    port = authority.rpartition("@")[2].rpartition("]")[2].partition(":")[2]
    if "@" not in authority and port and not port.isdigit():
        # Not a port, but a password with a slash or a question mark in it.
        password, at, host_and_path = path.rpartition("@")
        if at:
            end = len(authority) + len(password) + 1
            host, path = _split_authority(host_and_path)
            return f"{rest[:end]}{host}", path
        return authority.partition(":")[0], path
    return authority, path


def _hashed_query(query: str) -> str:
    if not query or _HASHED_QUERY.fullmatch(query):
        return f"?{query}" if query else ""
    parts = sorted(part for part in re.split("[&;]", query) if part and not _SECRET.search(part.partition("=")[0]))
    digest = hashlib.sha256("&".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"?query-{digest}" if parts else ""


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
    scheme, _, rest = address.partition("://")
    if EXTRAS.get(scheme) in ("s3", "gs") and "@" in _split_authority(rest)[0]:
        # The back end would take the password for a part of the bucket's name, and state it in its messages.
        raise InputError(f"{scheme}:// addresses have no user or password", "set credentials as the store's tools do")
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
    if name == "TooManyRedirects":
        return "redirects without end"
    if name == "NonHttpUrlRedirectClientError":
        return "redirects to something that is not the web, which is not followed"
    if name == "ClientPayloadError":
        return "the connection ends before the file is complete"
    if status is not None:
        return f"the server answers with status {status}"
    return f"{name}: {_one_line(error)}"


def _settings(scheme: str) -> dict[str, Any]:
    if scheme not in ("http", "https"):
        return {}
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=MAX_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS)
    # Compressed answers could unpack to any size.
    headers = {"Accept-Encoding": "identity"}
    return {"client_kwargs": {"timeout": timeout, "trust_env": True, "headers": headers}, "get_client": _web_client}


async def _web_client(**settings: Any) -> Any:
    """A session that resolves names in threads that do not delay the end of the process, and checks redirects."""
    import aiohttp

    from cogdoc.web_client import CheckedRedirects, DaemonResolver

    connector = aiohttp.TCPConnector(resolver=DaemonResolver())
    return aiohttp.ClientSession(connector=connector, trace_configs=[CheckedRedirects().trace()], **settings)


def _one_line(error: Exception) -> str:
    return without_secrets(" ".join(str(error).split()))[:200] or type(error).__name__
