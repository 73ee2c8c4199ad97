"""What do tests of several rooms need? A place where the system says no."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

NOBODY = 65_534


@pytest.fixture
def forbidden(tmp_path: Path) -> Iterator[Path]:
    """A directory that nobody may enter, and this process as somebody who is refused by that."""
    place = tmp_path / "forbidden"
    place.mkdir(mode=0)
    if not hasattr(os, "geteuid"):
        pytest.skip("needs users that can be refused")
    was = os.geteuid()
    if was == 0:
        os.seteuid(NOBODY)
    try:
        yield place
    finally:
        if was == 0:
            os.seteuid(was)
        place.chmod(0o700)
