"""mcastdist: self-organizing multicast distribution of packages on a subnet."""

__version__ = "0.1.0"
