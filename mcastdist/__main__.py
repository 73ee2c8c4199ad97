"""What does `python -m mcastdist` do? The same as the command `mcastdist`."""

from mcastdist.cli import main

main(prog_name="mcastdist")
