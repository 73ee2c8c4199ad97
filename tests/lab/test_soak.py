"""Does an agent that works and works stay as it is? A minute of `python -m bench soak`."""

from __future__ import annotations

from pathlib import Path

from bench.soak import ROUNDS_MIN, soak

MINUTES = 0.75
SEED = 4


def test_a_minute_of_tasks_kills_and_losses_leaves_the_agent_as_it_was(tmp_path: Path) -> None:
    """The hour is `python -m bench soak`."""
    story = soak(MINUTES, SEED, tmp_path, print)

    assert len(story.sizes) >= ROUNDS_MIN
    assert story.tasks >= 4 * len(story.sizes)
    assert story.growth() == []
