"""Documents that the page keeps: until nobody uses them, and no longer than there is room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cogdoc.documents.sandbox import Sandbox
from cogdoc.serve.error_replies import RequestError
from cogdoc.serve.kept_documents import KeepingLimits, KeptDocument, KeptDocuments
from cogdoc.serve.uploads import UploadFolder

Add = Callable[[KeptDocuments], KeptDocument]


@pytest.fixture(scope="module")
def add(bill: Path) -> Iterator[Add]:
    folder = UploadFolder()
    with Sandbox() as sandbox:

        def add(documents: KeptDocuments) -> KeptDocument:
            with bill.open("rb") as file:
                return documents.add(folder.keep(file, "bill.pdf"), None, 100.0, sandbox)

        yield add
    folder.close()


def test_a_document_that_nobody_uses_is_deleted(add: Add) -> None:
    documents = KeptDocuments(KeepingLimits(idle_seconds=0.0))
    idle, used = add(documents), add(documents)
    lent = documents.lend(used)
    documents.drop_idle()
    assert documents.get(used.id) is used
    with pytest.raises(RequestError, match="not kept any more"):
        documents.get(idle.id)
    documents.drop(used.id)
    assert lent.path.exists(), "until the request that uses it ends"
    lent.close()
    assert not used.upload.path.exists()


def test_those_that_waited_longest_make_room(add: Add) -> None:
    documents = KeptDocuments(KeepingLimits(documents=2))
    first, second = add(documents), add(documents)
    documents.get(first.id)
    third = add(documents)
    assert [documents.get(kept.id) for kept in (first, third)] == [first, third]
    with pytest.raises(RequestError):
        documents.get(second.id)
    documents.close()
