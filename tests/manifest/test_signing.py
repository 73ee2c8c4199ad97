from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_signing_keys import MINISIGN_KEY, MINISIGN_PUB, new_key

from mcastdist.errors import BadSignature, UsageError
from mcastdist.manifest import PublicKey, SigningKey, sign, trusted_comment_of, verify

DATA = b"hello\n"
# Made by minisign 0.11 over DATA with the key of test_signing_keys, without and with `-l`.
HASHED = (
    "untrusted comment: signature from minisign secret key\n"
    "RUR4RYACbS9PnAjF5/i8IN5yeIuLW0pGbCIcc+3riZRfUP92CJ4Fpn5Q/FqgFc36MzGH6bfYlEtvl4frHnoyTWcfVe7qCQkW4QY=\n"
    "trusted comment: timestamp:1795178911\tfile:f\thashed\n"
    "Vf0RQv5+Bbya+4yqxV3REyWLSj4bUyHEfivhkIKA/2KkhpOBrEjcYM4r7O7g2OpqVKrDRiYNmVcbWCGY30GQDw==\n"
)
LEGACY = (
    "untrusted comment: signature from minisign secret key\n"
    "RWR4RYACbS9PnKn1W4O+IdH0zePoOuMu3KlkPAeEcJ+1Rh5tvUafMn7RzesUrQPBJOiqSAzCnf7jykCFQzlJ3uddiBBIrMDhWgM=\n"
    "trusted comment: timestamp:1795178911\tfile:f\n"
    "8gBMA9D41B7kACkGS4BNEAVjdXE20TMMwAr1NWCwMm5GgRLvAA+Lm6GiSOINF4enIuG6DlfLigEh34yJXk3pBA==\n"
)
MINISIGN = PublicKey.parse(MINISIGN_PUB)
KEY = new_key()
OURS = sign(DATA, KEY, trusted_comment="tool 1.0")


@pytest.mark.parametrize(
    "signature", [HASHED, LEGACY, HASHED.encode(), LEGACY.replace("\n", "\r\n")]
)
def test_both_forms_of_minisign_are_accepted(signature: str | bytes) -> None:
    assert verify(DATA, signature, [KEY.public, MINISIGN]) == MINISIGN
    assert trusted_comment_of(signature).startswith("timestamp:1795178911")


def test_we_sign_as_minisign_does() -> None:
    again = sign(
        DATA,
        SigningKey.parse(MINISIGN_KEY),
        comment="signature from minisign secret key",
        trusted_comment="timestamp:1795178911 file:f hashed",
    )
    # The trusted comment has blanks for tabs, the rest is the same to the byte.
    assert again.splitlines()[:2] == HASHED.splitlines()[:2]


@given(st.binary(max_size=300), st.text(st.characters(categories=["L", "N"]), max_size=50))
def test_what_is_signed_verifies(data: bytes, comment: str) -> None:
    signature = sign(data, KEY, trusted_comment=comment, comment=comment)
    assert verify(data, signature, [KEY.public]) == KEY.public
    assert trusted_comment_of(signature) == comment


def test_other_data_is_refused_naming_the_key() -> None:
    for data in (b"", b"hello", DATA + b"\0"):
        with pytest.raises(BadSignature, match=KEY.public.name):
            verify(data, OURS, [KEY.public])


def test_a_key_that_is_not_trusted_is_named_with_those_that_are() -> None:
    with pytest.raises(BadSignature) as caught:
        verify(DATA, OURS, [MINISIGN])
    assert KEY.public.name in str(caught.value)
    assert MINISIGN.name in str(caught.value)
    with pytest.raises(BadSignature, match="none"):
        verify(DATA, OURS, [])


def test_another_key_under_the_same_id_does_not_help_nor_harm() -> None:
    impostor = SigningKey(KEY.key_id, new_key(2).seed)
    forged = sign(DATA, impostor, trusted_comment="x")
    with pytest.raises(BadSignature, match="did not sign"):
        verify(DATA, forged, [KEY.public])
    assert verify(DATA, OURS, [impostor.public, KEY.public]) == KEY.public


