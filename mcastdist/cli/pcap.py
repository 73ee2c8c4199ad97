"""`mcastdist pcap`: what was on the wire, by kind, in a capture of anybody's?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcastdist.errors import McastdistError, NotPermitted, UsageError

from .options import json_option, print_json

if TYPE_CHECKING:
    from mcastdist.wire import ClusterKey

    from .capture import Account, Kind, Looker, Sighting, Tally


@click.command("pcap")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--key-file", "key_files", type=click.Path(path_type=Path), multiple=True, metavar="FILE",
    help="A cluster key: opens control messages, so that they are counted by name; may repeat.",
)  # fmt: skip
@click.option(
    "--cluster-id", metavar="ID", help="Only this cluster is ours; datagrams of others are refused."
)
@click.option(
    "--port", type=click.IntRange(1, 65_535), metavar="PORT",
    help="The cluster's multicast.port, if it is not 7447.",
)  # fmt: skip
@click.option("--list", "as_list", is_flag=True, help="One line a datagram, not the summary.")
@click.option(
    "--show", "number", type=click.IntRange(min=1), metavar="FRAME",
    help="Only this frame, field by field.",
)  # fmt: skip
@json_option
def pcap(
    file: Path,
    key_files: tuple[Path, ...],
    cluster_id: str | None,
    port: int | None,
    as_list: bool,
    number: int | None,
    as_json: bool,
) -> None:
    """Count what is in a capture, by kind.

    FILE is what tcpdump, Wireshark or the lab wrote: pcap or pcapng, also gzipped. Counts datagrams
    and their bytes on the wire: data, parity and control of the stream, HTTP between peers, and all
    others; by sender and by session, with what was refused and why. Of TCP a frame is counted as it
    was captured, which may be many that a card has joined. Needs the extra diag (scapy).
    """
    from mcastdist.ids import cluster_tag
    from mcastdist.wire import PORT
    from mcastdist.wire.dissect import Unsealer

    from .capture import Looker, Tally

    keys = [_read_key(path) for path in key_files]
    unsealer = Unsealer(keys) if keys else None
    looker = Looker(port or PORT, cluster_tag(cluster_id) if cluster_id else None, unsealer)
    if number is not None:
        _show(file, number, port or PORT, looker)
        return
    tally = Tally(port or PORT)
    if as_list:
        _list(file, looker, tally, as_json)
        return
    account = _summarise(file, looker, tally, as_json)
    if not (account.messages or account.sessions or account.refused):
        click.echo(
            f"nothing came to UDP port {port or PORT}: --port takes another multicast.port",
            err=True,
        )


def _summarise(file: Path, looker: Looker, tally: Tally, as_json: bool) -> Account:
    """What there is of a file that was cut short is told too, before the error."""
    from .capture import CutShort

    cut_short: CutShort | None = None
    try:
        for _ in _counted(file, looker, tally):
            pass
    except CutShort as error:
        cut_short = error
    account = tally.account()
    if as_json:
        print_json(account)
    else:
        from .capture.view import summary
        from .show import print_view

        print_view(summary(account))
    if cut_short is not None:
        raise cut_short
    return account


def _list(file: Path, looker: Looker, tally: Tally, as_json: bool) -> None:
    from .capture.listing import line, record

    for sighting, kind in _counted(file, looker, tally):
        if kind is None or (sighting.datagram is None and not sighting.cause):
            continue
        if as_json:
            print_json(record(sighting, kind))
        else:
            click.echo(line(sighting, kind))


def _show(file: Path, number: int, port: int, looker: Looker) -> None:
    """Field by field, by scapy's layers, and the messages that could be opened."""
    from .capture import frames
    from .capture.fields import shown
    from .capture.listing import said

    frame = next((each for each in frames(file) if each.number == number), None)
    if frame is None:
        raise UsageError(f"{file} has no frame {number}: --list shows those there are")
    click.echo(shown(frame, port).rstrip())
    for sighting in looker.look(frame):
        if sighting.message is not None or sighting.cause:
            click.echo(said(sighting))


def _counted(file: Path, looker: Looker, tally: Tally) -> Iterator[tuple[Sighting, Kind | None]]:
    from .capture import frames

    for frame in frames(file):
        for sighting in looker.look(frame):
            yield sighting, tally.add(sighting)


def _read_key(path: Path) -> ClusterKey:
    from mcastdist.wire import ClusterKey

    try:
        return ClusterKey.parse(path.read_text())
    except PermissionError:
        raise NotPermitted(f"--key-file {path} may not be read by this user") from None
    except (McastdistError, OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"--key-file {path} holds no cluster key ({why})") from None
