"""`mcastdist agent`: be the daemon of this machine."""

from __future__ import annotations

from pathlib import Path

import click

from .engine import Engine
from .options import settings_options


@click.command("agent")
@settings_options
@click.pass_obj
def agent(engine: Engine, config: Path | None, overrides: tuple[str, ...]) -> None:
    """Run the agent of this machine.

    It runs in the foreground until SIGTERM or Ctrl-C, and then leaves in good order. SIGHUP reads
    the settings again. docs/settings.md lists all settings; cluster.id and cluster.key_file are
    required.
    """
    settings = engine.settings(config, overrides)
    raise SystemExit(engine.run_agent(settings))
