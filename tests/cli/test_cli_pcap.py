"""`mcastdist pcap`: the summary, the list, one frame, and what goes wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import capture_kit as kit
import pytest

pytest.importorskip("scapy", reason="scapy is in the extra `diag`")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return kit.write(tmp_path / "lan.pcap", kit.pcap(kit.everything()))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "cluster.key"
    path.write_text(kit.KEY.text())
    return path


def test_a_summary(terminal, file: Path) -> None:
    result = terminal.type("pcap", str(file))

    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("15 frames, ")
    assert "sealed" in result.stdout
    for kind in ("data", "parity", "control", "repair", "origin", "refused"):
        assert f"\n{kind} " in result.stdout


def test_messages_are_named_with_the_key(terminal, file: Path, key: Path) -> None:
    result = terminal.type("pcap", str(file), "--key-file", str(key), "--json")

    account = json.loads(result.stdout)
    assert account["messages"] == {"Seek": {"datagrams": 1, "bytes": 42 + len(kit.control())}}
    assert account["kinds"]["data"]["datagrams"] == 3
    assert account["sessions"][0]["parity"] == 2


def test_another_cluster_is_refused(terminal, file: Path) -> None:
    told = json.loads(terminal.type("pcap", str(file), "--cluster-id", "other", "--json").stdout)
    assert told["refused"]["cluster"]["count"] == 8
    assert told["sessions"] == []

    told = json.loads(
        terminal.type("pcap", str(file), "--cluster-id", kit.CLUSTER_ID, "--json").stdout
    )
    assert "cluster" not in told["refused"]


def test_another_port(terminal, tmp_path: Path) -> None:
    path = kit.write(tmp_path / "a", kit.pcapng([kit.udp(kit.stream(1)[0], port=9000)]))

    usual = terminal.type("pcap", str(path))
    assert "\ndata " not in usual.stdout
    assert "nothing came to UDP port 7447: --port" in usual.stderr
    told = terminal.type("pcap", str(path), "--port", "9000")
    assert "\ndata " in told.stdout
    assert told.stderr == ""


def test_a_list_has_a_line_for_each_datagram_on_our_port(terminal, file: Path, key: Path) -> None:
    lines = terminal.type("pcap", str(file), "--list", "--key-file", str(key)).stdout.splitlines()
    kinds = ["control", *["data"] * 3, *["parity"] * 2, "again", "copy", "refused"]

    assert [line.split("  ")[3] for line in lines] == kinds
    assert "Seek locator=" in lines[0]

    records = terminal.type("pcap", str(file), "--list", "--json").stdout.splitlines()
    assert [json.loads(record)["kind"] for record in records] == kinds


def test_one_frame_field_by_field(terminal, file: Path, key: Path) -> None:
    told = terminal.type("pcap", str(file), "--show", "1", "--key-file", str(key)).stdout
    assert "mcastdist control" in told
    assert "Seek locator=" in told

    none = terminal.type("pcap", str(file), "--show", "99")
    assert none.exit_code == 2
    assert "no frame 99" in none.stderr


def test_a_file_that_was_cut_is_counted_as_far_as_it_goes(terminal, tmp_path: Path) -> None:
    path = kit.write(tmp_path / "cut.pcap", kit.pcap(kit.everything())[:-5])
    result = terminal.type("pcap", str(path), "--json")

    assert result.exit_code == 4
    assert json.loads(result.stdout)["kinds"]["data"]["datagrams"] == 3
    assert "cut.pcap ends in the middle" in result.stderr


def test_what_is_no_capture_or_not_there(terminal, tmp_path: Path) -> None:
    other = kit.write(tmp_path / "other", b"hello, this is no capture")
    for path, why in ((other, "no capture"), (tmp_path / "none", "cannot be read")):
        result = terminal.type("pcap", str(path))
        assert result.exit_code == 2
        assert why in result.stderr


def test_without_scapy_it_says_what_to_install(
    terminal, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "scapy.utils", None)
    result = terminal.type("pcap", str(file))

    assert result.exit_code == 2
    assert "pip install 'mcastdist[diag]'" in result.stderr


def test_a_file_without_a_key_is_named(terminal, file: Path, tmp_path: Path) -> None:
    for name in ("lan.pcap", "none"):
        result = terminal.type("pcap", str(file), "--key-file", str(tmp_path / name))
        assert result.exit_code == 2
        assert "holds no cluster key" in result.stderr
