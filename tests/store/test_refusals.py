"""Each refusal becomes the error that says what to do."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from mcastdist.errors import NoSpace, NotPermitted, StorageError
from mcastdist.store.refusals import free_bytes, refusals_about

CASES = [
    (errno.ENOSPC, NoSpace),
    (errno.EDQUOT, NoSpace),
    (errno.EFBIG, NoSpace),
    (errno.EACCES, NotPermitted),
    (errno.EPERM, NotPermitted),
    (errno.EROFS, NotPermitted),
    (errno.EIO, StorageError),
    (errno.EISDIR, StorageError),
]


@pytest.mark.parametrize(("number", "kind"), CASES)
def test_a_refusal_is_sorted_and_names_the_path(number: int, kind: type[StorageError]) -> None:
    path = Path("/somewhere/file")
    with pytest.raises(StorageError, match=str(path)) as caught, refusals_about(path):
        raise OSError(number, "whatever")
    assert type(caught.value) is kind


def test_an_error_without_a_number_keeps_its_words() -> None:
    with pytest.raises(StorageError, match="odd"), refusals_about(Path("/x")):
        raise OSError("odd")


def test_free_space_is_asked_for_places_that_are_not_there_yet(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "a/b/c") > 0
