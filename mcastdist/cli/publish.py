"""How does software become a package? `mcastdist publish`: a manifest, its signature, the payload.

The three files in DIR are all an origin needs: any static web server over DIR will do.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcastdist.errors import ContentError, NotPermitted, UsageError

from .options import json_option, print_json
from .words import counted, size

if TYPE_CHECKING:
    from mcastdist.manifest import Manifest, SigningKey

    from .package_files import Progress, Published

_DAY_S = 86_400
_DAYS_MAX = 36_500  # a century; beyond it somebody typed a date
_KEY_CHARS_MAX = 4_096  # a key file has 300: what has as many as this is none


@click.command()
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path)
)
@click.option("--name", required=True, help="What the package is called: A-Z a-z 0-9 . _ + -")
@click.option("--version", required=True, help="Which one it is: A-Z a-z 0-9 . _ + -")
@click.option(
    "--key",
    "key_file",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Secret key to sign with: signing.key of `mcastdist keygen`, or minisign's.",
)
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder for the package; made if it is not there. What a web server shows.",
)
@click.option(
    "--sequence",
    type=int,
    metavar="N",
    help="Must rise from one version to the next, agents refuse to go back."
    " [default: microseconds since 1970]",
)
@click.option(
    "--expires-days",
    type=click.IntRange(min=1, max=_DAYS_MAX),
    metavar="N",
    help="Agents refuse the package after N days. [default: never]",
)
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="URL",
    help="Where else the payload will be: its URL, or that of its folder with a / at the end. Asked"
    " before the folder of the manifest. May be given several times.",
)
@click.option(
    "--install",
    multiple=True,
    metavar="ARG",
    help="The install command: once for the program and once for each of its arguments. It is"
    " signed and carried along; agents of this version never run it.",
)
@click.option("--comment", default="", help="One line that is signed along and shown by minisign.")
@json_option
def publish(
    paths: tuple[Path, ...],
    name: str,
    version: str,
    key_file: Path,
    out: Path,
    sequence: int | None,
    expires_days: int | None,
    sources: tuple[str, ...],
    install: tuple[str, ...],
    comment: str,
    as_json: bool,
) -> None:
    """Make a signed package of files and folders.

    A single folder becomes the package: what lies in it will lie at the top of the destination.
    Otherwise each PATH keeps its name there. Links that stay inside are kept as links.
    """
    # Imported here, so that `mcastdist --help` need not wait for them.
    from .package_files import write_package
    from .package_tree import find_tree

    now_us = time.time_ns() // 1_000  # two versions may be published within one second
    created = now_us // 1_000_000
    with _publishers_words():
        draft = _draft(
            name=name,
            version=version,
            created=created,
            sequence=now_us if sequence is None else sequence,
            expires=None if expires_days is None else created + expires_days * _DAY_S,
            sources=_payload_sources(sources, f"{name}-{version}.payload"),
            install=install,
        )
        key = _read_key(key_file)
        tree = find_tree(paths, out=out)
        with _shown_progress(tree.payload_bytes) as progress:
            published = write_package(
                tree, draft, key, out=out, comment=_signed_line(draft, comment), progress=progress
            )
    if as_json:
        print_json(_record(published, key))
    else:
        _show(published, key)


def _draft(**words: Any) -> Manifest:
    """A manifest without files: wrong words are refused before gigabytes are read."""
    from mcastdist.manifest import ChunkTable, Manifest

    return Manifest(files=(), chunks=ChunkTable((), b""), **words)


def _payload_sources(given: tuple[str, ...], payload: str) -> tuple[str, ...]:
    for one in given:
        if not one.startswith(("http://", "https://")):
            raise UsageError(
                f"--source {one!r} is no URL; give one with http:// or https://, or leave it out:"
                " the folder of the manifest is asked anyway"
            )
    return (*(one + payload if one.endswith("/") else one for one in given), payload)


def _signed_line(draft: Manifest, comment: str) -> str:
    line = f"{draft.name} {draft.version} sequence {draft.sequence}"
    return f"{line}: {comment}" if comment else line


def _read_key(file: Path) -> SigningKey:
    from mcastdist.manifest import SigningKey

    try:
        with file.open(encoding="utf-8") as text:
            return SigningKey.parse(text.read(_KEY_CHARS_MAX))
    except PermissionError as error:
        raise NotPermitted(f"--key {file} may not be read: change its mode or owner") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"--key {file} cannot be read: make a key with `mcastdist keygen --out DIR`"
        ) from error
    except UsageError as error:
        raise UsageError(f"--key {file}: {error}") from error


@contextmanager
def _publishers_words() -> Iterator[None]:
    """What is wrong with a manifest one makes oneself is no bad content: it is to be corrected."""
    try:
        yield
    except ContentError as error:
        raise UsageError(str(error)) from error


@contextmanager
def _shown_progress(payload_bytes: int) -> Iterator[Progress]:
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=payload_bytes, label="reading", file=sys.stderr) as bar:
        yield bar.update


def _record(published: Published, key: SigningKey) -> dict[str, object]:
    from mcastdist.manifest import content_id

    manifest = published.manifest
    return {
        "name": manifest.name,
        "version": manifest.version,
        "sequence": manifest.sequence,
        "created": manifest.created,
        "expires": manifest.expires,
        "content": content_id(published.manifest_bytes).hex(),
        "files": len(manifest.files),
        "links": len(manifest.links),
        "folders": len(manifest.folders),
        "payload_bytes": manifest.payload_bytes,
        "chunks": manifest.chunks.count,
        "manifest_bytes": len(published.manifest_bytes),
        "manifest": str(published.manifest_file),
        "signature": str(published.signature_file),
        "payload": str(published.payload_file),
        "public_key": key.public.line,
    }


def _show(published: Published, key: SigningKey) -> None:
    from mcastdist.manifest import content_id

    manifest, file = published.manifest, published.manifest_file
    click.echo(
        f"{manifest.name} {manifest.version}: {counted(len(manifest.files), 'file')},"
        f" {manifest.payload_bytes} bytes ({size(manifest.payload_bytes)}),"
        f" {counted(manifest.chunks.count, 'chunk')},"
        f" manifest {size(len(published.manifest_bytes))}"
    )
    click.echo(f"content {content_id(published.manifest_bytes)}")
    click.echo(f"signed with {key.public.line}")
    click.echo(f"try it:   mcastdist origin {file.parent}")
    click.echo(f"fetch it: mcastdist fetch http://HOST/{file.name} --dest DIR")
