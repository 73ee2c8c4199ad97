"""How many datagrams of which kind cross the switch? Counted by the kernel, not by us."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from .lab import Lab

TABLE = "bench_count"
SAMPLE_S = 0.5

RULES = """
table bridge {table} {{
{counters}
  chain seen {{
    type filter hook prerouting priority -390;
{rules}
  }}
}}
"""


class Counters:
    """Named counts of frames as they enter the switch; `kinds`: name -> what nft(8) matches."""

    def __init__(self, lab: Lab, kinds: Mapping[str, str]) -> None:
        self._lab = lab
        counters = "\n".join(f"  counter {name} {{ }}" for name in kinds)
        rules = "\n".join(f"    {match} counter name {name}" for name, match in kinds.items())
        text = RULES.format(table=TABLE, counters=counters, rules=rules)
        lab.router.run(["nft", "-f", "-"], text_in=text)

    def packets(self) -> dict[str, int]:
        """How many of each kind until now."""
        command = ["nft", "-j", "list", "counters", "table", "bridge", TABLE]
        listed = json.loads(self._lab.router.run(command).stdout)["nftables"]
        counters = [entry["counter"] for entry in listed if "counter" in entry]
        return {counter["name"]: int(counter["packets"]) for counter in counters}


class Rates:
    """The most of each kind in any half second, while the `with` lasts."""

    def __init__(self, counters: Counters) -> None:
        self.per_s_max: dict[str, float] = {}
        self._counters = counters
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        before = self._counters.packets()
        while not self._over.wait(SAMPLE_S):
            now = self._counters.packets()
            for kind, count in now.items():
                rate = (count - before[kind]) / SAMPLE_S
                self.per_s_max[kind] = max(rate, self.per_s_max.get(kind, 0.0))
            before = now
