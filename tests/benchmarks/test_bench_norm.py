"""NORM's driver: what it says where something is missing, and what it would type."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from bench.lab import find_tool
from bench.peers import MULTICAST, Norm
from bench.peers.norm import receiving, sending
from bench.peers.normcast import BuildError, build, not_there

needs_compiler = pytest.mark.skipif(find_tool("g++") is None, reason="no g++")
PROGRAM = Path("normCast")


def test_norm_runs_after_udpcast() -> None:
    names = [peer.name for peer in MULTICAST]
    assert names.index("norm") == names.index("udpcast") + 1


def test_what_is_not_here_is_named_with_its_package(tmp_path: Path) -> None:
    header, source = tmp_path / "normApi.h", tmp_path / "normCast.cpp"

    assert not_there(header, (source,)) == "normApi.h not installed (Debian: libnorm-dev)"
    header.touch()
    assert not_there(header, (source,)) == "normCast.cpp not installed (Debian: libnorm-doc)"
    packed = tmp_path / "normCast.cpp.gz"
    packed.touch()
    reason = not_there(header, (source, packed))
    assert reason in (None, "g++ not installed (Debian: g++)")


@needs_compiler
def test_what_cannot_be_built_says_why(tmp_path: Path) -> None:
    source = tmp_path / "normCast.cpp"
    source.write_text("int main() { return nothing; }\n")

    with pytest.raises(BuildError, match="nothing"):
        build((source,), tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.skipif(not_there() is not None, reason="no libnorm-dev, libnorm-doc or g++")
def test_it_is_built_once_and_also_from_a_packed_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    source, cache = tmp_path / "normCast.cpp.gz", tmp_path / "cache"
    with gzip.open(source, "wb") as packed:
        packed.write(b"int main() { return 0; }\n")

    program = build((source,), cache)
    made_at = program.stat().st_mtime_ns

    assert build((source,), cache).stat().st_mtime_ns == made_at
    assert Norm().missing() is None


def test_the_sender_waits_for_each_receiver() -> None:
    command = sending(PROGRAM, Path("file"), range(2, 5), 194_000_000, 0)

    assert command[command.index("ack") + 1] == "2,3,4"
    assert command[command.index("rate") + 1] == "194000000"
    assert receiving(PROGRAM, 3, Path("inbox"))[1:5] == ["id", "3", "recv", Path("inbox")]


@pytest.mark.parametrize(("loss_permille", "unasked"), [(0, "0"), (10, "0"), (50, "10")])
def test_parity_is_sent_unasked_where_much_is_lost(loss_permille: int, unasked: str) -> None:
    command = sending(PROGRAM, Path("file"), range(2, 5), 194_000_000, loss_permille)

    assert command[command.index("auto") + 1] == unasked
