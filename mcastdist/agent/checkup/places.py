"""May an examination use the agent's own places, or must it borrow others?

Who examines is often root, and the agent's user is not: a store or a state directory that root made
or wrote to would keep the agent from starting. So what is not this user's is left alone, and the
agent that lives only for the examination gets places that vanish with it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from mcastdist.agent.api import Finding
from mcastdist.agent.settings import Settings

from .disk import look_at_disk
from .findings import finding

OF_THE_PLACES = ("disk", "store")  # questions that borrowed places answer wrongly


def is_ours(directory: str) -> bool:
    """True if it is there, and this user's."""
    try:
        owner = Path(directory).stat().st_uid
    except OSError:
        return False
    return os.name != "posix" or owner == os.geteuid()


@contextmanager
def usable_places(settings: Settings) -> Iterator[Settings]:
    """The settings, with the agent's own places if all are ours, else with borrowed ones."""
    if is_ours(settings.cache.dir) and is_ours(settings.node.state_dir):
        yield settings
        return
    with tempfile.TemporaryDirectory(prefix="mcastdist-") as place:
        cache = replace(settings.cache, dir=str(Path(place, "cache")))
        node = replace(settings.node, state_dir=str(Path(place, "state")))
        yield replace(settings, cache=cache, node=node)


def of_the_real_places(settings: Settings, found: list[Finding]) -> list[Finding]:
    """What was found with borrowed places, with what can be said of the agent's own."""
    rest = [one for one in found if one.question not in OF_THE_PLACES]
    unexamined = finding(
        "store_unexamined",
        f"the store in {settings.cache.dir} is another user's, or not there yet",
        "start the agent and ask again, or run mcastdist doctor as its user",
    )
    return [*rest, *look_at_disk(settings), unexamined]
