"""Tables and the page: nothing is lost, nothing is fetched, nothing breaks out of its cell."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from bench_samples import sample

from bench import report
from bench.charts import chart
from bench.tables import table, verdicts


def test_a_table_has_figures_spread_targets_and_failures() -> None:
    text = table(sample())

    assert "| 1 & 2 | mcastdist | 2.00 s (1.00 to 3.00) ✓ ≤ 2.5 s | 9.00 s ✗ ≤ 1/6" in text
    assert "| 1 & 2 | uftp | 10.00 s |  |" in text
    assert "- udpcast took no part: not installed" in text
    assert "- 1 & 2, mcastdist: OSError: <gone>" in text
    assert "`python -m bench run raw`, commit 0123456789ab" in text


def test_verdicts_count_targets() -> None:
    assert "| raw | A | 1 of 2 | 1 & 2, mcastdist: CPU 9.00 s (≤ 1/6 of uftp's) |" in verdicts(
        [sample()]
    )


def test_the_page_needs_nothing_else_and_escapes_what_it_shows() -> None:
    page = report.html([sample()])

    assert "<gone>" not in page
    assert "&lt;gone&gt;" in page
    assert not any(word in page for word in ("<script", "src=", "@import", "<link"))
    assert page.count("<table>") == page.count("</table>") == 2


def test_a_chart_is_well_formed_and_shows_bars_spread_and_target() -> None:
    drawn = ElementTree.fromstring(chart(sample(), "time"))

    space = "{http://www.w3.org/2000/svg}"
    assert len(drawn.findall(f"{space}rect")) == 2
    assert [line.get("stroke") for line in drawn.findall(f"{space}line")].count("#c62828") == 1


def test_one_bar_is_no_comparison() -> None:
    assert chart(sample(), "CPU") == ""
    assert chart(sample(), "none") == ""


def test_a_report_is_two_files_in_the_order_of_the_catalogue(tmp_path: Path) -> None:
    written = report.write([sample("loss"), sample("raw")], tmp_path)

    assert [path.name for path in written] == ["report.html", "report.md"]
    text = written[1].read_text("utf-8")
    assert text.index("### raw") < text.index("### loss")
