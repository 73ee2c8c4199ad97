"""Bodies kept open: whose turn, how many, how long."""

from __future__ import annotations

import asyncio
from typing import cast

from mcastdist.http_fetch.answers import Body
from mcastdist.http_fetch.asked import Asked
from mcastdist.http_fetch.headers import Validator
from mcastdist.http_fetch.parking import PARKED_MAX, Parking
from mcastdist.http_fetch.transfer import Transfer

V1 = Validator("ETag", '"v1"')


class FakeTransfer:
    """As much of a transfer as a parking lot sees."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.body = Body(0, None, None, False, V1)
        self.is_released = False

    def release(self) -> None:
        self.is_released = True


def put(parking: Parking, url: str, position: int = 100) -> FakeTransfer:
    fake = FakeTransfer(position)
    parking.put(url, cast(Transfer, fake))
    return fake


async def test_taken_once_by_who_reads_on() -> None:
    parking = Parking()
    fake = put(parking, "u")
    assert parking.take(Asked("other", 100, 200)) is None
    assert parking.take(Asked("u", 99, 200)) is None
    assert parking.take(Asked("u", 100, 200, None, Validator("ETag", '"v2"'))) is None
    assert parking.take(Asked("u", 150, 200, None, V1)) is fake
    assert parking.take(Asked("u", 150, 200)) is None
    parking.clear()
    assert not fake.is_released


async def test_one_a_url_and_a_few_in_all() -> None:
    parking = Parking()
    first = put(parking, "u")
    second = put(parking, "u")
    assert first.is_released
    others = [put(parking, str(number)) for number in range(PARKED_MAX)]
    assert second.is_released
    assert not any(one.is_released for one in others)
    parking.clear()
    assert all(one.is_released for one in others)


async def test_not_for_ever() -> None:
    parking = Parking(park_s=0.0)
    fake = put(parking, "u")
    for _ in range(3):
        await asyncio.sleep(0)
    assert fake.is_released
    assert parking.take(Asked("u", 100, 200)) is None
