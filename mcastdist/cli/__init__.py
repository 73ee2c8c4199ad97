"""What can be typed? `mcastdist COMMAND`: a thin module each, loaded when asked for."""

from .group import main

__all__ = ["main"]
