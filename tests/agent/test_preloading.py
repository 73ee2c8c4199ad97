"""What is here in part counts as received."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from agent_kit import BLOCK, CHUNK, admit, fill, held, make_library, noise, publish
from stream_kit import SYMBOL_BYTES, Channel, receiving_side, sending_side, wait_until

from mcastdist.agent.library import Library
from mcastdist.agent.preloading import AHEAD_BLOCKS, Preloader, local_symbols
from mcastdist.wire import split

# Ten files of 0.7 MiB: most blocks hold parts of two. The update has another second file.
FILES = {f"f{n}": noise(f"f{n}", 7 * BLOCK // 10) for n in range(10)}
OLD = publish(FILES)
NEW = publish(FILES | {"f1": noise("changed", 7 * BLOCK // 10)}, version="2", sequence=2)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = make_library(tmp_path / "store")
    yield library
    library.close_all()


def test_the_symbols_are_those_that_the_sender_would_send(library: Library) -> None:
    held(library, OLD)
    package = admit(library, NEW, url="http://origin/app-2.mcd")
    stream = receiving_side(package)
    assert package.partial_blocks() == [0, 1]

    for block in package.partial_blocks():
        have, rows = local_symbols(stream, package, block)
        start, stop = stream.geometry.block_span(block)
        truth = split(package.seal.seal(block, NEW.payload[start:stop]), SYMBOL_BYTES)
        assert 0 < have.sum() < stream.geometry.symbols(block)
        assert np.array_equal(rows[have], truth[have])


def test_a_block_of_which_little_is_here_gives_no_symbols(library: Library) -> None:
    tiny = publish({"a": b"x" * 700, "b": noise("b", BLOCK)})
    package = admit(library, tiny)
    fill(package, tiny.payload, [(0, 700)])
    have, _ = local_symbols(receiving_side(package), package, 0)

    assert not have.any()


def test_the_end_of_a_block_waits_for_its_seal(library: Library) -> None:
    package = admit(library, OLD)
    fill(package, OLD.payload, [(6 * BLOCK, 7 * BLOCK)])  # the last chunks, and a part of block 6
    block = package.geometry.block_count - 1
    have, _ = local_symbols(receiving_side(package), package, block)

    assert have.any()
    assert not have[-1]


def test_an_update_needs_less_of_the_stream(library: Library, tmp_path: Path) -> None:
    """Only what changed is asked for: the representative may as well send that alone."""
    held(library, OLD)
    package = admit(library, NEW, url="http://origin/app-2.mcd")
    stream = receiving_side(package)
    preloader = Preloader(stream, package)
    assert preloader.begin(0)
    preloader.load()

    assert stream.receiver is not None
    stream.receiver.passed(7, 0.0)
    lacking = dict(stream.receiver.lacking(10.0))
    whole = sum(stream.geometry.symbols(block) for block in (0, 1))
    assert set(lacking) == {0, 1}
    assert sum(lacking.values()) + preloader.symbols == whole
    changed = 7 * BLOCK // 10 + 2 * CHUNK  # at most two chunks are cut where files meet
    assert sum(lacking.values()) * SYMBOL_BYTES < changed


def test_blocks_are_loaded_shortly_before_the_stream_comes(library: Library) -> None:
    package = admit(library, OLD)
    preloader = Preloader(receiving_side(package), package)
    preloader._blocks = [2, 5, 30, 31, 60]
    loaded: list[int] = []
    preloader._load = loaded.append

    assert preloader.begin(0)
    assert not preloader.begin(0)  # under way
    preloader.load()
    assert loaded == [2, 5]
    assert not preloader.begin(30 - AHEAD_BLOCKS)
    assert preloader.begin(31)
    preloader.load()
    assert loaded == [2, 5, 31]  # 30 has passed: peers bring it whole


def test_a_block_that_cannot_be_read_is_left_to_the_stream(library: Library) -> None:
    held(library, OLD)
    package = admit(library, NEW, url="http://origin/app-2.mcd")
    preloader = Preloader(receiving_side(package), package)
    package.holding._payload.close()
    assert preloader.begin(0)
    preloader.load()

    assert preloader.symbols == 0
    assert not preloader._busy.is_set()


def test_a_real_stream_completes_what_was_here_in_part(library: Library, tmp_path: Path) -> None:
    other = make_library(tmp_path / "sender")
    package = held(other, NEW)
    held(library, OLD)
    partly = admit(library, NEW, url="http://origin/app-2.mcd")
    channel = Channel()
    theirs = receiving_side(partly)
    receiving = channel.receive(theirs, partly)
    stream = sending_side(package)
    channel.send(stream, package)
    wait_until(lambda: receiving._preloader.symbols > 0)
    channel.stream_until(stream, range(7), lambda: partly.holding.complete)

    assert set(channel.reports.blocks) == {0, 1}
    assert theirs.receiver is not None
    assert theirs.receiver.counters.duplicate > 0
    shares = sum(share["multicast"] for share in channel.reports.shares.values())
    assert shares < 2 * BLOCK
    channel.close()
    other.close_all()
