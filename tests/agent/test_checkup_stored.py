"""Whether the store is sound, by a sample."""

from __future__ import annotations

from checkup_kit import codes
from fake_controller import CONTENT_A, CONTENT_B, entry

from mcastdist.agent.api import CacheReport
from mcastdist.agent.checkup.stored import SAMPLE_BYTES, look_at_store, sample_of


def test_the_sample_is_what_was_used_last_and_fits() -> None:
    old = entry("a", used=1.0, held_bytes=10)
    new = entry("b", used=3.0, held_bytes=SAMPLE_BYTES - 10)
    huge = entry("c", used=4.0, held_bytes=SAMPLE_BYTES + 1)
    middle = entry("d", used=2.0, held_bytes=11)

    assert [one.content for one in sample_of([old, new, huge, middle])] == ["b", "a"]


def test_of_large_packages_the_smallest_is_looked_at() -> None:
    sizes = {"a": SAMPLE_BYTES + 2, "b": SAMPLE_BYTES + 1, "c": SAMPLE_BYTES + 3, "empty": 0}
    entries = [entry(name, held_bytes=size) for name, size in sizes.items()]

    assert [one.content for one in sample_of(entries)] == ["b"]
    assert sample_of(entries[3:]) == []


async def test_a_sound_store() -> None:
    asked = []

    async def verify(content: str) -> CacheReport:
        asked.append(content)
        return CacheReport(checked=[content])

    found = await look_at_store([entry()], verify)

    assert codes(found) == ["store_sound"]
    assert asked == [CONTENT_A]


async def test_damage_is_told_by_name() -> None:
    async def verify(content: str) -> CacheReport:
        return CacheReport(damaged={content: 2})

    small = entry(CONTENT_B, name="app", version="2", held_bytes=1)
    [found] = await look_at_store([small], verify)

    assert (found.code, found.severity) == ("store_damaged", "warning")
    assert "2 of app 2" in found.sentence


async def test_an_empty_store_is_sound() -> None:
    async def verify(content: str) -> CacheReport:
        raise AssertionError(content)

    assert codes(await look_at_store([], verify)) == ["store_sound"]
