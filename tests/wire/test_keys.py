"""The cluster key: its file, its id, what is derived from it, and that it never shows itself."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_samples import KEY

from mcastdist.errors import UsageError
from mcastdist.wire import ClusterKey

LINE = "mcastdist-cluster-key-v1:AAECAwQFBgcICQoLDA0ODw=="


def test_the_file_has_golden_text() -> None:
    assert KEY.text() == LINE + "\n"
    assert ClusterKey.parse(LINE) == KEY


def test_comments_and_space_are_for_people() -> None:
    assert ClusterKey.parse(f"# ours, 2025\r\n\r\n  {LINE}  \r\n# end\n") == KEY


@given(st.binary(min_size=16, max_size=64))
def test_any_key_survives_its_file(secret: bytes) -> None:
    assert ClusterKey.parse(ClusterKey(secret).text()) == ClusterKey(secret)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment",
        "AAECAwQFBgcICQoLDA0ODw==",
        LINE.replace("v1", "v2"),
        LINE + "\n" + LINE,
        LINE[:-1],
        LINE + "!",
        LINE.replace("AAEC", "AA C"),
        LINE.replace("AAEC", "\N{SNOWMAN}AEC"),
        "mcastdist-cluster-key-v1:",
        "mcastdist-cluster-key-v1:AAECAwQFBgcICQoLDA0O",  # 15 bytes
    ],
)
def test_what_is_no_key_file_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(UsageError) as refusal:
        ClusterKey.parse(text)
    assert "AwQFBgcICQoL" not in str(refusal.value)


def test_a_short_or_absurd_secret_is_refused() -> None:
    with pytest.raises(UsageError, match="this one has 15"):
        ClusterKey(bytes(15))
    with pytest.raises(UsageError, match="this one has 1025"):
        ClusterKey(bytes(1025))


def test_the_key_id_is_golden() -> None:
    assert KEY.key_id == hashlib.sha256(b"mcastdist key id" + bytes(range(16))).digest()[0] == 0x78


@pytest.mark.parametrize("length", [16, 32])
def test_derivation_is_hkdf_sha256_without_salt(length: int) -> None:
    prk = hmac.new(bytes(32), bytes(range(16)), hashlib.sha256).digest()
    expected = hmac.new(prk, b"some use\x01", hashlib.sha256).digest()[:length]
    assert KEY.derive(b"some use", length) == expected
    assert KEY.derive(b"another", length) != expected


def test_the_secret_is_not_shown() -> None:
    shown = f"{KEY!r} {KEY}"
    assert "0x78" in shown
    assert "AAEC" not in shown
    assert bytes(range(16)).hex() not in shown
    assert "\\x01" not in shown


def test_keys_are_equal_by_their_secret() -> None:
    assert ClusterKey(bytes(range(16))) == KEY
    assert hash(ClusterKey(bytes(range(16)))) == hash(KEY)
    assert ClusterKey(bytes(16)) != KEY
    assert bytes(range(16)) != KEY
