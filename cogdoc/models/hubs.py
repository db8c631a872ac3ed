"""Lists the files of a model's repository: on the Hugging Face Hub with its client, on ModelScope with its REST API.

Only the files of a safetensors checkpoint are listed, by their names: no code, no pickles, no folders.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import httpx2

# huggingface_hub reads this when it is imported.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

from huggingface_hub import constants, get_session, get_token, hf_hub_url
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status  # type: ignore[attr-defined]

from cogdoc.errors import MissingError, OutputError, TimeLimitError
from cogdoc.models.published_models import Hub, Model
from cogdoc.transfers import Transfer, TransferLimits, run_transfer

TIMEOUT_SECONDS = 30.0

LOGIN_HINT = "does this network show a login page first?"

# The files of a checkpoint, with licences; a name with a folder in it never matches.
_CHECKPOINT_FILE = re.compile(
    r"config\.json|generation_config\.json|tokenizer[\w.-]*\.json|special_tokens_map\.json|added_tokens\.json"
    r"|model\.safetensors\.index\.json|[\w-][\w.-]*\.safetensors|(LLAMA3_)?LICENSE(\.\w+)?",
    re.ASCII,
)
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.ASCII | re.IGNORECASE)
"""Names that are devices on Windows."""

_HASH = re.compile("[0-9a-f]{40}|[0-9a-f]{64}|")
_COMMIT = re.compile("[0-9a-f]{40}")

MAX_LISTING_BYTES = 32 << 20
MAX_FILES = 1000
MAX_NAME = 200
MAX_WEIGHTS_BYTES = 1 << 40
MAX_OTHER_BYTES = 256 << 20
"""Limits of what a listing may state: far more than any checkpoint has."""


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file on a hub."""

    name: str
    size: int
    hash: str
    """The SHA-256, or the SHA-1 of the git blob; empty if the hub states neither."""
    url: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a repository at one commit, and the headers for requesting them."""

    hub: Hub
    repository: str
    revision: str
    commit: str | None
    files: tuple[HubFile, ...]
    headers: Mapping[str, str]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


@contextmanager
def hub_client(hub: Hub) -> Iterator[httpx2.Client]:
    """The client for requests to a hub; for Hugging Face its own session, which users can configure."""
    if hub == "huggingface":
        yield get_session()
        return
    with httpx2.Client(follow_redirects=True, timeout=TIMEOUT_SECONDS) as client:
        yield client


def list_repository(hub: Hub, repository: str, revision: str | None) -> Listing:
    """List the files of a repository that belong to a checkpoint.

    Args:
        revision: a branch, tag or commit; None means the hub's main branch.

    Raises:
        MissingError: there is no such model or revision, it needs a token, or the client is offline.
        OutputError: the hub does not answer.
    """
    return _huggingface(repository, revision or "main") if hub == "huggingface" else _modelscope(repository, revision)


def list_model(model: Model, hub: Hub, revision: str | None) -> Listing:
    """`list_repository` for the first of a model's repositories that exists."""
    first, *others = model.repositories(hub)
    try:
        return list_repository(hub, first, revision)
    except MissingError:
        for repository in others:
            with suppress(MissingError):
                return list_repository(hub, repository, revision)
        raise


@contextmanager
def network_errors_explained(hub: Hub, what: str) -> Iterator[None]:
    """Turn network errors into errors with a one-line message."""
    try:
        yield
    except OfflineModeIsEnabled:
        raise MissingError(f"{what}: cannot be pulled offline", "unset HF_HUB_OFFLINE") from None
    except RevisionNotFoundError:
        raise MissingError(f"{what}: no such revision on {hub}") from None
    except (GatedRepoError, RepositoryNotFoundError) as error:
        raise _refused(hub, what, error.response.status_code) from None
    except (HfHubHTTPError, httpx2.HTTPStatusError) as error:
        status = error.response.status_code
        if status in (401, 403, 404):
            raise _refused(hub, what, status) from None
        raise OutputError(f"{what}: {hub} answers with status {status}", "try again later: it will resume") from None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise OutputError(f"{what}: {hub} cannot be reached: {reason}", "pull again: it will resume") from None


def _refused(hub: Hub, what: str, status: int) -> MissingError:
    if status == 404:
        return MissingError(f"{what}: not found on {hub}")
    hint = "set HF_TOKEN to a token that may read it" if hub == "huggingface" else None
    return MissingError(f"{what}: {hub} denies access (status {status})", hint)


