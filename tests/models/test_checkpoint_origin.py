"""Results say which checkpoint read a page: its repository, its revision and a hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cogdoc.models.checkpoint_origin import origin_of
from cogdoc.models.provenance import FileHash, Provenance, write_provenance

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = b"weights"
DIGEST = hashlib.sha256(WEIGHTS).hexdigest()
PRINTED = hashlib.sha256(f"{DIGEST}  model.safetensors\n".encode()).hexdigest()
"""The hash of what sha256sum prints."""


def test_a_checkpoint_that_was_pulled_has_what_was_recorded(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"not read")
    files = {"model.safetensors": FileHash(7, DIGEST)}
    write_provenance(tmp_path, Provenance("huggingface", "org/model", "main", COMMIT, files))
    origin = origin_of(tmp_path)
    assert (origin.repository, origin.revision, origin.sha256) == ("org/model", COMMIT, PRINTED)


def test_a_snapshot_of_the_hugging_face_cache_has_its_commit(tmp_path: Path) -> None:
    snapshot = tmp_path / "models--org--model" / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    blob = tmp_path / "models--org--model" / "blobs" / DIGEST
    blob.parent.mkdir()
    blob.write_bytes(WEIGHTS)
    (snapshot / "model.safetensors").symlink_to(Path("../../blobs") / DIGEST)
    origin = origin_of(snapshot)
    assert (origin.repository, origin.revision, origin.sha256) == ("org/model", COMMIT, PRINTED)


def test_a_small_checkpoint_without_a_record_is_hashed(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(WEIGHTS)
    origin = origin_of(tmp_path)
    assert (origin.repository, origin.revision, origin.sha256) == (None, None, PRINTED)


def test_a_damaged_record_costs_no_result(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(WEIGHTS)
    (tmp_path / "cogdoc.json").write_text("{}")
    assert origin_of(tmp_path).sha256 == PRINTED
