"""What can be asked here? `python -m bench list | run NAME | all --quick|--full | report`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from . import catalog, report, runner, soak, tables
from .lab import available
from .options import Options, parse_loss, parse_rate, parse_size

PATIENCE_S = 5.0  # the last run's own writing back to disk is over by then
PATIENCE = "How long each run waits until the processors are idle."

Parsed = TypeVar("Parsed")


@click.group()
def main() -> None:
    """Benchmarks on a subnet of network namespaces, ours beside its peers; no root is needed."""


@main.command("list")
def list_() -> None:
    """The benchmarks, and the question each answers."""
    for name in catalog.NAMES:
        found = catalog.benchmark(name)
        click.echo(f"{name:14} {found.table:2} {found.question}")


def _parsed(parse: Callable[[str], Parsed]) -> Callable[[Any, Any, str | None], Parsed | None]:
    def read(_context: Any, _parameter: Any, text: str | None) -> Parsed | None:
        try:
            return None if text is None else parse(text)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return read


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


@main.command("run")
@click.argument("name", type=click.Choice(catalog.NAMES))
@click.option("--hosts", type=click.IntRange(1, 250), help="How many receivers.")
@click.option("--bytes", "size", callback=_parsed(parse_size), help="Size of the content: 64M.")
@click.option("--loss", callback=_parsed(parse_loss), help="Loss at each receiver: 5% or 0.05.")
@click.option("--rate", callback=_parsed(parse_rate), help="Rate of links or stream: 200M.")
@click.option("--peers", callback=_parsed(_names), help="Only these: uftp,norm; '' for none.")
@click.option("--repeat", type=click.IntRange(1), help="How often each subject runs.")
@click.option("--quick", is_flag=True, help="Small sizes, one run each.")
@click.option("--patience-s", default=PATIENCE_S, show_default=True, help=PATIENCE)
@click.option("--json", "to", type=click.Path(path_type=Path), help="Write the result here.")
def run(
    name: str,
    hosts: int | None,
    size: int | None,
    loss: int | None,
    rate: int | None,
    peers: tuple[str, ...] | None,
    repeat: int | None,
    quick: bool,
    patience_s: float,
    to: Path | None,
) -> None:
    """Run one benchmark and print its table; a run as usual is kept under bench/results."""
    _require_lab(name)
    chosen = (hosts, size, loss, rate, peers)
    options = Options(quick, hosts, size, loss, rate, peers, repeat)
    result = runner.run(catalog.benchmark(name), options, _command(), patience_s)
    if to is not None or all(each is None for each in chosen):
        click.echo(f"result in {runner.save(result, to)}", err=True)
    click.echo(tables.table(result))


@main.command("all")
@click.option("--quick/--full", default=True, help="Small sizes in minutes, or all as published.")
@click.option("--repeat", type=click.IntRange(1), help="How often each subject runs.")
@click.option("--patience-s", default=PATIENCE_S, show_default=True, help=PATIENCE)
def all_(quick: bool, repeat: int | None, patience_s: float) -> None:
    """Run every benchmark, print every table, and say what passed."""
    _require_lab("all")
    results = []
    for name in catalog.NAMES:
        options = Options(quick=quick, repeat=repeat)
        mode = "--quick" if quick else ""
        command = f"python -m bench run {name} {mode}".strip()
        results.append(runner.run(catalog.benchmark(name), options, command, patience_s))
        runner.save(results[-1])
        click.echo(tables.table(results[-1]))
    click.echo(tables.verdicts(results))


@main.command("report")
@click.option("--results", type=click.Path(path_type=Path), default=runner.RESULTS,
              help="Where the results lie, and the report goes.")  # fmt: skip
def report_(results: Path) -> None:
    """Write report.html and report.md from the results that are there."""
    found = runner.saved(results)
    if not found:
        raise click.ClickException(f"no results in {results}: run a benchmark first")
    for path in report.write(found, results):
        click.echo(str(path))
    click.echo(tables.verdicts(report.in_order(found)))


@main.command("soak")
@click.option("--minutes", default=60.0, show_default=True, help="How long it goes on.")
@click.option("--seed", default=1, show_default=True, help="Decides what happens to whom.")
def soak_(minutes: float, seed: int) -> None:
    """Tasks, kills and losses for long, and agents that must not grow."""
    _require_lab("soak")
    with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as work:
        story = soak.soak(minutes, seed, Path(work), click.echo)
    struck = ", ".join(f"{count} x {name}" for name, count in sorted(story.strikes.items()))
    click.echo(f"{story.tasks} tasks in {len(story.sizes)} rounds, with {struck}: nothing grew")


def _require_lab(name: str) -> None:
    reason = None if name == "micro" else available()
    if reason is not None:
        raise click.ClickException(f"no lab can be made here: {reason}")


def _command() -> str:
    return " ".join(["python -m bench", *sys.argv[1:]])


if __name__ == "__main__":
    main(prog_name="python -m bench")
