"""One content crossing the subnet: the sender's side, the receiver's side, pacing and rate."""

from __future__ import annotations

from .assembly import Assembly, NotEnough, Spoilt
from .coding import Parity
from .counters import Counters
from .group import typical_worst
from .meter import Measurement
from .pacing import Pacer
from .rate import RateControl
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
