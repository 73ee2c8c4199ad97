"""What did a job leave behind? Records, traces, and what all of them together must show."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from bench.lab import Agents, Host, Package, Run
from mcastdist.agent.trace_file import read_trace
from mcastdist.tracing import Event

JOB_S_MAX = 60.0  # a job of 64 MiB takes 10 s here; a machine with others on it may be far slower
LOOK_S = 0.1
PAYLOAD_COPIES_MAX = 1.01  # the payload once, and the little that a resumed request asks again
WAN_COPIES_MAX = 1.06  # the same on the wire: 66 bytes of headers on 1,448, and the manifest
WAN6_COPIES_MAX = 1.075  # with IPv6: 86 bytes of headers on 1,428

Record = dict[str, Any]
Found = TypeVar("Found")


def records(runs: Sequence[Run], timeout_s: float = JOB_S_MAX) -> list[Record]:
    """The final records, in order, of runs that have all ended well before `timeout_s` is over."""
    give_up_at = time.monotonic() + timeout_s
    found = []
    for run in runs:
        record = run.record(max(0.0, give_up_at - time.monotonic()))
        assert run.process.returncode == 0, f"{run}: {record}{run.log.read_text()[-2000:]}"
        found.append(record)
    return found


def assert_delivered(package: Package, agents: Agents, hosts: Iterable[Host]) -> None:
    """Each host's `dest` holds exactly the files that were published."""
    wrong = {host.name: package.differences(agents.home(host) / "dest") for host in hosts}
    assert not any(wrong.values()), {name: found[:5] for name, found in wrong.items() if found}


def came_from(record: Record) -> dict[str, int]:
    """The sources that gave something, with their bytes."""
    return {source: count for source, count in record["bytes_by_source"].items() if count}


def assert_all_accounted(package: Package, found: Iterable[Record]) -> None:
    """Every byte of the payload is counted, once, under the source it came from."""
    for record in found:
        assert sum(record["bytes_by_source"].values()) == package.payload_bytes, record


def of_role(found: Mapping[str, Record], role: str) -> list[str]:
    """The names of the hosts that had this role in the end."""
    return [name for name, record in found.items() if record["role"] == role]


def events(agents: Agents, host: Host, name: str, **fields: object) -> list[Event]:
    """The events of this name in a host's trace so far that have these fields."""
    path = agents.trace(host)
    if not path.exists():
        return []
    return [
        event
        for event in read_trace(path)
        if event.name == name and fields.items() <= event.fields.items()
    ]


def await_event(
    agents: Agents, hosts: Sequence[Host], name: str, timeout_s: float = 20.0, **fields: object
) -> tuple[Host, Event]:
    """The first such event in any host's trace, and whose; traces are written once a second."""

    def first() -> tuple[Host, Event] | None:
        found = [(host, each) for host in hosts for each in events(agents, host, name, **fields)]
        return min(found, key=lambda pair: float(str(pair[1].fields["t"])), default=None)

    return await_true(first, f"{name} {fields}", timeout_s)


def await_representative(agents: Agents, hosts: Sequence[Host]) -> Host:
    """The host that was elected first, as soon as its trace says so."""
    return await_event(agents, hosts, "election.role", new="leading")[0]


def await_true(look: Callable[[], Found | None], what: str, timeout_s: float = 20.0) -> Found:
    """The first answer of `look` that is one. AssertionError naming `what` if none comes."""
    give_up_at = time.monotonic() + timeout_s
    while not (found := look()):
        assert time.monotonic() < give_up_at, f"not within {timeout_s} s: {what}"
        time.sleep(LOOK_S)
    return found
