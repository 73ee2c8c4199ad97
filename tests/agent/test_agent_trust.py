"""Whose word is taken for a package."""

from __future__ import annotations

import pytest
from agent_kit import NOW, SIGNER, STRANGER, plain, publish, sha256

from mcastdist.agent.trust import Trust
from mcastdist.errors import BadSignature, ContentError, DigestMismatch, MalformedManifest
from mcastdist.manifest import StalePackage

PACKAGE = publish({"a": b"1"}, sequence=5)


def trust(*, seen: int = 0, keys: tuple[object, ...] = (SIGNER.public,)) -> Trust:
    return Trust(list(keys), lambda name: seen)


def test_what_a_trusted_key_signed_counts() -> None:
    found = trust().check(PACKAGE.data, PACKAGE.signature, sha256=None, now=NOW)

    assert found == PACKAGE.manifest


@pytest.mark.parametrize(
    ("data", "signature"),
    [
        (PACKAGE.data, b""),
        (PACKAGE.data, b"\xff\xfe"),
        (PACKAGE.data + b" ", PACKAGE.signature),
        (PACKAGE.data, publish({"a": b"1"}, signer=STRANGER).signature),
    ],
)
def test_what_nobody_trusted_signed_does_not(data: bytes, signature: bytes) -> None:
    with pytest.raises(BadSignature):
        trust().check(data, signature, sha256=None, now=NOW)


def test_no_keys_trust_nobody_and_none_looks_after_anything() -> None:
    with pytest.raises(BadSignature):
        trust(keys=()).check_again(PACKAGE.data, PACKAGE.signature)
    assert Trust(None, lambda name: 0).check_again(PACKAGE.data, b"") == PACKAGE.manifest


def test_an_expired_package_is_refused_with_its_code() -> None:
    old = publish({"a": b"1"}, expires=int(NOW))
    with pytest.raises(StalePackage) as refused:
        trust().check(old.data, old.signature, sha256=None, now=NOW)
    assert refused.value.code == "expired"


def test_there_is_no_way_back() -> None:
    assert trust(seen=5).check(PACKAGE.data, PACKAGE.signature, sha256=None, now=NOW)
    with pytest.raises(StalePackage) as refused:
        trust(seen=6).check(PACKAGE.data, PACKAGE.signature, sha256=None, now=NOW)
    assert refused.value.code == "rollback"


def test_a_plain_file_counts_for_its_digest_alone() -> None:
    file = plain(b"data")

    assert trust().check(file.data, b"", sha256=sha256(b"data"), now=NOW) == file.manifest
    with pytest.raises(DigestMismatch):
        trust().check(file.data, b"", sha256=sha256(b"other"), now=NOW)
    assert trust().check_again(file.data, b"") == file.manifest


def test_a_package_is_no_plain_file_also_if_it_has_no_files() -> None:
    for offered in (PACKAGE, publish({})):
        with pytest.raises(ContentError, match="plain file was asked for"):
            trust().check(offered.data, offered.signature, sha256=sha256(b"data"), now=NOW)


def test_a_plain_file_is_no_package_also_if_it_is_signed() -> None:
    file = plain(b"data")
    from mcastdist.manifest import sign

    signature = sign(file.data, SIGNER, trusted_comment="x").encode()
    with pytest.raises(ContentError, match="ask for it by its digest"):
        trust().check(file.data, signature, sha256=None, now=NOW)


def test_bytes_that_are_no_manifest() -> None:
    with pytest.raises(MalformedManifest):
        trust().check(b"<html>", b"", sha256=sha256(b""), now=NOW)