def _huggingface(repository: str, revision: str) -> Listing:
    url = f"{constants.ENDPOINT}/api/models/{repository}/revision/{quote(revision, safe='')}?blobs=true"
    with network_errors_explained("huggingface", repository):
        response = _get("huggingface", url, build_hf_headers())
        hf_raise_for_status(response)
    with _checked_listing("huggingface", repository):
        info = response.json()
        stated: str | None = info.get("sha")
        if stated is not None and not _COMMIT.fullmatch(stated):
            raise ValueError("sha")
        commit = stated or revision
        files = [
            HubFile(
                name=entry["rfilename"],
                size=(lfs["size"] if (lfs := entry.get("lfs")) else entry.get("size")) or 0,
                hash=(lfs["sha256"] if lfs else entry.get("blobId")) or "",
                url=hf_hub_url(repository, entry["rfilename"], revision=commit),
            )
            for entry in info["siblings"]
            if _is_checkpoint_file(entry["rfilename"])
        ]
        _check_files(files)
    token = get_token()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Listing("huggingface", repository, revision, stated, _checkpoint_files(files, repository), headers)


def _modelscope(repository: str, revision: str | None) -> Listing:
    """List with the REST API that ModelScope's client uses. MODELSCOPE_DOMAIN may include a scheme."""
    revision = revision or "master"
    domain = os.environ.get("MODELSCOPE_DOMAIN") or "www.modelscope.cn"
    endpoint = domain.rstrip("/") if "://" in domain else f"https://{domain}"
    repo = f"{endpoint}/api/v1/models/{quote(repository)}/repo"
    with network_errors_explained("modelscope", repository):
        response = _get("modelscope", f"{repo}/files?{urlencode({'Revision': revision, 'Recursive': 'true'})}", {})
        response.raise_for_status()
    with _checked_listing("modelscope", repository):
        files = [
            HubFile(
                name=entry["Path"],
                size=entry["Size"],
                hash=entry.get("Sha256") or "",
                url=f"{repo}?{urlencode({'Revision': revision, 'FilePath': entry['Path']})}",
            )
            for entry in response.json()["Data"]["Files"]
            if entry.get("Type") != "tree" and _is_checkpoint_file(entry["Path"])
        ]
        _check_files(files)
    return Listing("modelscope", repository, revision, None, _checkpoint_files(files, repository), {})


def _get(hub: Hub, url: str, headers: Mapping[str, str]) -> httpx2.Response:
    """A hub's answer with its whole body, of limited size, whatever its status.

    Raises:
        OutputError: it is too large, or takes too long.
    """

    def receive(transfer: Transfer) -> httpx2.Response:
        body = bytearray()
        with hub_client(hub) as client, client.stream("GET", url, headers=plain, timeout=TIMEOUT_SECONDS) as response:
            require_plain(response, hub)
            for chunk in response.iter_raw():
                with transfer.advance(len(chunk)):
                    body += chunk
                if len(body) > MAX_LISTING_BYTES:
                    raise OutputError(f"{hub} answers with more than {MAX_LISTING_BYTES >> 20} MB", LOGIN_HINT)
            return httpx2.Response(
                response.status_code, headers=response.headers, content=bytes(body), request=response.request
            )

    plain = {**headers, "Accept-Encoding": "identity"}
    try:
        return run_transfer(receive, TransferLimits())
    except TimeLimitError as error:
        raise OutputError(f"{hub}: {error}", "try again later") from None


def require_plain(response: httpx2.Response, hub: Hub) -> None:
    """Refuse a compressed answer, which was not asked for: it could unpack to any size."""
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise OutputError(f"{hub} answers with compressed data that was not asked for", LOGIN_HINT)


@contextmanager
def _checked_listing(hub: Hub, repository: str) -> Iterator[None]:
    """Turn whatever goes wrong while a listing is taken apart into one error."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise OutputError(f"{repository}: {hub} did not answer with a list of files", LOGIN_HINT) from None


def _is_checkpoint_file(name: Any) -> bool:
    return (
        isinstance(name, str)
        and len(name) <= MAX_NAME
        and _CHECKPOINT_FILE.fullmatch(name) is not None
        and _DEVICE.fullmatch(name) is None
    )


def _check_files(files: Sequence[HubFile]) -> None:
    """
    Raises:
        ValueError: what a hub states about files cannot be true.
    """
    if len(files) > MAX_FILES or len({file.name.lower() for file in files}) < len(files):
        raise ValueError("files")
    for file in files:
        largest = MAX_WEIGHTS_BYTES if file.name.endswith(".safetensors") else MAX_OTHER_BYTES
        if type(file.size) is not int or not 0 <= file.size <= largest or not _HASH.fullmatch(file.hash):
            raise ValueError(file.name)


def _checkpoint_files(files: Sequence[HubFile], repository: str) -> tuple[HubFile, ...]:
    """The files of the checkpoint, small ones first: they show whether the large ones are worth downloading."""
    if not files:
        raise MissingError(f"{repository}: no safetensors checkpoint")
    return tuple(sorted(files, key=lambda file: (file.name.endswith(".safetensors"), file.name)))
