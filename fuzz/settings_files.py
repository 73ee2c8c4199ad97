"""Can a settings file or an override do anything but be taken or refused with a sentence?"""

from __future__ import annotations

import tempfile
from pathlib import Path

from mcastdist.agent.settings import as_dict, load
from mcastdist.errors import UsageError

PLACE = Path(tempfile.mkdtemp(prefix="mcastdist-fuzz-")) / "agent.toml"


def fuzz_one(data: bytes) -> None:
    """Try `data` as a file, as an override and as a variable."""
    PLACE.write_bytes(data)
    text = data.decode("latin-1")
    for path, environ, overrides in (
        (PLACE, {}, []),
        (None, {}, [text]),
        (None, {"MCASTDIST_CLUSTER_TRUSTED_KEYS": text, "MCASTDIST_MULTICAST_PORT": text}, []),
    ):
        try:
            settings = load(path, environ, overrides)
        except UsageError:
            continue
        assert as_dict(settings)


def seeds() -> list[bytes]:
    """Settings that are true, for a fuzzer to spoil."""
    return [
        b'[cluster]\nid = "example"\nkey_file = "/etc/mcastdist/cluster.key"\n'
        b'trusted_keys = ["a.pub", "b.pub"]\n[multicast]\nport = 7447\nenabled = true\n',
        b"[download]\nretry_backoff_min = [1, 5, 15]\n[cache]\nbytes_max = 10_000_000\n",
        b'cluster.id = "dotted"\n"multicast".port = 7448\n[node]\nstate_dir = "~/x"\n',
        b"multicast.session_start_delay_s=1.5",
        b'election.never_on=["battery"]',
        b"multicast.interfaces=eth0, 10.0.0.0/8",
    ]
