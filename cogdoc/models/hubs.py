"""Lists the files of a model's repository: on the Hugging Face Hub with its client, on ModelScope with its REST API.

Only the files of a safetensors checkpoint are listed, by their names: no code, no pickles, no folders.
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

# huggingface_hub reads this when it is imported.
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
from cogdoc.models.published_models import Hub, Model

TIMEOUT_SECONDS = 30.0

# The files of a checkpoint, with licences; a name with a folder in it never matches.
_CHECKPOINT_FILE = re.compile(
    r"config\.json|generation_config\.json|tokenizer[\w.-]*\.json|special_tokens_map\.json|added_tokens\.json"
    r"|model\.safetensors\.index\.json|[\w-][\w.-]*\.safetensors|(LLAMA3_)?LICENSE(\.\w+)?"
)


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
        reason = str(error) or type(error).__name__
        raise OutputError(f"{what}: {hub} cannot be reached: {reason}", "pull again: it will resume") from None


def _refused(hub: Hub, what: str, status: int) -> MissingError:
    if status == 404:
        return MissingError(f"{what}: not found on {hub}")
    hint = "set HF_TOKEN to a token that may read it" if hub == "huggingface" else None
    return MissingError(f"{what}: {hub} denies access (status {status})", hint)


def _huggingface(repository: str, revision: str) -> Listing:
    with network_errors_explained("huggingface", repository):
        info = HfApi().model_info(repository, revision=revision, files_metadata=True, timeout=TIMEOUT_SECONDS)
    commit = info.sha or revision
    files = [
        HubFile(
            name=file.rfilename,
            size=(file.lfs.size if file.lfs else file.size) or 0,
            hash=(file.lfs.sha256 if file.lfs else file.blob_id) or "",
            url=hf_hub_url(repository, file.rfilename, revision=commit),
        )
        for file in info.siblings or ()
    ]
    token = get_token()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Listing("huggingface", repository, revision, info.sha, _checkpoint_files(files, repository), headers)


def _modelscope(repository: str, revision: str | None) -> Listing:
    """List with the REST API that ModelScope's client uses. MODELSCOPE_DOMAIN may include a scheme."""
    revision = revision or "master"
    domain = os.environ.get("MODELSCOPE_DOMAIN") or "www.modelscope.cn"
    endpoint = domain.rstrip("/") if "://" in domain else f"https://{domain}"
    repo = f"{endpoint}/api/v1/models/{quote(repository)}/repo"
    with network_errors_explained("modelscope", repository), hub_client("modelscope") as client:
        response = client.get(f"{repo}/files?{urlencode({'Revision': revision, 'Recursive': 'true'})}")
        response.raise_for_status()
    try:
        entries: list[dict[str, Any]] = response.json()["Data"]["Files"]
        files = [
            HubFile(
                name=str(entry["Path"]),
                size=int(entry["Size"]),
                hash=str(entry.get("Sha256") or ""),
                url=f"{repo}?{urlencode({'Revision': revision, 'FilePath': entry['Path']})}",
            )
            for entry in entries
            if entry.get("Type") != "tree"
        ]
    except (ValueError, KeyError, TypeError):
        raise OutputError(f"{repository}: modelscope did not answer with a list of files") from None
    return Listing("modelscope", repository, revision, None, _checkpoint_files(files, repository), {})


def _checkpoint_files(files: Iterable[HubFile], repository: str) -> tuple[HubFile, ...]:
    """The files of the checkpoint, small ones first: they show whether the large ones are worth downloading."""
    selected = [file for file in files if _CHECKPOINT_FILE.fullmatch(file.name)]
    if not selected:
        raise MissingError(f"{repository}: no safetensors checkpoint")
    return tuple(sorted(selected, key=lambda file: (file.name.endswith(".safetensors"), file.name)))
