"""Are the keys what they should be, and for the right eyes only?

The cluster's key is a secret: who reads it is a member. The public keys are none, but who can
change them decides which packages this machine takes.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mcastdist.agent.api import Finding
from mcastdist.agent.identity import cluster_key, trusted_keys
from mcastdist.agent.settings import ClusterSettings, Settings
from mcastdist.errors import McastdistError

from .findings import finding
from .names import counted

OTHERS_READ = stat.S_IROTH  # a group may: that is how a service reads root's file
OTHERS_WRITE = stat.S_IWOTH | stat.S_IWGRP


def look_at_keys(settings: Settings) -> list[Finding]:
    """All key files that the settings name. Asks the disk."""
    cluster = settings.cluster
    files = [cluster.key_file, *cluster.previous_key_files]
    found = [one for file in files if file for one in _cluster_key(file)]
    if cluster.previous_key_files:
        found.append(
            finding(
                "rotation_under_way",
                f"beside cluster.key_file {counted(len(cluster.previous_key_files), 'key')} counts",
                "when all machines have the new key, empty cluster.previous_key_files",
            )
        )
    return found + _trusted(cluster)


def judge_secret(file: str, mode: int) -> list[Finding]:
    """What the mode of a cluster key's file means."""
    if not mode & (OTHERS_READ | OTHERS_WRITE):
        return [finding("key_private", f"{file} is for its owner and group alone")]
    return [
        finding(
            "key_readable",
            f"{file} is open to other users of this machine (mode {mode & 0o777:o})",
            f"chmod 600 {file}, and change the cluster key if somebody may have read it",
        )
    ]


def judge_trusted(file: str, mode: int) -> list[Finding]:
    """What the mode of a public key's file means."""
    if not mode & OTHERS_WRITE:
        return []
    return [
        finding(
            "trusted_key_writable",
            f"other users may change {file} (mode {mode & 0o777:o}), and so whom we believe",
            f"chmod 644 {file}, and see that it holds the right key",
        )
    ]


def _cluster_key(file: str) -> list[Finding]:
    try:
        cluster_key(file)
        mode = Path(file).stat().st_mode
    except (McastdistError, OSError) as error:
        return [_unreadable(error)]
    return judge_secret(file, mode) if os.name == "posix" else []


def _trusted(cluster: ClusterSettings) -> list[Finding]:
    try:
        keys = trusted_keys(cluster.trusted_keys)
        files = [one for one in cluster.trusted_keys if Path(one).is_file()]
        modes = [(one, Path(one).stat().st_mode) for one in files]
    except (McastdistError, OSError) as error:
        return [_unreadable(error)]
    revoked = {one.upper() for one in cluster.revoked_keys}
    count = sum(key.name not in revoked for key in keys)
    if not count:
        empty = "has revoked keys alone" if keys else "is empty"
        return [
            finding(
                "no_trusted_key",
                f"cluster.trusted_keys {empty}: no package is accepted, only files by digest",
                "name the public keys of your publishers there",
            )
        ]
    told = finding("packages_trusted", f"{counted(count, 'public key')} may sign packages")
    return [told, *(one for file, mode in modes for one in judge_trusted(file, mode))]


def _unreadable(error: Exception) -> Finding:
    return finding(
        "key_unreadable", str(error), "correct the setting, or make the key: mcastdist keygen"
    )
