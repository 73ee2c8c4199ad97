"""How does an organisation start? `mcastdist keygen`: the cluster's key and the publisher's.

What is written is only ever new: a key that is overwritten is lost, with all that trusts it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import click

from mcastdist.errors import NotPermitted, StorageError, UsageError

from .options import json_option, print_json

_CLUSTER_SECRET_BYTES = 32  # PROTOCOL.md, 1 asks for 16 or more
_SECRET_MODE = 0o600
_PUBLIC_MODE = 0o644


@click.command()
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the three files; made if it is not there.",
)
@json_option
def keygen(out: Path, as_json: bool) -> None:
    """Make a cluster key and a signing key.

    Three files are written to DIR, and existing ones never overwritten. cluster.key lets a machine
    speak on the segment: every agent needs it, nobody else may have it. signing.key signs packages:
    keep it where you publish. signing.pub tells agents whose packages to accept.
    """
    # Imported here, so that `mcastdist --help` need not wait for the cryptography library.
    from mcastdist.manifest import SigningKey
    from mcastdist.wire import ClusterKey

    cluster = ClusterKey(os.urandom(_CLUSTER_SECRET_BYTES))
    signing = SigningKey.generate(os.urandom)
    files = {
        out / "cluster.key": (cluster.text(), _SECRET_MODE),
        out / "signing.key": (signing.text(), _SECRET_MODE),
        out / "signing.pub": (signing.public.text(), _PUBLIC_MODE),
    }
    _write_new(out, files)
    if as_json:
        names = {path.name.replace(".", "_"): str(path) for path in files}
        print_json({**names, "public_key": signing.public.line})
        return
    click.echo(f"{out / 'cluster.key'}  for every agent (cluster.key_file); keep it secret")
    click.echo(f"{out / 'signing.key'}  for `mcastdist publish --key`; keep it secret, and a copy")
    click.echo(f"{out / 'signing.pub'}  for every agent (cluster.trusted_keys); its key is")
    click.echo(f"  {signing.public.line}")


def _write_new(out: Path, files: Mapping[Path, tuple[str, int]]) -> None:
    """All of them or none. Raises UsageError if one is there, StorageError if the disk says no."""
    written: list[Path] = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for path, (text, mode) in files.items():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            written.append(path)
            with open(descriptor, "w", encoding="ascii", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        for path in written:
            with suppress(OSError):
                path.unlink()
        raise _in_words(error, out) from error


def _in_words(error: OSError, out: Path) -> UsageError | StorageError:
    where = error.filename or out
    if isinstance(error, FileExistsError | NotADirectoryError):
        return UsageError(f"{where} is already there: choose another --out, or remove it yourself")
    if isinstance(error, PermissionError):
        return NotPermitted(f"{where} may not be written: choose another --out, or change its mode")
    return StorageError(f"{where} cannot be written ({error.strerror}): choose another --out")
