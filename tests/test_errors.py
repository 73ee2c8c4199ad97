"""Errors are sorted by what the catcher does, and carry their fields."""

from __future__ import annotations

import pytest

from mcastdist import errors


@pytest.mark.parametrize(
    ("kind", "parent"),
    [
        (errors.MalformedMessage, errors.PeerError),
        (errors.Unauthentic, errors.PeerError),
        (errors.BadSignature, errors.ContentError),
        (errors.DigestMismatch, errors.ContentError),
        (errors.UnsafePath, errors.ContentError),
        (errors.SourceError, errors.UnavailableError),
        (errors.NoSpace, errors.StorageError),
        (errors.StoreBusy, errors.StorageError),
    ],
)
def test_every_error_has_its_catcher(kind: type[Exception], parent: type[Exception]) -> None:
    assert issubclass(kind, parent)
    assert issubclass(parent, errors.McastdistError)


def test_errors_carry_what_was_wrong() -> None:
    mismatch = errors.DigestMismatch(b"\x01", b"\x02", "chunk 7")
    assert str(mismatch) == "chunk 7: expected SHA-256 01, got 02"
    source = errors.SourceError("http://o/", "status_503", "busy", retry_after_s=5.0)
    assert (source.code, source.retry_after_s, source.permanent) == ("status_503", 5.0, False)
    assert errors.NoSpace(10, 3, "full").needed_bytes == 10
    assert errors.Unauthentic("forged", "x").cause == "forged"
    assert errors.UnsafePath("../x", "x").path == "../x"


def test_a_mismatch_may_carry_advice() -> None:
    assert str(errors.DigestMismatch(b"a", b"b", "x", "look")).endswith("got 62; look")
    assert str(errors.DigestMismatch(b"a", b"b", "x")).endswith("got 62")
