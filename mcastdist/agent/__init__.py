"""The daemon: it lends the node sockets, clock, randomness, store and HTTP, and takes commands.

The room's doors are the functions below, loaded when first used, and the modules that the command
line names: `api`, `control`, `settings`, `trace_file` and `origin_server`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .run import embedded_agent, examine_alone, offline_cache, run_agent

__all__ = ["embedded_agent", "examine_alone", "offline_cache", "run_agent"]


def __getattr__(name: str) -> object:
    """Load the daemon only for who wants it: `mcastdist --help` must not wait for numpy."""
    if name in __all__:
        from . import run

        return getattr(run, name)
    raise AttributeError(name)
