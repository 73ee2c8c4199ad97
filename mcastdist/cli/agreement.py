"""Does `--set` agree with the agent that runs here? What it says for a task, and what it cannot.

A task may have some settings of its own. The machine's other settings are the agent's: to repeat
what it has is no harm, so that one command line serves with an agent and without; anything else
would be silently without effect, and is refused.
"""

from __future__ import annotations

import contextlib
import filecmp
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mcastdist.errors import UsageError

if TYPE_CHECKING:
    from mcastdist.agent.settings import Settings

# Settings that say where the running agent is; they are not for the task.
LOCATES_AGENT = ("control.", "node.state_dir")


def task_settings(
    overrides: Sequence[str], ours: Settings, running: Mapping[str, object]
) -> dict[str, str | int | float | bool]:
    """What `--set` means for a task of an agent whose settings are `running`.

    The values stay text: the agent reads them as the key's type and refuses what is out of range.
    Raises UsageError for a setting of the machine's that the agent has otherwise.
    """
    from mcastdist.agent.settings import PER_TASK, as_dict

    values = as_dict(ours)
    pairs = (override.partition("=")[::2] for override in overrides)
    wanted = {key.strip(): value for key, value in pairs}
    for key in wanted:
        if key in PER_TASK or key.startswith(LOCATES_AGENT):
            continue
        if key not in running or not _agree(values[key], running[key]):
            raise UsageError(
                f"--set {key}: an agent runs here and keeps its own {key}; "
                "change it in its agent.toml, or leave it out"
            )
    return {key: value for key, value in wanted.items() if key in PER_TASK}


def _agree(ours: object, running: object) -> bool:
    """True if both are the same value, or the same files."""
    if isinstance(ours, list) and isinstance(running, list):
        return len(ours) == len(running) and all(map(_agree, ours, running))
    if ours == running:
        return True
    return isinstance(ours, str) and isinstance(running, str) and _is_same_file(ours, running)


def _is_same_file(ours: str, running: str) -> bool:
    """By another way, or a copy; a file that this user may not read is a different one."""
    if not (os.path.isabs(ours) and os.path.isabs(running)):
        return False
    with contextlib.suppress(OSError):
        return os.path.samefile(ours, running) or filecmp.cmp(ours, running, shallow=False)
    return False
