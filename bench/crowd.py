"""What do two hundred real agents say to one representative, and a thousand simulated ones?

Table E. Real processes on one bridge, 2 % loss at each: all complete, and the datagrams that reach
the representative a second are bounded. Then complaints alone, in memory: how many are said in one
round of repair, from ten receivers to a thousand, each with losses of its own.
"""

from __future__ import annotations

import math
from pathlib import Path
from random import Random

from mcastdist.ids import ContentId, SessionId
from mcastdist.repair import Needs
from mcastdist.wire import PORT, Need

from .content import Content
from .counters import Counters, Rates
from .figures import OURS
from .lab import Lab
from .options import Options
from .sheet import Sheet
from .streaming import stream_once

TABLE = "E"
AGENTS_QUICK, AGENTS = 24, 200
STREAM_BPS_QUICK = 24_000_000
STREAM_BPS = 6_000_000  # each receiver takes 3 % of a core of its own at half of this rate
LOSS_PERMILLE = 20
MIB = 1 << 20
TIMEOUT_S = 300.0
FEEDBACK_S_MAX = 200.0
SIMULATED = (10, 30, 100, 300, 1000)
SYMBOLS = 740  # of a block of 1 MiB
HOP_S = 0.001  # from one node to all others
ANSWER_S = 0.2  # after the first complaint all have been answered, and the round is over
ROUNDS_QUICK, ROUNDS = 10, 50
SEED = 11


def run(options: Options, sheet: Sheet, work: Path) -> None:
    """The real ones, then the simulated."""
    content = Content(work, options.size(quick=8 * MIB, full=4 * MIB))
    count = options.host_count(quick=AGENTS_QUICK, full=AGENTS)
    rate_bps = options.rate(STREAM_BPS_QUICK if options.quick else STREAM_BPS)
    case = f"{count} agents, {content.size // MIB} MiB at {rate_bps / 1e6:g} Mbit/s"
    with sheet.trial(case), Lab(count + 1) as lab:
        sheet.put(case, OURS, **_crowd(lab, content, work / "ours", rate_bps))
    sheet.aim(case, "feedback", f"≤ {FEEDBACK_S_MAX:g} /s", at_most=FEEDBACK_S_MAX)
    _simulate(sheet, ROUNDS_QUICK if options.quick else ROUNDS)


def _crowd(lab: Lab, content: Content, place: Path, rate_bps: int) -> dict[str, tuple[float, str]]:
    """Feedback is what the others send to the representative, or to all."""
    sender, *receivers = lab.hosts
    for host in receivers:
        lab.loss(host, LOSS_PERMILLE)
    feedback = f'iifname != "{sender.port}" meta l4proto udp udp dport {PORT}'
    with Rates(Counters(lab, {"feedback": feedback})) as rates:
        streamed = stream_once(
            lab, content, place, receivers,
            rate_bps=rate_bps, timeout_s=TIMEOUT_S, crowded=True,
        )  # fmt: skip
    memory = [each.peak_bytes for each in streamed.receivers]
    return {
        "time": (streamed.seconds, "s"),
        "feedback": (rates.per_s_max.get("feedback", 0.0), "/s"),
        "sent": (streamed.sent_bytes / content.size, "x content"),
        "memory_of_all": (sum(memory) / 2**30, "GiB"),
        "from_peers": (streamed.from_source("peer") / content.size, "x content"),
    }


def _simulate(sheet: Sheet, rounds: int) -> None:
    """Complaints a round grow like the logarithm of the crowd: that is what is checked."""
    for count in SIMULATED:
        rng = Random(SEED)
        said = [_complaints(count, rng) for _ in range(rounds)]
        sheet.put(f"{count} simulated", OURS, complaints=(sum(said) / rounds, "a round"))
    first = sheet.median(f"{SIMULATED[0]} simulated", OURS, "complaints") or 0.0
    limit = first * math.log(SIMULATED[-1]) / math.log(SIMULATED[0])
    says = f"≤ {limit:.1f}: grows no faster than log(n)"
    sheet.aim(f"{SIMULATED[-1]} simulated", "complaints", says, at_most=limit)


def _complaints(count: int, rng: Random) -> int:
    """How many complaints are said in one round: each lacks symbols of one block, and hears what
    the others say after a hop."""
    nodes = [
        Needs(session=SessionId(1), content=ContentId(bytes(32)), rng=Random(rng.random()))
        for _ in range(count)
    ]
    for node in nodes:
        missing = max(1, round(rng.gauss(0.02, 0.005) * SYMBOLS))
        node.update([(0, missing, SYMBOLS)], group_size=count, now=0.0)
    spoken: list[tuple[float, int, Need]] = []  # on the way: when it arrives, who said it, what
    said, answered_at = 0, math.inf
    while True:
        speaks_at, speaker = min((node.wake_at(), number) for number, node in enumerate(nodes))
        arrives_at = spoken[0][0] if spoken else math.inf
        if min(speaks_at, arrives_at) >= answered_at:
            return said
        if arrives_at <= speaks_at:
            _hear(nodes, *spoken.pop(0))
            continue
        nodes[speaker].wake(now=speaks_at)
        for need in nodes[speaker].drain():
            said += 1
            spoken.append((speaks_at + HOP_S, speaker, need))
            answered_at = min(answered_at, speaks_at + ANSWER_S)


def _hear(nodes: list[Needs], now: float, speaker: int, need: Need) -> None:
    for number, node in enumerate(nodes):
        if number != speaker:
            node.heard(need, now=now)
