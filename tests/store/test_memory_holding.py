"""A holding and a staged file without a disk are as strict as those with one."""

from __future__ import annotations

from pathlib import Path

import pytest
from store_kit import Sample, noise, small_sample, tree

from mcastdist.errors import UnavailableError
from mcastdist.store import MemoryHolding, MemoryStaged


def held(sample: Sample) -> MemoryHolding:
    holding = MemoryHolding(sample.content, sample.table)
    holding.write(0, sample.payload)
    return holding


def test_what_is_written_is_proven_chunk_by_chunk() -> None:
    sample = small_sample(size=200)
    holding = MemoryHolding(sample.content, sample.table)
    assert holding.write(0, sample.payload[:100]).verified == [0]
    assert (holding.held_bytes, holding.complete) == (64, False)
    assert (holding.covers(0, 64), holding.covers(0, 65)) == (True, False)
    assert holding.read(64, 100) == sample.payload[64:100], "here, though not proven"
    with pytest.raises(UnavailableError, match=sample.content.short):
        holding.read(64, 101)
    assert holding.write(100, sample.payload[100:]).verified == [1, 2, 3]
    assert holding.complete


def test_wrong_bytes_are_named_and_not_kept() -> None:
    sample = small_sample(size=128)
    holding = MemoryHolding(sample.content, sample.table)
    absorbed = holding.write(0, bytes(64) + sample.payload[64:])
    assert (absorbed.bad, absorbed.verified) == ([0], [1])
    with pytest.raises(UnavailableError):
        holding.read(0, 1)
    holding.write(0, sample.payload)
    assert holding.read(0, 128) == sample.payload


@pytest.mark.parametrize(("offset", "size"), [(-1, 1), (128, 1), (1, 128)])
def test_nothing_is_written_outside(offset: int, size: int) -> None:
    sample = small_sample(size=128)
    with pytest.raises(ValueError, match="outside"):
        MemoryHolding(sample.content, sample.table).write(offset, bytes(size))


def test_the_set_given_out_is_a_copy() -> None:
    holding = held(small_sample())
    holding.verified.remove(0, 4)
    assert holding.complete


def test_all_there_is_is_delivered_once_it_is_complete(tmp_path: Path) -> None:
    sample = Sample(
        "a",
        {"bin/tool": noise("t", 90), "x": b""},
        {"l": "x"},
        mode=0o750,
        folders=("void/v", "bin"),
    )
    with pytest.raises(UnavailableError, match="not complete"):
        MemoryHolding(sample.content, sample.table).deliver(tmp_path / "dest")
    assert not (tmp_path / "dest").exists()
    told: list[int] = []
    for _ in range(2):
        held(sample).deliver(tmp_path / "dest", progress=told.append)
        assert tree(tmp_path / "dest") == {**sample.files, **sample.links}
    assert (tmp_path / "dest/void/v").is_dir()
    assert (tmp_path / "dest/bin/tool").stat().st_mode & 0o777 == 0o750
    assert told[-1] == 90


def test_users_are_counted() -> None:
    holding = held(small_sample())
    holding.users = 2
    holding.close()
    assert holding.users == 1


def test_a_staged_file_has_a_size_up_to_its_first_hole_once_synced() -> None:
    staged = MemoryStaged(lambda: None)
    staged.write(4, b"4567")
    staged.sync()
    assert (staged.size, list(staged.written)) == (0, [(4, 8)])
    staged.write(0, b"0123")
    assert staged.size == 0
    staged.sync()
    assert (staged.size, staged.read(2, 6)) == (8, b"2345")
    with pytest.raises(UnavailableError):
        staged.read(7, 9)


def test_a_discarded_one_is_empty_and_closed() -> None:
    closed: list[bool] = []
    staged = MemoryStaged(lambda: closed.append(True))
    staged.validator = '"etag"'
    staged.write(0, b"bytes")
    staged.sync()
    staged.discard()
    assert (staged.size, staged.validator, list(staged.written)) == (0, "", [])
    assert closed == [True]
