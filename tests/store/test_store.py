"""Who stays, who goes, and what a store remembers of damage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from store_kit import NO_LIMITS, NOW, QuickDisk, Sample, noise, sha256, small_sample, tree

from mcastdist.errors import NoSpace
from mcastdist.ids import Locator
from mcastdist.store import Disk, File, Store, StoreLimits
from mcastdist.store.quota import DAY_S
from mcastdist.store.refusals import refusals_about

LIMITS = StoreLimits(bytes_max=600, free_bytes_min=0)


def open_store(directory: Path, limits: StoreLimits = LIMITS, disk: Disk | None = None) -> Store:
    return Store(directory, limits, disk=disk or QuickDisk())


def names(store: Store) -> list[str]:
    return [entry.name for entry in store.entries()]


def test_the_quota_evicts_the_longest_unused_but_not_the_pinned(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        for at, name in enumerate("abc"):
            small_sample(name).keep(store, now=NOW + at)
        store.pin(small_sample("a").content)
        small_sample("d").keep(store, now=NOW + 9)
        assert names(store) == ["d", "c", "a"]
        assert store.usage().held_bytes == 600
        assert len(list((tmp_path / "packages").iterdir())) == 3


def test_use_keeps_a_package_young(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        for at, name in enumerate("abc"):
            small_sample(name).keep(store, now=NOW + at)
        sample = small_sample("a")
        holding = store.open_holding(sample.content, sample.table, now=NOW + 5)
        assert holding is not None
        holding.close()
        small_sample("d").keep(store, now=NOW + 9)
        assert names(store) == ["d", "a", "c"]


def test_what_is_being_filled_is_never_evicted(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        filling = small_sample("a", 400).begin(store, now=NOW)
        with pytest.raises(NoSpace, match="no room for b"):
            small_sample("b", 300).begin(store, now=NOW + 9 * DAY_S)
        filling.close()
        small_sample("b", 300).begin(store, now=NOW + 9 * DAY_S)
        assert names(store) == ["b"]


def test_what_is_too_large_evicts_nobody_and_leaves_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        small_sample("a").keep(store)
        with pytest.raises(NoSpace) as caught:
            small_sample("b", 601).begin(store)
        assert (caught.value.needed_bytes, caught.value.free_bytes) == (601, 600)
        assert names(store) == ["a"]


def test_the_version_an_update_builds_on_is_kept_as_long_as_possible(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        shared = noise("s", 128)
        Sample("a", {"s": shared, "x": b"1"}).keep(store, now=NOW)
        small_sample("b").keep(store, now=NOW + 1)
        small_sample("c").keep(store, now=NOW + 2)
        update = Sample("a", {"s": shared, "x": b"2"})
        assert update.begin(store, now=NOW + 3).reused_bytes == 128
        assert names(store) == ["a", "c", "a"]


def test_age_evicts_except_the_pinned_and_those_in_use(tmp_path: Path) -> None:
    with open_store(tmp_path, NO_LIMITS) as store:
        small_sample("plain").keep(store)
        small_sample("precached").keep(store, precached=True)
        small_sample("pinned").keep(store)
        store.pin(small_sample("pinned").content)
        using = small_sample("using").begin(store)
        assert store.gc(NOW + 3 * DAY_S - 1).removed == []
        freed = store.gc(NOW + 3 * DAY_S)
        assert (freed.removed, freed.freed_bytes) == ([small_sample("plain").content], 200)
        assert store.gc(NOW + 14 * DAY_S).removed == [small_sample("precached").content]
        using.close()
        store.unpin(small_sample("pinned").content)
        store.gc(NOW + 99 * DAY_S)
        assert names(store) == []


def test_limits_can_be_tightened_while_it_is_open(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        small_sample("a").keep(store)
        small_sample("b").keep(store, now=NOW + 1)
        store.limits = replace(LIMITS, bytes_max=399)
        assert store.gc(NOW + 2).removed == [small_sample("a").content]


def test_everything_is_remembered_across_a_restart(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        small_sample("a").keep(store, precached=True)
        store.pin(small_sample("a").content)
        half = small_sample("b").begin(store, now=NOW + 1)
        half.write(0, noise("b", 200)[:64])
        before = [replace(entry, in_use=False) for entry in store.entries()]
        before[0] = replace(before[0], held_bytes=64)
    with open_store(tmp_path) as store:
        assert store.entries() == before, "closing commits what was still open"


def test_a_better_signature_and_a_damaged_manifest_are_put_right(tmp_path: Path) -> None:
    sample = small_sample()
    with open_store(tmp_path) as store:
        store.begin(
            sample.content, sample.table, sample.manifest, b"",
            name="a", version="1", sequence=1, precached=False, now=NOW,
        ).close()  # fmt: skip
        assert not store.entries()[0].signed
        (tmp_path / "packages" / sample.content.hex() / "manifest").write_bytes(b"damaged")
        assert store.manifest(sample.content) is None
        sample.begin(store).close()
        assert store.manifest(sample.content) == (sample.manifest, b"signature")
        assert store.entries()[0].signed


@pytest.mark.parametrize("name", ["journal", "payload"])
def test_a_package_damaged_beyond_use_is_thrown_away_and_named(tmp_path: Path, name: str) -> None:
    sample, other = small_sample("a"), small_sample("b")
    with open_store(tmp_path) as store:
        sample.keep(store)
        other.keep(store)
    (tmp_path / "packages" / sample.content.hex() / name).unlink()
    with open_store(tmp_path) as store:
        assert store.damaged == [sample.content]
        assert names(store) == ["b"]
        assert sample.begin(store).held_bytes == 0


def test_strangers_in_the_packages_directory_do_not_stop_it(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    (tmp_path / "packages/lost+found/x").mkdir(parents=True)
    (tmp_path / "packages/a file").write_bytes(b"")
    with open_store(tmp_path) as store:
        assert store.damaged == []
        assert names(store) == []


class Full(QuickDisk):
    """No room for payloads of other than 200 bytes."""

    def allocate(self, file: File, size: int) -> None:
        with refusals_about(file.path):
            if size != 200:
                raise OSError(28, "No space left on device")
        super().allocate(file, size)


def test_a_disk_that_fills_up_at_the_last_moment_leaves_nothing_half(tmp_path: Path) -> None:
    with open_store(tmp_path, disk=Full()) as store:
        small_sample("a").keep(store)
        with pytest.raises(NoSpace):
            small_sample("b", 201).begin(store)
        assert names(store) == ["a"]
        assert len(list((tmp_path / "packages").iterdir())) == 1


class NoRename(QuickDisk):
    is_broken = False

    def rename(
        self,
        old: Path,
        new: Path,
        *,
        old_folder: int | None = None,
        new_folder: int | None = None,
    ) -> None:
        with refusals_about(new):
            if self.is_broken and old.suffix == ".new":
                raise OSError(28, "No space left on device")
        super().rename(old, new, old_folder=old_folder, new_folder=new_folder)


def test_adopting_that_fails_keeps_the_download(tmp_path: Path) -> None:
    locator = Locator.of_url("https://origin/a")
    disk, sample = NoRename(), small_sample()
    with open_store(tmp_path, disk=disk) as store:
        staged = store.stage(locator, 200)
        staged.write(0, sample.payload)
        disk.is_broken = True
        with pytest.raises(NoSpace):
            sample.adopt(store, staged)
        disk.is_broken = False
        again = store.stage(locator, 200)
        assert again.size == 200
        assert sample.adopt(store, again).complete


def test_ten_thousand_small_files(tmp_path: Path) -> None:
    files = {f"d{n % 40:02}/file-{n}.py": b"%d\n" % n for n in range(10_000)}
    sample = Sample("many", files, chunk_bytes=1 << 16)
    # One chunk for all of them, as a packer would make it.
    sample.table.spans = [(0, len(sample.payload))]
    sample.table.digests = [sha256(sample.payload)]
    with open_store(tmp_path / "store", NO_LIMITS) as store:
        holding = sample.begin(store)
        holding.write(0, sample.payload)
        holding.deliver(tmp_path / "dest")
        assert tree(tmp_path / "dest") == files
        holding.deliver(tmp_path / "dest")
