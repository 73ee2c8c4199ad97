from __future__ import annotations

import base64
import os
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcastdist.errors import UsageError
from mcastdist.manifest import PublicKey, SigningKey

# Made by minisign 0.11 for this test (`minisign -G -W`); it signs nothing else.
MINISIGN_PUB = """untrusted comment: minisign public key 9C4F2F6D02804578
RWR4RYACbS9PnFBWRblfmJ3u/cHj4GP3D+I3U89IomI/24lG0qOtxKr1
"""
MINISIGN_KEY = (
    "untrusted comment: minisign encrypted secret key\n"
    "RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAeEWAAm0vT5wuCedqqYIdabc"
    "pT1sAQuaFcW6RWJ2eEasaPOO5Q7/PG1BWRblfmJ3u/cHj4GP3D+I3U89IomI/24lG0qOtxKr1AAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAA=\n"
)


def new_key(seed: int = 1) -> SigningKey:
    return SigningKey.generate(Random(seed).randbytes)


def secret_bytes() -> bytearray:
    return bytearray(base64.b64decode(new_key().text().splitlines()[1]))


def secret_text(data: bytes) -> str:
    return "untrusted comment: x\n" + base64.b64encode(data).decode()


def test_keys_of_minisign_are_read() -> None:
    public = PublicKey.parse(MINISIGN_PUB)
    assert public.name == "9C4F2F6D02804578"
    assert public.text() == MINISIGN_PUB
    assert SigningKey.parse(MINISIGN_KEY).public == public


def test_a_key_survives_its_file() -> None:
    key = new_key()
    assert SigningKey.parse(key.text()) == key
    assert PublicKey.parse(key.public.text()) == key.public
    assert SigningKey.parse(key.text().replace("\n", "\r\n")) == key


def test_the_base64_line_alone_is_a_public_key() -> None:
    public = new_key().public
    assert PublicKey.parse(public.line) == PublicKey.parse(f"  {public.line}\n\n") == public


def test_each_generated_key_is_another() -> None:
    assert SigningKey.generate(os.urandom) != SigningKey.generate(os.urandom)


def test_the_seed_is_never_shown() -> None:
    key = new_key()
    assert "seed" not in repr(key)
    assert repr(key.seed) not in repr(key)


@given(st.text(max_size=100))
def test_other_text_is_no_key(text: str) -> None:
    for parse in (PublicKey.parse, SigningKey.parse):
        with pytest.raises(UsageError, match="key"):
            parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "untrusted comment: x\n",
        "untrusted comment: x\n!!!!\n",
        "untrusted comment: x\nRWR4\n",
        "RWR4\nRWR4\n",
        MINISIGN_PUB * 2,
        MINISIGN_PUB.replace("RWR4", "RWT4", 1).replace("RWT4", "RXR4"),
        "ä",
        "A" * 10_000_000,
    ],
)
def test_damaged_public_keys_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        PublicKey.parse(text)


def test_a_secret_key_given_as_public_one_is_told_so_and_not_quoted() -> None:
    text = new_key().text()
    with pytest.raises(UsageError, match="secret") as caught:
        PublicKey.parse(text)
    assert text.splitlines()[1] not in str(caught.value)


def test_a_public_key_is_no_secret_key() -> None:
    with pytest.raises(UsageError, match="no minisign secret key"):
        SigningKey.parse(MINISIGN_PUB)


def test_a_key_with_a_password_is_refused_with_advice() -> None:
    data = secret_bytes()
    data[2:4] = b"Sc"
    with pytest.raises(UsageError, match="password"):
        SigningKey.parse(secret_text(data))


def test_each_flipped_bit_of_a_secret_key_that_matters_is_noticed() -> None:
    data = secret_bytes()
    ignored = range(6, 54)  # salt and limits of a password that is not there
    for bit in range(len(data) * 8):
        if bit // 8 in ignored:
            continue
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(UsageError):
            SigningKey.parse(secret_text(flipped))
