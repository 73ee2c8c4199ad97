"""Which commands are there, and what happens when one fails?

A command's module is loaded when the command is asked for, so that `mcastdist --help` costs no more
than click. An error of ours is one sentence on stderr and its exit status; `--debug` adds where it
came from.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from typing import Any, NoReturn

import click

from mcastdist import __version__
from mcastdist.errors import McastdistError

from .engine import engine_of
from .exits import Exit, status_of_error
from .words import printable

# Name -> first line of its help, which a test holds equal to the command's own. The module has the
# same name, and so has the command in it.
COMMANDS = {
    "keygen": "Make a cluster key and a signing key.",
    "publish": "Make a signed package of files and folders.",
    "origin": "Serve the packages in DIRECTORY: what `publish` wrote there.",
    "agent": "Run the agent of this machine.",
    "fetch": "Bring a package here and put its files in place.",
    "precache": "Bring a package into the cache only.",
    "status": "Show how the running agent is doing.",
    "task": "Add, list, show, suspend, resume or cancel tasks.",
    "doctor": "Examine this machine and its subnet, and say what to do.",
    "cache": "List, show, pin, remove or verify what is kept.",
    "settings": "Check or show the settings.",
    "demo": "Show the main job live on this machine: an origin and real agents.",
    "trace": "Tell the story of a task from a trace file.",
    "pcap": "Count what is in a capture, by kind.",
}
MODULES = {"precache": "fetch"}  # where the module is not called like the command


class LazyGroup(click.Group):
    """A group whose commands are modules not loaded yet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f".{MODULES.get(cmd_name, cmd_name)}", __package__)
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; whatever it raises becomes a sentence and a status."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, SystemExit):
            raise
        except (KeyboardInterrupt, click.Abort):
            _end(ctx, Exit.INTERRUPTED, "interrupted")
        except BrokenPipeError:
            # Who reads us has had enough (`| head`). Python would complain once more at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(Exit.UNEXPECTED)
        except McastdistError as error:
            _end(ctx, status_of_error(error), str(error))
        except Exception as error:
            sentence = f"unexpected {type(error).__name__}: {error}; --debug shows where"
            _end(ctx, Exit.UNEXPECTED, sentence)


def _end(ctx: click.Context, status: Exit, sentence: str) -> NoReturn:
    if ctx.params.get("debug"):
        click.echo(traceback.format_exc(), err=True)
    click.echo(f"mcastdist: {printable(sentence)}", err=True)
    ctx.exit(status)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="mcastdist %(version)s")
@click.option("--debug", is_flag=True, help="Show where an error came from.")
@click.pass_context
def main(ctx: click.Context, debug: bool) -> None:
    """Bring large packages to every machine of a subnet, over its WAN link only once."""
    ctx.obj = engine_of(ctx.obj)
