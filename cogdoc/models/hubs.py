"""What a model's repository holds: from the Hugging Face Hub by its own client, from ModelScope by its REST API.

Only files of safetensors checkpoints are ever listed, by name: no code, no pickles, no folders.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import httpx2

# Read when the client is imported, which else would tell its hub more than what it wants.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

from huggingface_hub import HfApi, get_session, get_token, hf_hub_url
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from cogdoc.errors import MissingError, OutputError
from cogdoc.models.names import Hub, Model

TIMEOUT_SECONDS = 30.0

# Of the small files those that belong to a checkpoint, licences included; a name with a folder in it never matches.
_WANTED = re.compile(
    r"config\.json|generation_config\.json|tokenizer[\w.-]*\.json|special_tokens_map\.json|added_tokens\.json"
    r"|model\.safetensors\.index\.json|[\w-][\w.-]*\.safetensors|(LLAMA3_)?LICENSE(\.\w+)?"
)


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file on a hub. `identity` is its SHA-256 or git's name for its content, and empty where the hub states none."""

    name: str
    size: int
    identity: str
    url: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A repository at one commit, and how to ask for its files."""

    hub: Hub
    repository: str
    revision: str
    commit: str | None
    files: tuple[RemoteFile, ...]
    headers: Mapping[str, str]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


@contextmanager
def hub_client(hub: Hub) -> Iterator[httpx2.Client]:
    """What sends requests to a hub: Hugging Face's own session, which whoever uses that library can configure."""
    if hub == "huggingface":
        yield get_session()
        return
    with httpx2.Client(follow_redirects=True, timeout=TIMEOUT_SECONDS) as client:
        yield client


def list_repository(hub: Hub, repository: str, revision: str | None) -> Listing:
    """What there is to download.

    Args:
        revision: a branch, tag or commit; None means the hub's main branch.

    Raises:
        MissingError: there is no such model or revision, or one has to be let in first, or the client is offline.
        OutputError: the hub does not answer.
    """
    return _huggingface(repository, revision or "main") if hub == "huggingface" else _modelscope(repository, revision)


def list_model(model: Model, hub: Hub, revision: str | None) -> Listing:
    """`list_repository` of the first of a model's repositories that is there."""
    first, *others = model.repositories(hub)
    try:
        return list_repository(hub, first, revision)
    except MissingError:
        for repository in others:
            with suppress(MissingError):
                return list_repository(hub, repository, revision)
        raise


@contextmanager
def explained(hub: Hub, what: str) -> Iterator[None]:
    """Turn what goes wrong on the network into one clear line."""
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
        reason = str(error) or type(error).__name__
        raise OutputError(f"{what}: {hub} cannot be reached: {reason}", "pull again: it will resume") from None


def _refused(hub: Hub, what: str, status: int) -> MissingError:
    if status == 404:
        return MissingError(f"{what}: not found on {hub}")
    hint = "set HF_TOKEN to a token that may read it" if hub == "huggingface" else None
    return MissingError(f"{what}: {hub} does not let us in (status {status})", hint)


def _huggingface(repository: str, revision: str) -> Listing:
    with explained("huggingface", repository):
        info = HfApi().model_info(repository, revision=revision, files_metadata=True, timeout=TIMEOUT_SECONDS)
    commit = info.sha or revision
    files = [
        RemoteFile(
            name=file.rfilename,
            size=(file.lfs.size if file.lfs else file.size) or 0,
            identity=(file.lfs.sha256 if file.lfs else file.blob_id) or "",
            url=hf_hub_url(repository, file.rfilename, revision=commit),
        )
        for file in info.siblings or ()
    ]
    token = get_token()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Listing("huggingface", repository, revision, info.sha, _wanted(files, repository), headers)


def _modelscope(repository: str, revision: str | None) -> Listing:
    """By the addresses that its own client uses, MODELSCOPE_DOMAIN included; a domain may bring its scheme along."""
    revision = revision or "master"
    domain = os.environ.get("MODELSCOPE_DOMAIN") or "www.modelscope.cn"
    endpoint = domain.rstrip("/") if "://" in domain else f"https://{domain}"
    repo = f"{endpoint}/api/v1/models/{quote(repository)}/repo"
    with explained("modelscope", repository), hub_client("modelscope") as client:
        answer = client.get(f"{repo}/files?{urlencode({'Revision': revision, 'Recursive': 'true'})}")
        answer.raise_for_status()
    try:
        entries: list[dict[str, Any]] = answer.json()["Data"]["Files"]
        files = [
            RemoteFile(
                name=str(entry["Path"]),
                size=int(entry["Size"]),
                identity=str(entry.get("Sha256") or ""),
                url=f"{repo}?{urlencode({'Revision': revision, 'FilePath': entry['Path']})}",
            )
            for entry in entries
            if entry.get("Type") != "tree"
        ]
    except (ValueError, KeyError, TypeError):
        raise OutputError(f"{repository}: modelscope answers with something else than a list of files") from None
    return Listing("modelscope", repository, revision, None, _wanted(files, repository), {})


def _wanted(files: Iterable[RemoteFile], repository: str) -> tuple[RemoteFile, ...]:
    """Small files first: they tell whether the large ones are worth it."""
    wanted = [file for file in files if _WANTED.fullmatch(file.name)]
    if not wanted:
        raise MissingError(f"{repository}: holds no checkpoint in safetensors")
    return tuple(sorted(wanted, key=lambda file: (file.name.endswith(".safetensors"), file.name)))
