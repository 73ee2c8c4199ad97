"""What does docs/cli.md say? Every command with its help, made from the commands themselves.

python -m mcastdist.cli.docs > docs/cli.md
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from .exits import MEANINGS
from .group import main

INTRODUCTION = """\
# The command line

*Made from the commands by `python -m mcastdist.cli.docs`; a test holds the two together.*

Results go to stdout, progress and errors to stderr. Every command that prints a result prints it as
one line of JSON with `--json`. `--config` and `--set` are also how a command finds the running
agent (`control.socket`, `control.listen`, `control.token_file`). docs/settings.md lists the
settings.
"""


def reference() -> str:
    """The whole page."""
    parts = [INTRODUCTION, _exit_statuses()]
    context = click.Context(main, info_name="mcastdist")
    parts += _command(main, context)
    return "\n".join(parts)


def _exit_statuses() -> str:
    rows = [f"| {status.value} | {meaning} |" for status, meaning in MEANINGS.items()]
    return "\n".join(["## Exit status", "", "| status | means |", "|---|---|", *rows, ""])


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"## `{context.command_path}`\n"
    yield f"```\n{usage}\n```\n"
    yield f"{inspect.cleandoc(command.help or '')}\n"
    options = list(_options(command, context))
    if options:
        yield "\n".join(["| option | |", "|---|---|", *options, ""])
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _command(found, click.Context(found, info_name=name, parent=context))


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and isinstance(parameter, click.Option) and "--help" not in record[0]:
            names, text = (part.replace("|", "\\|") for part in record)
            yield f"| `{names}` | {text} |"


if __name__ == "__main__":
    click.echo(reference(), nl=False)
