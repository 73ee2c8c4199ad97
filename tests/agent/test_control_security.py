"""Who gets in at the control API, and where does its token lie?"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from mcastdist.agent.control.security import (
    create_token,
    is_loopback,
    read_token,
    refusal,
    split_listen,
)
from mcastdist.errors import NotPermitted, UsageError

TOKEN = "s3cret-token"
GOOD = {"Host": "127.0.0.1:7448", "Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:7448", "127.8.8.8:1", "localhost", "LOCALHOST:7448", "[::1]:7448"],
)
def test_loopback_names_with_the_token_get_in(host: str) -> None:
    assert refusal({**GOOD, "Host": host}, TOKEN) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:7448",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.5:7448",
        "0.0.0.0:7448",
        "[::]:7448",
        "[2001:db8::1]:7448",
        "[::1",
        "127.0.0.1@evil.example",
        "2130706433",
    ],
)
def test_a_host_that_is_not_loopback_is_refused_at_both_doors(host: str) -> None:
    expected = None if host == "[::1" else 403  # a missing bracket still names loopback
    for token in (TOKEN, None):
        refused = refusal({**GOOD, "Host": host}, token)
        assert (refused.status if refused else None) == expected


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:7448", ""])
def test_a_web_page_is_refused_even_with_the_token(origin: str) -> None:
    for token in (TOKEN, None):
        refused = refusal({**GOOD, "Origin": origin}, token)
        assert refused is not None
        assert refused.status == 403


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        TOKEN,
        f"Basic {TOKEN}",
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN} ",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer  {TOKEN}",
        "Bearer \udcff",
        "Bearer é",
    ],
)
def test_a_wrong_token_is_told_where_the_right_one_is(authorization: str | None) -> None:
    headers = {"Host": "127.0.0.1"}
    if authorization is not None:
        headers["Authorization"] = authorization
    refused = refusal(headers, TOKEN)
    assert refused is not None
    assert refused.status == 401
    assert "control.token_file" in refused.sentence
    assert TOKEN not in refused.sentence


def test_the_door_without_a_token_asks_for_none() -> None:
    assert refusal({"Host": "localhost"}, None) is None


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        ("127.0.0.1:7448", ("127.0.0.1", 7448)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:80", ("::1", 80)),
    ],
)
def test_listen_is_split(listen: str, expected: tuple[str, int]) -> None:
    assert split_listen(listen) == expected


@pytest.mark.parametrize(
    "listen",
    ["", "7448", "127.0.0.1", "0.0.0.0:7448", "10.0.0.1:1", "host:1", "127.0.0.1:", "[::1]:x",
     "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:²", ":7448"],
)  # fmt: skip
def test_listen_elsewhere_is_refused_with_the_value(listen: str) -> None:
    with pytest.raises(UsageError) as caught:
        split_listen(listen)
    assert repr(listen) in str(caught.value)


def test_mapped_addresses_and_names_are_not_looked_up() -> None:
    assert not is_loopback("ip6-localhost")
    assert is_loopback("::1")


def test_the_token_is_private_new_each_time_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "state" / "control.token"
    first = create_token(path)
    second = create_token(path)
    assert first != second
    assert len(second) >= 40
    assert read_token(path) == second
    assert [found.name for found in path.parent.iterdir()] == ["control.token"]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_open_file_that_waits_for_the_token_does_not_stay_open(tmp_path: Path) -> None:
    path = tmp_path / "control.token"
    path.write_text("old")
    path.chmod(0o666)
    create_token(path)
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_a_token_that_cannot_be_written_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotPermitted, match=r"control\.token_file"):
        create_token(tmp_path / "file" / "control.token")


def test_no_token_file_means_no_agent(tmp_path: Path) -> None:
    assert read_token(tmp_path / "none") is None


@pytest.mark.parametrize("text", [b"", b"\n", b"two words", b"x" * 2000, b"\xff\xfe", b"a\x00b"])
def test_a_file_that_is_no_token_is_not_sent_anywhere(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "control.token"
    path.write_bytes(text)
    with pytest.raises(NotPermitted, match="control token"):
        read_token(path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_another_users_token_is_not_permitted(tmp_path: Path) -> None:
    path = tmp_path / "control.token"
    path.write_text("token")
    path.chmod(0)
    with pytest.raises(NotPermitted, match="as root"):
        read_token(path)
