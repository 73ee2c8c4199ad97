"""The cache's tables."""

from __future__ import annotations

import io

from fake_controller import CONTENT_A, entry
from rich.console import Console, RenderableType

from mcastdist.cli.cache_view import CONTENT_SHOWN, cache_details, cache_table


def text(view: RenderableType) -> str:
    console = Console(file=io.StringIO(), width=200, markup=False, emoji=False)
    console.print(view)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_package_that_is_pinned_never_goes() -> None:
    shown = text(cache_details(entry(pinned=True, expires_from_cache=None)))
    assert CONTENT_A in shown
    assert "never" in shown
    assert "pinned" in shown


def test_a_row_shows_enough_of_the_id_and_escapes_names() -> None:
    shown = text(cache_table([entry(name="a\x1b[2J", complete=False, precached=True)]))
    assert CONTENT_A[:CONTENT_SHOWN] in shown
    assert CONTENT_A not in shown
    assert "a\\x1b[2J 3.11" in shown
    assert "pre-cached, incomplete" in shown
