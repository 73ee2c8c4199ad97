"""The parts by themselves run, and their figures are those of the parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import micro
from bench.options import Options
from bench.sheet import Sheet


def test_every_part_has_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(micro, "SPAN_S_QUICK", 0.0)
    monkeypatch.setattr(micro, "STREAM_BYTES", 4 << 20)
    sheet = Sheet(loud=False)

    micro.run(Options(quick=True, bytes=4 << 20, repeat=1), sheet, tmp_path)

    assert [row.case for row in sheet.rows][-2:] == [
        "a stream without a network",
        "the store, random order",
    ]
    assert all(figure.values[0] > 0 for row in sheet.rows for figure in row.figures)
    assert all(row.figures for row in sheet.rows)
