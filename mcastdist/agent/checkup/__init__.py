"""How is it with this machine and its subnet? What `mcastdist doctor` asks, and what is answered.

Looking and judging are apart: a module looks at one thing and judges what it saw by functions that
do nothing else, so that every judgement can be tried on something made by hand.
"""

from __future__ import annotations

from .examine import cannot_run, examine, examine_as_caller, examine_machine
from .findings import KINDS, QUESTIONS, in_order
from .keys import look_at_keys
from .places import of_the_real_places, usable_places
from .trials import Trials, trials_of

__all__ = [
    "KINDS",
    "QUESTIONS",
    "Trials",
    "cannot_run",
    "examine",
    "examine_as_caller",
    "examine_machine",
    "in_order",
    "look_at_keys",
    "of_the_real_places",
    "trials_of",
    "usable_places",
]