def test_a_revoked_key_counts_no_more_though_it_is_trusted() -> None:
    with pytest.raises(BadSignature, match=f"{KEY.public.name}, which is revoked here"):
        verify(DATA, OURS, [KEY.public], revoked=[KEY.public.name])
    assert verify(DATA, OURS, [KEY.public], revoked=[MINISIGN.name]) == KEY.public


def test_the_trusted_comment_cannot_be_changed() -> None:
    for old, new in (("tool 1.0", "tool 2.0"), ("tool 1.0", ""), ("tool 1.0", "tool 1.0 ")):
        with pytest.raises(BadSignature):
            verify(DATA, OURS.replace(old, new), [KEY.public])


def test_the_untrusted_comment_can() -> None:
    changed = OURS.replace("signature from mcastdist", "anything")
    assert verify(DATA, changed, [KEY.public]) == KEY.public


def test_each_flipped_bit_of_the_signature_is_refused() -> None:
    first, signed, *rest = OURS.encode().split(b"\n")
    for bit in range(len(signed) * 8):
        flipped = bytearray(signed)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadSignature):
            verify(DATA, b"\n".join([first, bytes(flipped), *rest]), [KEY.public])


def test_each_part_of_a_signature_is_refused() -> None:
    for length in range(len(OURS.rstrip())):
        with pytest.raises(BadSignature):
            verify(DATA, OURS[:length], [KEY.public])


@pytest.mark.parametrize(
    "signature",
    [
        "",
        b"\xff\xfe",
        "<html>404</html>",
        OURS + "more\n",
        OURS.replace("trusted comment: tool", "comment: tool"),
        OURS.replace("untrusted comment", "comment", 1),
        OURS.replace("tool 1.0", "\udcff"),
        "x" * 20_000,
        b"\n" * 16_384,
        OURS.replace("=\n", "\n", 1),
    ],
)
def test_other_text_is_no_signature(signature: str | bytes) -> None:
    with pytest.raises(BadSignature):
        verify(DATA, signature, [KEY.public])


@pytest.mark.parametrize("comment", ["a\nb", "a\rb", "\0", "\x1b[2J", "x" * 9_000, "ü" * 5_000])
def test_a_comment_is_one_printable_line(comment: str) -> None:
    with pytest.raises(UsageError, match="comment"):
        sign(DATA, KEY, trusted_comment=comment)
    with pytest.raises(UsageError, match="comment"):
        sign(DATA, KEY, trusted_comment="", comment=comment)


def minisign(folder: Path, *arguments: str) -> None:
    if shutil.which("minisign") is None:
        assert os.environ.get("CI") != "true", "CI must have minisign"
        pytest.skip("minisign is not installed")
    subprocess.run(
        ["minisign", *arguments], cwd=folder, check=True, capture_output=True, timeout=30
    )


@pytest.mark.parametrize("comment", ["tool 1.0", "läs mich", "", "x" * 8_000])
def test_minisign_accepts_what_we_sign(tmp_path: Path, comment: str) -> None:
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "data.minisig").write_text(sign(DATA, KEY, trusted_comment=comment))
    (tmp_path / "key.pub").write_text(KEY.public.text())
    minisign(tmp_path, "-Vm", "data", "-p", "key.pub")
    minisign(tmp_path, "-VHm", "data", "-P", KEY.public.line)


@pytest.mark.parametrize("form", [[], ["-l"]])
def test_we_accept_what_minisign_signs_with_its_keys_and_ours(
    tmp_path: Path, form: list[str]
) -> None:
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "our.key").write_text(KEY.text())
    minisign(tmp_path, "-G", "-W", "-p", "its.pub", "-s", "its.key")
    its = SigningKey.parse((tmp_path / "its.key").read_text())
    assert its.public == PublicKey.parse((tmp_path / "its.pub").read_text())
    for name, public in (("our.key", KEY.public), ("its.key", its.public)):
        minisign(tmp_path, "-S", *form, "-s", name, "-m", "data", "-x", "data.sig")
        assert verify(DATA, (tmp_path / "data.sig").read_bytes(), [public]) == public
