"""Downloads a model, and resumes an interrupted pull. The target folder appears only when it is complete.

huggingface_hub's own download starts a file over if the process ends in the middle of it, because its partial files
have random names. Shards have 5 GB, so this module downloads the bytes itself, with huggingface_hub's client and
headers: it keeps partial files, named after the hash of their final content, and requests the rest with a range.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import httpx2
from filelock import FileLock, Timeout

from cogdoc.cogvlm2.configuration import parse_config, read_raw_config
from cogdoc.cogvlm2.relatives import relative_of_tensors
from cogdoc.cogvlm2.weight_files import read_index
from cogdoc.errors import CheckpointError, OutputError, OutputExistsError, TimeLimitError
from cogdoc.models.checkpoint_folders import find_defect, partial_folder, weight_files
from cogdoc.models.disk_space import require_disk_space
from cogdoc.models.hubs import (
    LOGIN_HINT,
    TIMEOUT_SECONDS,
    HubFile,
    Listing,
    hub_client,
    network_errors_explained,
    require_plain,
)
from cogdoc.models.provenance import FileHash, Provenance, git_blob_sha1, sha256, write_provenance
from cogdoc.models.unfinished_pulls import STATE_FILE, part_name, read_state, unfinished_files
from cogdoc.transfers import Transfer, TransferLimits, run_transfer

Progress = Callable[[str, int, int], None]
"""Called with the name of the current file, the bytes downloaded so far, and the total."""

WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each retry. As soon as `PROGRESS_BYTES` have arrived, the retries start over."""

PROGRESS_BYTES = 1 << 16

LIMITS = TransferLimits()

MIN_BYTES_PER_SECOND_OF_FILE = 32 * 1024
"""A file that arrives more slowly is given up; the next pull resumes it."""

TRANSIENT_STATUSES = (408, 429, 500, 502, 503, 504)


def pull(listing: Listing, target: Path, progress: Progress | None = None, waits: Sequence[float] = WAITS) -> None:
    """Download a repository into the new folder `target`.

    If it fails, what it has downloaded stays in a hidden folder beside `target`, where the next pull resumes.

    Args:
        waits: seconds before each retry of a request.

    Raises:
        OutputExistsError: `target` exists, or something else has the name of a file that a pull needs beside it.
        ResourceError: the disk is too small; nothing is downloaded then.
        MissingError: the hub refuses a file.
        CheckpointError: the repository is not a CogVLM2 checkpoint, or lacks files of it.
        OutputError: the connection or the disk failed, or a downloaded file has the wrong hash.
    """
    if os.path.lexists(target):
        raise OutputExistsError(f"{target}: exists")
    unfinished, lock = partial_folder(target), target.with_name(f".{target.name}.lock")
    try:
        _check_own(unfinished, lock)
        unfinished.mkdir(parents=True, exist_ok=True)
        with FileLock(lock, timeout=0), _cleaned_up(unfinished, lock), hub_client(listing.hub) as client:
            _Pull(listing, client, unfinished, progress, waits).run()
            unfinished.rename(target)
            (target / STATE_FILE).unlink()
    except Timeout:
        raise OutputError(f"{target}: another cogdoc is pulling it") from None
    except OSError as error:
        raise OutputError(f"{target}: cannot be written: {error}") from None


def _check_own(unfinished: Path, lock: Path) -> None:
    """Check that a pull wrote what has the names of its unfinished files and its lock."""
    if os.path.lexists(lock) and (lock.is_symlink() or not lock.is_file() or lock.stat().st_size):
        raise OutputExistsError(f"{lock}: is not the lock of a pull", "remove it, or rename it")
    if not os.path.lexists(unfinished):
        return
    own = not unfinished.is_symlink() and unfinished.is_dir()
    if not own or len(unfinished_files(unfinished)) < sum(1 for _ in unfinished.iterdir()):
        raise OutputExistsError(f"{unfinished}: has files that no pull wrote", "remove it, or rename it")


@contextmanager
def _cleaned_up(unfinished: Path, lock: Path) -> Iterator[None]:
    """Remove the lock, and the partial folder if nothing is in it."""
    try:
        yield
    finally:
        with suppress(OSError):
            lock.unlink()
        with suppress(OSError):
            unfinished.rmdir()  # fails if the folder has files, which the next pull needs


