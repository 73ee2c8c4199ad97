"""Can hostile bytes do more than be refused? `python -m fuzz` tries; see `fuzz.__main__`."""
