"""Which interfaces did somebody ask for that are not used? And does any remain?

A name mistyped in multicast.interfaces would otherwise show only in what does not arrive.
"""

from __future__ import annotations

from . import logs
from .interfaces import Choice, Rejected
from .settings import Settings

NOTHING_LEFT = "no interface is used: this machine takes no part in multicast"

log = logs.get("interfaces")


def unmet(settings: Settings, choice: Choice) -> list[Rejected]:
    """Those named in the settings that cannot be used, with the reason."""
    return [one for one in choice.rejected if one.name in settings.multicast.interfaces]


def log_choice(settings: Settings, choice: Choice) -> None:
    """Say which interfaces are used and why, and warn of those that should be and are not."""
    for one in choice.chosen:
        log.info("uses interface", name=one.name, address=str(one.address), why=one.why)
    for refused in unmet(settings, choice):
        log.warning("interface is not used", name=refused.name, why=refused.why)
    if not choice.chosen:
        log.warning(NOTHING_LEFT)
