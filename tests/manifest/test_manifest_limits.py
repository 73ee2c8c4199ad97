from __future__ import annotations

import json
from random import Random

from mcastdist.manifest import SigningKey, sign
from mcastdist.manifest import limits as bounds
from mcastdist.manifest.paths import SafePath

DIGEST_BYTES = 32


def test_the_largest_package_has_room_for_its_chunks() -> None:
    # Each file ends at most one chunk that is no full slice.
    slices = bounds.PAYLOAD_BYTES_MAX // bounds.CHUNK_BYTES_MAX
    assert slices + bounds.FILES_MAX <= bounds.CHUNKS_MAX


def test_the_largest_package_has_room_in_its_manifest() -> None:
    path_bytes = 100  # of a deep tree, on average
    file_bytes = path_bytes + 1 + 8 + 2 + DIGEST_BYTES
    chunk_bytes = 4 + DIGEST_BYTES
    needed = bounds.FILES_MAX * file_bytes + bounds.CHUNKS_MAX * chunk_bytes
    assert needed < bounds.MANIFEST_BYTES_MAX


def test_the_longest_name_and_version_make_a_file_name() -> None:
    stem = "n" * bounds.NAME_CHARS_MAX + "-" + "v" * bounds.VERSION_CHARS_MAX
    assert len(SafePath(f".{stem}.mcd.minisig.01234567.part")) < bounds.PART_BYTES_MAX


def test_the_longest_signature_is_read() -> None:
    key = SigningKey.generate(Random(1).randbytes)
    text = sign(b"", key, trusted_comment="c" * 8_000, comment="c" * 1_000)
    assert len(text) < bounds.SIGNATURE_BYTES_MAX


def test_numbers_survive_json_as_others_read_it() -> None:
    assert int(float(json.dumps(bounds.NUMBER_MAX))) == bounds.NUMBER_MAX
    assert int(float(bounds.NUMBER_MAX + 2)) != bounds.NUMBER_MAX + 2
