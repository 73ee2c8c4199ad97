"""Where can the payload be had? Sources as a manifest writes them, and as somebody can ask them.

A source is an http or https URL, or a relative path beside the manifest. The relative form makes
a folder of published packages an origin wherever it is put.
"""

from __future__ import annotations

import re

from yarl import URL

from mcastdist.errors import MalformedManifest, UnsafePath, UsageError

from .limits import TEXT_BYTES_MAX
from .paths import SafePath, shown

_RELATIVE = re.compile(r"[A-Za-z0-9._+-]+(/[A-Za-z0-9._+-]+)*", re.ASCII)
_BLANK_OR_CONTROL = re.compile("[\x00-\x20\x7f-\xa0]")
_UNNAMED = SafePath("download")  # a URL like https://host/?id=3 names no file


def check_source(source: str) -> None:
    """Refuse what is neither a URL nor a plain relative path. Raises MalformedManifest."""
    if not _is_relative(source) and not _is_http(source):
        raise MalformedManifest(
            f"source {shown(source)}: take an http or https URL, or a path beside the manifest"
        )


def resolve_source(source: str, manifest_url: str) -> str:
    """The URL to ask. Raises UsageError if `manifest_url` is no http or https URL."""
    if not _is_http(manifest_url):
        raise UsageError(f"URL {shown(manifest_url)}: take one that starts with http or https")
    if not _is_relative(source):
        return str(URL(source).with_fragment(None))
    # Not URL.join: it takes %20, %2F and %3F out of the path (yarl 1.25).
    base = URL(manifest_url)
    folder = base.raw_path.rpartition("/")[0]
    path = f"{folder}/{source}"
    url = URL.build(scheme=base.scheme, authority=base.raw_authority, path=path, encoded=True)
    return str(url)


def file_name_of(url: str) -> SafePath:
    """What a plain file from `url` is called: its last part, or `download` if that is no name."""
    try:
        return SafePath(URL(url).name)
    except (ValueError, UnsafePath):
        return _UNNAMED


def _is_relative(source: str) -> bool:
    is_plain = len(source) <= TEXT_BYTES_MAX and _RELATIVE.fullmatch(source)
    return bool(is_plain) and not {".", ".."} & set(source.split("/"))


def _is_http(text: str) -> bool:
    if len(text) > TEXT_BYTES_MAX or _BLANK_OR_CONTROL.search(text):
        return False
    try:
        url = URL(text)
        return url.scheme in ("http", "https") and bool(url.host) and url.port is not None
    except ValueError:
        return False
