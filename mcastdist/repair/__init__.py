"""What is missing, when to ask for it, when to keep quiet, and the parity that answers.

Parity is loaded when it is first named: it needs numpy, an agent at rest does not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .needs import Needs

if TYPE_CHECKING:
    from .fountain import decode, density_index, encode, parity_id, rows
    from .parity import Fountain

__all__ = ["Fountain", "Needs", "decode", "density_index", "encode", "parity_id", "rows"]


def __getattr__(name: str) -> object:
    """Numpy, and what needs it, only for who asks for it."""
    if name not in __all__:
        raise AttributeError(f"{__name__} has no {name}")
    module = "parity" if name == "Fountain" else "fountain"
    return getattr(import_module(f"{__name__}.{module}"), name)
