"""What may be chosen about a run? Sizes, hosts, loss, rate, peers; the rest is as usual."""

from __future__ import annotations

import re
from dataclasses import dataclass

SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)
RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?)(?:bit|bps)?", re.IGNORECASE)
POWERS = "kmgt"
TIME_LIMIT_S_MIN, SLOWER_MAX = 30.0, 15.0  # a peer that hangs must not hold up all the others
REPEAT_FULL = 3  # a median of three is the least that survives one disturbed run


@dataclass(frozen=True, slots=True)
class Options:
    """None stands for the benchmark's own choice, which `quick` makes smaller."""

    quick: bool = False
    hosts: int | None = None
    bytes: int | None = None
    loss_permille: int | None = None
    rate_bps: int | None = None
    peers: tuple[str, ...] | None = None
    repeat: int | None = None

    def host_count(self, *, quick: int, full: int) -> int:
        """How many receivers."""
        return self.hosts or (quick if self.quick else full)

    def size(self, *, quick: int, full: int) -> int:
        """How many bytes of content."""
        return self.bytes or (quick if self.quick else full)

    def rate(self, usual_bps: int) -> int:
        """How fast a link is, or a stream may be, in bits a second."""
        return self.rate_bps or usual_bps

    def losses(self, *, quick: tuple[int, ...], full: tuple[int, ...]) -> tuple[int, ...]:
        """The losses to try, in permille."""
        if self.loss_permille is not None:
            return (self.loss_permille,)
        return quick if self.quick else full

    def turns(self, *, quick: int = 1, full: int = REPEAT_FULL) -> int:
        """How often each subject runs."""
        return self.repeat or (quick if self.quick else full)

    def wants(self, peer: str) -> bool:
        """True unless the peers were named, and this one was not."""
        return self.peers is None or peer in self.peers


def time_limit_s(size: int, rate_bps: float) -> float:
    """When a delivery of so many bytes at this rate is given up: the slowest peers need a tenth."""
    return max(TIME_LIMIT_S_MIN, SLOWER_MAX * size * 8 / rate_bps)


def parse_size(text: str) -> int:
    """Bytes of "64M" (powers of 1024, with or without "iB"). ValueError tells of nonsense."""
    found = SIZE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no size; say for example 64M or 1G")
    exponent = POWERS.index(found[2].lower()) + 1 if found[2] else 0
    return int(float(found[1]) * 1024**exponent)


def parse_rate(text: str) -> int:
    """Bits a second of "200M" (powers of 1000). ValueError tells of nonsense."""
    found = RATE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no rate; say for example 200M or 1Gbit")
    exponent = POWERS.index(found[2].lower()) + 1 if found[2] else 0
    return int(float(found[1]) * 1000**exponent)


def parse_loss(text: str) -> int:
    """Permille of "0.05" or "5%". ValueError tells of nonsense, and of what is no share."""
    share = float(text.strip().rstrip("%")) / (100 if "%" in text else 1)
    if not 0 <= share <= 1:
        raise ValueError(f"{text!r} is no loss; say for example 0.05 or 5%")
    return round(share * 1000)
