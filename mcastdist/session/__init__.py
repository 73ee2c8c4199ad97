"""One content crossing the subnet: the sender's side, the receiver's side, pacing and rate.

The two sides are loaded when they are first named: they need numpy, an agent at rest does not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .counters import Counters
from .group import typical_worst
from .meter import Measurement
from .pacing import Pacer
from .rate import RateControl

if TYPE_CHECKING:
    from .assembly import Assembly, NotEnough, Spoilt
    from .coding import Parity
    from .receiver import Receiver
    from .run import Burst
    from .sealed import SealedBlock, seal_block
    from .sender import Sender

__all__ = [
    "Assembly",
    "Burst",
    "Counters",
    "Measurement",
    "NotEnough",
    "Pacer",
    "Parity",
    "RateControl",
    "Receiver",
    "SealedBlock",
    "Sender",
    "Spoilt",
    "seal_block",
    "typical_worst",
]

_WITH_NUMPY = {
    "Assembly": "assembly",
    "NotEnough": "assembly",
    "Spoilt": "assembly",
    "Parity": "coding",
    "Receiver": "receiver",
    "Burst": "run",
    "SealedBlock": "sealed",
    "seal_block": "sealed",
    "Sender": "sender",
}


def __getattr__(name: str) -> object:
    """Numpy, and what needs it, only for who asks for it."""
    if name in _WITH_NUMPY:
        return getattr(import_module(f"{__name__}.{_WITH_NUMPY[name]}"), name)
    raise AttributeError(f"{__name__} has no {name}")
