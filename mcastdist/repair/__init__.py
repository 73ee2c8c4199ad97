"""What is missing, when to ask for it, when to keep quiet, and the parity that answers."""

from .fountain import decode, density_index, encode, parity_id, rows
from .needs import Needs
from .parity import Fountain

__all__ = ["Fountain", "Needs", "decode", "density_index", "encode", "parity_id", "rows"]
