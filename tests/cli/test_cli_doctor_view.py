"""How findings look."""

from __future__ import annotations

from fake_controller import CLOCKS_AGREE

from mcastdist.agent.checkup.findings import finding
from mcastdist.cli.doctor_view import PLAIN_SYMBOLS, SYMBOLS, findings_view, print_findings, verdict
from mcastdist.cli.show import print_view

WARNING = finding("group_not_heard_there", "h3\x1b[2J does not hear us", "open the firewall")
OTHER = finding("neighbours_reached", "h2 is well")


def test_a_line_a_finding_and_what_to_do_under_it(capsys) -> None:
    print_view(findings_view([WARNING, OTHER, CLOCKS_AGREE], PLAIN_SYMBOLS))

    assert capsys.readouterr().out.splitlines() == [
        "reach ! h3\\x1b[2J does not hear us",
        "          group_not_heard_there: open the firewall",
        "      + h2 is well",
        "clock + all clocks agree",
    ]


def test_every_severity_has_its_symbol() -> None:
    assert set(SYMBOLS) == set(PLAIN_SYMBOLS) == {"ok", "note", "warning", "error"}


def test_the_sum_comes_last(capsys) -> None:
    print_findings([WARNING])

    assert capsys.readouterr().out.splitlines()[-1] == "1 warning: see what to do above"


def test_verdicts() -> None:
    error = finding("interface_missing", "x")

    assert verdict([CLOCKS_AGREE]) == "nothing is wrong here"
    assert verdict([error, WARNING, WARNING]) == "1 error, 2 warnings: see what to do above"