class _Pull:
    """One pull, and the files that it or an earlier pull has finished."""

    def __init__(
        self,
        listing: Listing,
        client: httpx2.Client,
        folder: Path,
        progress: Progress | None,
        waits: Sequence[float],
    ) -> None:
        self._listing = listing
        self._client = client
        self._folder = folder
        self._progress = progress
        self._waits = waits
        self._finished = self._still_valid(read_state(folder / STATE_FILE))
        self._downloaded = 0
        """Bytes of the listed files that are on disk."""

    def run(self) -> None:
        listed = {file.name for file in self._listing.files}
        self._remove_stale_files()
        self._downloaded = sum(map(self._bytes_of, self._listing.files))
        require_disk_space(
            self._folder.parent,
            self._listing.size - self._downloaded,
            "choose another place with --to or COGDOC_HOME",
        )
        files = list(self._listing.files)
        for file in files:
            if file.name.endswith(".safetensors"):
                break
            self._download(file)
        # Check the small files before downloading gigabytes.
        parse_config(read_raw_config(self._folder))
        relative = relative_of_tensors(read_index(self._folder) or ())
        if relative is not None:
            raise CheckpointError(f"{self._listing.repository}: {relative.refusal}")
        missing = [name for name in (*weight_files(self._folder), "tokenizer.json") if name not in listed]
        if missing:
            raise CheckpointError(f"{self._listing.repository}: the repository lacks {', '.join(missing)}")
        for file in files:
            self._download(file)
        defect = find_defect(self._folder)
        if defect:
            raise CheckpointError(f"{self._listing.repository}: {defect}")
        hashes = {file.name: FileHash(file.size, self._finished[file.name][1]) for file in files}
        listing = self._listing
        provenance = Provenance(listing.hub, listing.repository, listing.revision, listing.commit, hashes)
        write_provenance(self._folder, provenance)

    def _download(self, file: HubFile) -> None:
        if file.name in self._finished:
            return
        part = self._part(file)
        with network_errors_explained(self._listing.hub, file.name):
            self._transfer(file, part)
        digest = sha256(part)
        comparable = digest if len(file.hash) == len(digest) else git_blob_sha1(part)
        if file.hash and file.hash != comparable:
            part.unlink()
            raise OutputError(f"{file.name}: the download is damaged: its hash differs from the hub's", "pull again")
        self._finished[file.name] = (file.hash, digest)
        # Before the file has its name: every file that does not look like a part is one that is listed here.
        (self._folder / STATE_FILE).write_text(json.dumps(self._finished), encoding="utf-8")
        part.rename(self._folder / file.name)

    def _transfer(self, file: HubFile, part: Path) -> None:
        """Request the file until it is complete; give up if too little arrives during all retries."""
        failures, counted = 0, _size(part)
        deadline = time.monotonic() + LIMITS.idle + file.size / MIN_BYTES_PER_SECOND_OF_FILE
        while not part.exists() or _size(part) != file.size:
            before = _size(part)
            seconds = max(1.0, deadline - time.monotonic())
            try:
                run_transfer(partial(self._receive, file, part), LIMITS, seconds)
                if _size(part) < file.size and _size(part) <= before:
                    raise httpx2.RemoteProtocolError("the connection ends early")
            except (httpx2.TransportError, httpx2.HTTPStatusError, TimeLimitError) as error:
                if isinstance(error, httpx2.HTTPStatusError) and error.response.status_code not in TRANSIENT_STATUSES:
                    if error.response.status_code == httpx2.codes.RANGE_NOT_SATISFIABLE:
                        part.unlink(missing_ok=True)
                    raise
                if _size(part) >= counted + PROGRESS_BYTES:
                    failures, counted = 0, _size(part)
                if failures == len(self._waits) or time.monotonic() > deadline:
                    if isinstance(error, TimeLimitError):
                        raise OutputError(f"{file.name}: {error}", "pull again: it will resume") from None
                    raise
                time.sleep(self._waits[failures])
                failures += 1

    def _receive(self, file: HubFile, part: Path, transfer: Transfer) -> None:
        """One request for the missing bytes of a file. Runs in a thread of its own, which may be given up."""
        offset, hub = _size(part), self._listing.hub
        headers = {**self._listing.headers, "Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        with self._client.stream("GET", file.url, headers=headers, timeout=TIMEOUT_SECONDS) as response:
            response.raise_for_status()
            require_plain(response, hub)
            if response.headers.get("Content-Type", "").lower().startswith("text/html"):
                raise OutputError(f"{file.name}: {hub} answers with a web page instead of the file", LOGIN_HINT)
            resumed = response.status_code == httpx2.codes.PARTIAL_CONTENT
            if resumed and not response.headers.get("Content-Range", f"bytes {offset}-").startswith(f"bytes {offset}-"):
                raise httpx2.RemoteProtocolError("the hub sends another part of the file")
            with transfer.advance(0):
                if offset and not resumed:
                    self._downloaded -= offset
                out = part.open("ab" if resumed else "wb", buffering=0)
            with out:
                # Without a chunk size: the client would collect larger chunks, and lose them if the connection breaks.
                for chunk in response.iter_raw():
                    if out.tell() + len(chunk) > file.size:
                        raise OutputError(f"{file.name}: longer than {hub} states")
                    with transfer.advance(len(chunk)):
                        out.write(chunk)
                        self._downloaded += len(chunk)
                        if self._progress is not None:
                            self._progress(file.name, self._downloaded, self._listing.size)
                os.fsync(out.fileno())

    def _still_valid(self, finished: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
        """Of the files that an earlier pull finished, those that are still listed and on disk."""
        return {
            file.name: finished[file.name]
            for file in self._listing.files
            if file.name in finished
            and finished[file.name][0] == file.hash
            and (self._folder / file.name).is_file()
            and _size(self._folder / file.name) == file.size
        }

    def _remove_stale_files(self) -> None:
        """Remove what an earlier pull of another revision left behind."""
        needed = {*self._finished, STATE_FILE, *(self._part(file).name for file in self._listing.files)}
        for path in unfinished_files(self._folder):
            if path.name not in needed:
                path.unlink()
        for file in self._listing.files:
            if _size(self._part(file)) > file.size:
                self._part(file).unlink()

    def _part(self, file: HubFile) -> Path:
        return self._folder / part_name(file.name, file.hash)

    def _bytes_of(self, file: HubFile) -> int:
        return file.size if file.name in self._finished else _size(self._part(file))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
