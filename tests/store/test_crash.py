"""The power goes at every single change to the disk; nothing that was promised is lost.

A script of all that a store does runs once to count its changes to the file system. Then it runs
once for each of them and each way to lose power, up to that change; the directory is opened again,
and every promise the script had been given by then is checked, and the script finished.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from figure_book import Figure
from store_kit import (
    NO_LIMITS,
    NOW,
    Crash,
    CrashingDisk,
    QuickDisk,
    Sample,
    noise,
    tree,
)

from mcastdist.ids import Locator
from mcastdist.store import Store, batch

LOCATOR = Locator.of_url("https://origin/c.iso")
SHARED = noise("shared", 150)
OLD = Sample(
    "p",
    {"same": SHARED, "sub/deep/x": noise("old x", 200), "empty": b""},
    {"l": "same"},
    folders=("void/old",),
)
NEW = Sample(
    "p",
    {"same": SHARED, "sub/deep/x": noise("new x", 90), "y": b"y"},
    {"l": "sub/deep/x"},
    folders=("sub/void", "void/new"),
)
FILE = Sample("c.iso", {"c.iso": noise("c", 300)})

POWER_CUTS: dict[str, dict[str, Any]] = {
    "everything written survives": {},
    "the last write is torn": {"torn": True},
    "bytes not synced are lost": {"loses_data": True},
    "bytes and names not synced are lost": {"loses_data": True, "loses_names": True},
    "some of what is not synced is lost": {"loses_data": True, "loses_names": True, "keeps": 0.5},
}


@dataclass
class Promises:
    """What the store has said is durable."""

    chunks: dict[bytes, int] = field(default_factory=dict)  # content -> verified chunks
    sequence: int = 0
    is_bound: bool = False
    is_pinned: bool = False
    staged_bytes: int = 0
    delivered: list[Sample] = field(default_factory=list)
    removing: set[bytes] = field(default_factory=set)  # asked to; may be here or not
    removed: set[bytes] = field(default_factory=set)


def script(directory: Path, disk: CrashingDisk, promises: Promises) -> None:
    """Everything a store does."""
    store = Store(directory / "store", NO_LIMITS, disk=disk)
    holding = OLD.begin(store)
    holding.write(0, OLD.payload[:214])
    holding.commit()
    promises.chunks[OLD.content] = 4
    store.note_sequence("p", 1)
    promises.sequence = 1
    holding.write(214, OLD.payload[214:])
    holding.commit()
    promises.chunks[OLD.content] = OLD.table.chunk_count
    holding.deliver(directory / "dest" / "here")
    promises.delivered.append(OLD)
    update = NEW.begin(store)
    promises.chunks[NEW.content] = 3
    update.write(150, NEW.payload[150:])
    update.commit()
    promises.chunks[NEW.content] = NEW.table.chunk_count
    store.bind(LOCATOR, NEW.content)
    promises.is_bound = True
    store.note_sequence("p", 2)
    promises.sequence = 2
    update.deliver(directory / "dest" / "here")
    promises.delivered.append(NEW)
    store.pin(NEW.content)
    promises.is_pinned = True
    staged = store.stage(LOCATOR, 300)
    staged.write(0, FILE.payload[:100])
    staged.sync()
    promises.staged_bytes = 100
    staged.write(100, FILE.payload[100:])
    staged.sync()
    promises.staged_bytes = 300
    file = FILE.adopt(store, staged)
    promises.chunks[FILE.content] = FILE.table.chunk_count
    file.close()
    holding.close()
    promises.removing.add(OLD.content)
    store.remove(OLD.content)
    promises.removed.add(OLD.content)
    promises.removing.add(FILE.content)
    store.gc(NOW + 30 * 86_400)
    promises.removed.add(FILE.content)
    update.close()
    store.close()


def check(directory: Path, promises: Promises) -> None:
    """Open the directory as the crash left it, and hold it to its promises."""
    with Store(directory / "store", NO_LIMITS, disk=QuickDisk()) as store:
        assert store.damaged == []
        assert store.highest_sequence("p") >= promises.sequence
        if promises.is_bound:
            assert store.lookup(LOCATOR) == NEW.content
        for sample in (OLD, NEW, FILE):
            check_package(store, sample, promises)
        check_staged(store, promises)
        dest = directory / "dest" / "here"
        check_delivered(dest, promises)
        finish(store, dest)


def check_package(store: Store, sample: Sample, promises: Promises) -> None:
    holding = store.open_holding(sample.content, sample.table, now=NOW)
    if holding is None:
        assert sample.content in promises.removing or sample.content not in promises.chunks
        return
    assert sample.content not in promises.removed
    assert holding.verify_all() == [], "a record of a chunk that is not there"
    assert holding.verified.count >= promises.chunks.get(sample.content, 0)
    for start, stop in holding.verified:
        span = sample.table.chunk_span(start)[0], sample.table.chunk_span(stop - 1)[1]
        assert holding.read(*span) == sample.payload[slice(*span)]
    signature = b"" if sample is FILE else b"signature"
    assert store.manifest(sample.content) == (sample.manifest, signature)
    if sample is NEW and promises.is_pinned:
        assert next(each for each in store.entries() if each.content == NEW.content).pinned
    holding.close()


def check_staged(store: Store, promises: Promises) -> None:
    is_adopted = any(entry.content == FILE.content for entry in store.entries())
    staged = store.stage(LOCATOR, None)
    assert staged.read(0, staged.size) == FILE.payload[: staged.size]
    if not is_adopted and FILE.content not in promises.removing:
        assert staged.size >= promises.staged_bytes
    staged.close()


def check_delivered(dest: Path, promises: Promises) -> None:
    found = tree(dest) if dest.exists() else {}
    final = {name: what for name, what in found.items() if not name.startswith(".mcastdist-")}
    for name, what in final.items():
        wholes = [{**s.files, **s.links}.get(name) for s in (OLD, NEW)]
        assert what in wholes, f"{name} is neither the old nor the new one"
    for sample in promises.delivered[-1:]:
        must: dict[str, bytes | str] = {**sample.files, **sample.links}
        for name, what in must.items():
            if sample is NEW or not promises.chunks.get(NEW.content):
                assert final[name] == what
            assert name in final
        for name in sample.folders:
            assert (dest / name).is_dir()


def finish(store: Store, dest: Path) -> None:
    holding = NEW.begin(store)
    holding.write(0, NEW.payload)
    holding.deliver(dest)
    holding.close()
    found = tree(dest)
    assert not [name for name in found if name.startswith(".mcastdist-")]
    assert {name: found[name] for name in {**NEW.files, **NEW.links}} == {**NEW.files, **NEW.links}
    assert all((dest / name).is_dir() for name in NEW.folders)


def run(
    directory: Path,
    make: Callable[[Path], CrashingDisk],
    script: Callable[[Path, CrashingDisk, Promises], None] = script,
) -> tuple[CrashingDisk, Promises]:
    saved = directory / "saved"
    saved.mkdir(parents=True)
    disk, promises = make(saved), Promises()
    with contextlib.suppress(Crash):
        script(directory, disk, promises)
    disk.power_off()
    return disk, promises


def test_the_script_itself_runs_through(tmp_path: Path) -> None:
    disk, promises = run(tmp_path, CrashingDisk)
    assert promises.removed == {OLD.content, FILE.content}
    check(tmp_path, promises)
    assert disk.count > 100


@pytest.mark.parametrize("power_cut", POWER_CUTS)
def test_a_power_cut_at_every_change(tmp_path: Path, power_cut: str, figure: Figure) -> None:
    total = run(tmp_path / "count", CrashingDisk)[0].count
    for n in range(1, total + 1):
        directory = tmp_path / str(n)
        _, promises = run(directory, lambda saved: CrashingDisk(saved, n, **POWER_CUTS[power_cut]))  # noqa: B023
        try:
            check(directory, promises)
        except BaseException as error:
            error.add_note(f"power cut at change {n} of {total}: {power_cut}")
            raise
    figure("crash points", total)


MANY_OLD = Sample("m", {f"{n // 4}/{n}": noise(f"old {n}", 40) for n in range(12)})
MANY_NEW = Sample(
    "m", {f"{n // 4}/{n}": noise(f"{'new' if n % 3 else 'old'} {n}", 40) for n in range(16)}
)


def deliver_twice(directory: Path, disk: CrashingDisk, promises: Promises) -> None:
    """Many small files, and then their update in the same place."""
    with Store(directory / "store", NO_LIMITS, disk=disk) as store:
        for sample in (MANY_OLD, MANY_NEW):
            holding = sample.begin(store)
            holding.write(0, sample.payload)
            holding.deliver(directory / "dest")
            promises.delivered.append(sample)
            holding.close()


@pytest.mark.parametrize("at_once", [True, False], ids=["by one call", "one by one"])
@pytest.mark.parametrize("power_cut", POWER_CUTS)
def test_a_power_cut_while_many_files_become_durable_together(
    tmp_path: Path,
    power_cut: str,
    at_once: bool,
    monkeypatch: pytest.MonkeyPatch,
    figure: Figure,
) -> None:
    monkeypatch.setattr(batch, "FEW_FILES", 3)  # so that twelve are many
    how = {**POWER_CUTS[power_cut], "syncs_at_once": at_once}
    whole, _ = run(tmp_path / "count", lambda saved: CrashingDisk(saved, **how), deliver_twice)
    for n in range(1, whole.count + 1):
        directory = tmp_path / str(n)
        _, promises = run(directory, lambda saved: CrashingDisk(saved, n, **how), deliver_twice)  # noqa: B023
        found = tree(directory / "dest") if (directory / "dest").exists() else {}
        for name, what in found.items():
            if not name.startswith(".mcastdist-"):
                assert what in (MANY_OLD.files.get(name), MANY_NEW.files[name]), f"{name}, cut {n}"
        if promises.delivered:
            assert set(promises.delivered[-1].files) <= set(found), f"cut {n}"
        if len(promises.delivered) > 1:
            assert {name: found[name] for name in MANY_NEW.files} == MANY_NEW.files, f"cut {n}"
    figure("crash points", whole.count)
