"""A result as a benchmark might leave it: three runs, a peer, a miss, a failure."""

from __future__ import annotations

from bench.figures import OURS, Figure, Machine, Result, Row, Target

MACHINE = Machine(cpu="a <CPU>", cores=2, memory_gib=24.0, kernel="6.1", python="3.11.2")


def sample(benchmark: str = "raw", *, quick: bool = False) -> Result:
    """Ours reached the time, missed the CPU, and failed once; a peer stands beside it."""
    time = Figure(
        name="time", unit="s", values=[2.0, 1.0, 3.0], target=Target(at_most=2.5, says="≤ 2.5 s")
    )
    cpu = Figure(
        name="CPU", unit="s", values=[9.0], target=Target(at_most=1.0, says="≤ 1/6 of uftp's")
    )
    ours = Row(case="1 & 2", subject=OURS, figures=[time, cpu], failures=["OSError: <gone>"])
    theirs = Row(
        case="1 & 2", subject="uftp", figures=[Figure(name="time", unit="s", values=[10.0])]
    )
    return Result(
        benchmark=benchmark,
        question="How fast?",
        table="A",
        command="python -m bench run raw",
        commit="0123456789ab",
        machine=MACHINE,
        when="2026-01-02T03:04:05+00:00",
        seconds=12.0,
        load_before=0.5,
        quick=quick,
        rows=[ours, theirs],
        absent={"udpcast": "not installed"},
        remarks=["small"],
    )
