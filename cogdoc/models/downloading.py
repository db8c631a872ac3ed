"""Brings a repository's files into a folder that is whole or absent, and takes up where an earlier pull broke off.

huggingface_hub's own download starts a file over when a process ends in the middle of it (since it names partial
files at random). Shards have 5 GB, so the bytes are fetched here, by its client and with its headers: what has
arrived is kept in a file named after the content it will have, and the rest is asked for by a range.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
from filelock import FileLock, Timeout

from cogdoc.cogvlm2.configuration import parse_config, read_raw_config
from cogdoc.errors import CheckpointError, OutputError, OutputExistsError, ResourceError
from cogdoc.models.hubs import TIMEOUT_SECONDS, Listing, RemoteFile, explained, hub_client
from cogdoc.models.names import complaint, partial_folder, weight_files
from cogdoc.models.provenance import FileRecord, Record, git_blob, sha256, write_record

Progress = Callable[[str, int, int], None]
"""Called with the file that is coming, the bytes that are here, and of how many."""

# Left free beside the checkpoint: a full disk breaks more than a download.
SPARE_BYTES = 1 << 30

# Seconds before each further try while no byte arrives; a byte that arrives starts the count over.
WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)
TRANSIENT = (408, 429, 500, 502, 503, 504)

STATE = ".pull.json"


def pull(listing: Listing, target: Path, progress: Progress | None = None, waits: Sequence[float] = WAITS) -> None:
    """Download a repository into the new folder `target`.

    What arrived before something went wrong stays in a hidden folder beside it, for the next time.

    Raises:
        OutputExistsError: `target` exists.
        ResourceError: the disk is too small; nothing has been downloaded then.
        MissingError: the hub refuses a file.
        CheckpointError: the repository is not, or not all of, a checkpoint of CogVLM2.
        OutputError: the connection or the disk failed, or a file arrived damaged.
    """
    if target.exists():
        raise OutputExistsError(f"{target}: exists")
    partial, lock = partial_folder(target), target.with_name(f".{target.name}.lock")
    try:
        partial.mkdir(parents=True, exist_ok=True)
        with FileLock(lock, timeout=0), _tidied(partial, lock), hub_client(listing.hub) as client:
            _Pull(listing, client, partial, progress, waits).run()
            (partial / STATE).unlink()
            partial.rename(target)
    except Timeout:
        raise OutputError(f"{target}: another cogdoc is pulling it") from None
    except OSError as error:
        raise OutputError(f"{target}: cannot be written: {error}") from None


@contextmanager
def _tidied(partial: Path, lock: Path) -> Iterator[None]:
    """Leave nothing behind that is of no use next time."""
    try:
        yield
    finally:
        with suppress(OSError):
            lock.unlink()
        with suppress(OSError):
            partial.rmdir()  # stays if there is anything in it


class _Pull:
    """One pull and what is known of the files that are finished."""

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
        self._finished = self._still_valid(_read_state(folder / STATE))
        self._here = 0

    def run(self) -> None:
        listed = {file.name for file in self._listing.files}
        self._drop_foreign_files()
        self._here = sum(map(self._bytes_of, self._listing.files))
        _check_disk(self._folder, self._listing.size - self._here)
        files = list(self._listing.files)
        for file in files:
            if file.name.endswith(".safetensors"):
                break
            self._fetch(file)
        # Now it can be known whether the gigabytes that follow will be of use.
        parse_config(read_raw_config(self._folder))
        missing = [name for name in (*weight_files(self._folder), "tokenizer.json") if name not in listed]
        if missing:
            raise CheckpointError(f"{self._listing.repository}: the repository lacks {', '.join(missing)}")
        for file in files:
            self._fetch(file)
        problem = complaint(self._folder)
        if problem:
            raise CheckpointError(f"{self._listing.repository}: {problem}")
        files_record = {file.name: FileRecord(file.size, self._finished[file.name][1]) for file in files}
        listing = self._listing
        record = Record(listing.hub, listing.repository, listing.revision, listing.commit, files_record)
        write_record(self._folder, record)

    def _fetch(self, file: RemoteFile) -> None:
        if file.name in self._finished:
            return
        part = self._part(file)
        with explained(self._listing.hub, file.name):
            self._transfer(file, part)
        digest = sha256(part)
        right = digest if len(file.identity) == len(digest) else git_blob(part)
        if file.identity and file.identity != right:
            part.unlink()
            raise OutputError(f"{file.name}: arrived damaged: its hash is not the one that was promised", "pull again")
        part.rename(self._folder / file.name)
        self._finished[file.name] = (file.identity, digest)
        (self._folder / STATE).write_text(json.dumps(self._finished), encoding="utf-8")

    def _transfer(self, file: RemoteFile, part: Path) -> None:
        """Until all bytes are here, or none has come through all waits."""
        failures = 0
        while not part.exists() or _size(part) != file.size:
            before = _size(part)
            try:
                self._receive(file, part)
                if _size(part) < file.size and _size(part) <= before:
                    raise httpx2.RemoteProtocolError("the connection ends early")
            except (httpx2.TransportError, httpx2.HTTPStatusError) as error:
                if isinstance(error, httpx2.HTTPStatusError) and error.response.status_code not in TRANSIENT:
                    raise
                if _size(part) > before:
                    failures = 0
                if failures == len(self._waits):
                    raise
                time.sleep(self._waits[failures])
                failures += 1

    def _receive(self, file: RemoteFile, part: Path) -> None:
        """One request for what is missing of a file."""
        here = _size(part)
        headers = {**self._listing.headers, "Accept-Encoding": "identity"}
        if here:
            headers["Range"] = f"bytes={here}-"
        with self._client.stream("GET", file.url, headers=headers, timeout=TIMEOUT_SECONDS) as response:
            response.raise_for_status()
            resumed = response.status_code == httpx2.codes.PARTIAL_CONTENT
            if here and not resumed:
                self._here -= here
            with part.open("ab" if resumed else "wb") as out:
                # Pieces as they come: larger ones would be collected first, and lost where the connection breaks.
                for chunk in response.iter_bytes():
                    out.write(chunk)
                    self._here += len(chunk)
                    if self._progress is not None:
                        self._progress(file.name, self._here, self._listing.size)
                    if out.tell() > file.size:
                        raise OutputError(f"{file.name}: longer than {self._listing.hub} said")
                out.flush()
                os.fsync(out.fileno())

    def _still_valid(self, finished: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
        """Of the files an earlier pull finished, those that are what this one wants."""
        return {
            file.name: finished[file.name]
            for file in self._listing.files
            if file.name in finished
            and finished[file.name][0] == file.identity
            and (self._folder / file.name).is_file()
            and _size(self._folder / file.name) == file.size
        }

    def _drop_foreign_files(self) -> None:
        """What an earlier pull of another revision left behind."""
        kept = {*self._finished, STATE, *(self._part(file).name for file in self._listing.files)}
        for path in self._folder.iterdir():
            if path.name not in kept:
                path.unlink()
        for file in self._listing.files:
            if _size(self._part(file)) > file.size:
                self._part(file).unlink()

    def _part(self, file: RemoteFile) -> Path:
        return self._folder / f".{file.name}.{file.identity[:16]}.part"

    def _bytes_of(self, file: RemoteFile) -> int:
        return file.size if file.name in self._finished else _size(self._part(file))


def _read_state(path: Path) -> dict[str, tuple[str, str]]:
    """Each finished file's identity on the hub and its SHA-256; a torn state means that files are fetched again."""
    try:
        return {str(name): (str(one), str(two)) for name, (one, two) in json.loads(path.read_text("utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _check_disk(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE_BYTES:
        raise ResourceError(
            f"{folder.parent}: {free / 1e9:.1f} GB free, but the model needs {needed / 1e9:.1f} GB more"
            f" and {SPARE_BYTES / 1e9:.1f} GB to spare",
            "choose another place with --to or COGDOC_HOME",
        )
