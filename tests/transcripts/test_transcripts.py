"""Whole conversations, reviewed as text: from the first query to the last word."""

from __future__ import annotations

from collections.abc import Callable

from conversation import Conversation
from segment import Link

from mcastdist.ids import NodeId

Transcript = Callable[[str, str], None]


def _segment(**config: object) -> Conversation:
    return Conversation(
        nodes=3, seed=7, blocks=6, delay_s=1.0, min_receivers=2, stream_bps=1_000_000, **config
    )


def test_from_start_to_finish(transcript: Transcript) -> None:
    segment = _segment()
    segment.note("all three get the task")
    segment.start()
    segment.run_until(20.0)
    segment.check_bytes()
    assert segment.unfinished() == []
    transcript("start_to_finish", segment.text())


def test_the_representative_is_killed_while_it_streams(transcript: Transcript) -> None:
    segment = Conversation(
        nodes=4, seed=7, blocks=24, delay_s=0.5, stream_bps=400_000, wan_bps=400_000
    )
    segment.note("all four get the task")
    segment.start()
    segment.run_until(1.2)
    (representative,) = segment.representatives
    segment.note(f"kill {representative}")
    segment.kill(representative)
    segment.run_until(30.0)
    segment.check_bytes()
    assert segment.unfinished() == []
    assert segment.wan_copies <= 1.4  # what only the dead had received comes once more
    transcript("kill_the_representative", segment.text())


def test_one_receiver_loses_a_little(transcript: Transcript) -> None:
    """It complains about what it misses of each block, and parity answers."""
    segment = _segment()
    segment.note("all three get the task; one datagram in ten is lost on its way to node 2")
    segment.links[NodeId(2)] = Link(loss=0.1)
    segment.start()
    segment.run_until(20.0)
    segment.check_bytes()
    assert segment.unfinished() == []
    transcript("one_loses_a_little", segment.text())
