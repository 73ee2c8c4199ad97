"""Who is this agent, in this run, and how does it speak?

A node id from the state directory, a boot id drawn now, and the cluster's keys. Everything we say
is sealed by one `Voice`, which begins again under a new boot id before its counter ends
(PROTOCOL.md, 3.1).
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mcastdist.errors import McastdistError, NotPermitted, UsageError
from mcastdist.ids import BootId, NodeId, cluster_tag
from mcastdist.manifest import PublicKey
from mcastdist.wire import ClusterKey, Message, Opener, Sealer

from . import logs
from .settings import ClusterSettings, Settings
from .state_dir import StateDir

log = logs.get("identity")

BOOT_BITS = 64


def draw_boot() -> BootId:
    """A boot id that nobody has used before."""
    return BootId(secrets.randbits(BOOT_BITS))


@dataclass(slots=True)
class Identity:
    """Who this agent is, in this run."""

    node: NodeId
    boot: BootId
    key: ClusterKey
    keys: list[ClusterKey]  # those that may open messages, the current one first
    state: StateDir

    @classmethod
    def read(cls, settings: Settings) -> Identity:
        """As the settings say. Raises UsageError or StorageError."""
        keys = read_keys(settings.cluster)
        _warn_of_open_keys(settings.cluster)
        state = StateDir(Path(settings.node.state_dir))
        return cls(state.node_id(), draw_boot(), keys[0], keys, state)

    def opener(self, cluster: str) -> Opener:
        """A fresh opener: one for datagrams and one for HTTP, each with its own windows."""
        return Opener(self.keys, cluster_tag(cluster), (self.node, self.boot))

    def voice(self, cluster: str, openers: Sequence[Opener]) -> Voice:
        """The one voice; `openers` are told of every name it takes."""
        sealer = Sealer(self.key, cluster_tag(cluster), self.node, self.boot)
        return Voice(sealer, self.node, openers)


class Voice:
    """Seals what we say."""

    def __init__(
        self,
        sealer: Sealer,
        node: NodeId,
        openers: Sequence[Opener],
        draw: Callable[[], BootId] = draw_boot,
    ) -> None:
        self._sealer = sealer
        self._node = node
        self._openers = openers
        self._draw = draw

    def seal(self, message: Message) -> bytes:
        """The datagram that says `message`."""
        if self._sealer.exhausted:
            boot = self._draw()
            for opener in self._openers:
                opener.add_own(self._node, boot)
            self._sealer.renew(boot)
        return self._sealer.seal(message)


def read_keys(cluster: ClusterSettings) -> list[ClusterKey]:
    """The cluster's keys, the current one first. Raises UsageError or NotPermitted."""
    keys = [cluster_key(file) for file in (cluster.key_file, *cluster.previous_key_files)]
    _check_distinct(keys)
    return keys


def cluster_key(file: str) -> ClusterKey:
    """The key in `cluster.key_file`, or in one of `cluster.previous_key_files`."""
    try:
        return ClusterKey.parse(Path(file).read_text())
    except PermissionError:
        raise NotPermitted(f"cluster.key_file: {file} may not be read by this user") from None
    except FileNotFoundError:
        raise UsageError(
            f"cluster.key_file: {file} is not there; copy the cluster's key to it, or make the"
            " first one with `mcastdist keygen`"
        ) from None
    except OSError as error:
        raise UsageError(f"cluster.key_file: {file} cannot be read ({error.strerror})") from None
    except (McastdistError, UnicodeDecodeError) as error:
        raise UsageError(f"cluster.key_file: {file} holds no cluster key ({error})") from None


def _warn_of_open_keys(cluster: ClusterSettings) -> None:
    """Whoever reads a key is a member. Only a warning: the agent is no worse off without it."""
    for file in (cluster.key_file, *cluster.previous_key_files):
        if os.name == "posix" and Path(file).stat().st_mode & stat.S_IROTH:
            log.warning("every user of this machine may read the cluster key: chmod o=", file=file)


def _check_distinct(keys: Sequence[ClusterKey]) -> None:
    """A stream names its key by one byte, so no two of a rotation may share it; 1 in 256 do."""
    if len({key.key_id for key in keys}) < len(keys):
        raise UsageError(
            "cluster.previous_key_files: two of the cluster keys are the same, or have the same id;"
            " take out what is there twice, or make the new key once more with `mcastdist keygen`"
        )


def trusted_keys(given: Sequence[str]) -> list[PublicKey]:
    """The public keys of `cluster.trusted_keys`: key lines, or files that hold them."""
    keys = []
    for text in given:
        path = Path(text)
        try:
            keys.append(PublicKey.parse(path.read_text() if path.is_file() else text))
        except PermissionError:
            raise NotPermitted(f"cluster.trusted_keys: {text} may not be read") from None
        except (McastdistError, OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"cluster.trusted_keys: {text} is neither a minisign public key nor a file with "
                f"one ({error})"
            ) from None
    return keys
