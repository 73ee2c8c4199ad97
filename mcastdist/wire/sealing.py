"""Who said this, and is it new? Control datagrams, sealed and opened (PROTOCOL.md, 3.1).

Each sender has a key of its own for each run, derived from the cluster key, and counts its
datagrams: the counter is the nonce. So a key and nonce never meet twice, and a receiver that
remembers which counters it has seen cannot be fooled by a recording.

Nothing of a datagram is believed before its seal opens: a forgery makes, moves or evicts no
window, it only counts.
"""

from __future__ import annotations

import struct
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mcastdist.errors import MalformedMessage, McastdistError, Unauthentic
from mcastdist.ids import BootId, ClusterTag, NodeId

from .codec import decode, encode
from .geometry import SEAL_TAG_BYTES
from .keys import ClusterKey
from .limits import CONTROL_BYTES_MAX, REPLAY_WINDOW, SENDERS_MAX, VERSION
from .messages import Message

KIND_CONTROL = 0x43
COUNTER_MAX = 2**32 - 1
CONTROL_HEADER = struct.Struct("!BBBBIQQI")  # version, kind, key id, reserved, cluster, node, ...
NONCE_ZEROS = bytes(8)  # before a 32-bit number: the nonces of AES-GCM have 12 bytes
REFUSALS = (
    "too_short", "version", "kind", "cluster", "key", "forged", "replayed", "malformed", "own",
)  # fmt: skip

_Speaker = tuple[NodeId, BootId]
_SenderName = tuple[int, NodeId, BootId]  # first, which of our keys it uses

_WINDOW_MASK = (1 << REPLAY_WINDOW) - 1


class SealExhausted(McastdistError):
    """The counter has reached its end: draw a new boot id and `renew`."""


class Opened(NamedTuple):
    """A message, and who certainly sent it."""

    node: NodeId
    boot: BootId
    message: Message
    key: ClusterKey  # of ours, the one that it was sealed with


class Sealer:
    """Seals what one run of one node says."""

    def __init__(self, key: ClusterKey, cluster: ClusterTag, node: NodeId, boot: BootId) -> None:
        self._key = key
        self._cluster = cluster
        self._node = node
        self.renew(boot)

    def renew(self, boot: BootId) -> None:
        """Begin again under a boot id that was never used before.

        Tell the Opener too (`add_own`), or our own echo looks like a twin.
        """
        self._boot = boot
        self._counter = 0
        self._cipher = sender_cipher(self._key, self._node, boot)

    @property
    def exhausted(self) -> bool:
        """True if nothing more can be sealed under this boot id: `renew`."""
        return self._counter >= COUNTER_MAX

    def seal(self, message: Message) -> bytes:
        """The datagram that says `message`. Raises SealExhausted after 2**32 - 1 of them."""
        if self.exhausted:
            raise SealExhausted(f"{COUNTER_MAX} datagrams sealed: draw a new boot id and renew")
        self._counter += 1
        header = CONTROL_HEADER.pack(
            VERSION, KIND_CONTROL, self._key.key_id, 0,
            self._cluster, self._node, self._boot, self._counter,
        )  # fmt: skip
        sealed = self._cipher.encrypt(counter_nonce(self._counter), encode(message), header)
        assert len(header) + len(sealed) <= CONTROL_BYTES_MAX, type(message).__name__
        return header + sealed


class Opener:
    """Opens what others say. `refused` counts what it would not, by the causes of REFUSALS."""

    def __init__(
        self, keys: Sequence[ClusterKey], cluster: ClusterTag, own: tuple[NodeId, BootId]
    ) -> None:
        """`keys`: the current one first; more than one during a rotation."""
        self._keys = tuple(keys)
        self._cluster = cluster
        self._own = {own}
        self._senders: OrderedDict[_SenderName, _Sender] = OrderedDict()
        self.refused: Counter[str] = Counter()

    def add_own(self, node: NodeId, boot: BootId) -> None:
        """We speak under this name from now on; what we said under older ones stays ours."""
        self._own.add((node, boot))

    def open(self, datagram: bytes | memoryview) -> Opened:
        """The message in `datagram` and its sender.

        Raises Unauthentic (with its `cause`) if this is not for us, not from a member, or not
        new; MalformedMessage if a member sealed what is no message. Both are counted.
        """
        try:
            return self._open(bytes(datagram))
        except Unauthentic as error:
            self.refused[error.cause] += 1
            raise
        except MalformedMessage:
            self.refused["malformed"] += 1
            raise

    def _open(self, datagram: bytes) -> Opened:
        if len(datagram) > CONTROL_BYTES_MAX:
            raise MalformedMessage(
                f"{len(datagram)} bytes: a control datagram has at most {CONTROL_BYTES_MAX}"
            )
        key_id, node, boot, counter = self._read_header(datagram)
        plain, key = self._unseal(datagram, key_id, (node, boot), counter)
        return Opened(node, boot, decode(plain), key)

    def _read_header(self, datagram: bytes) -> tuple[int, NodeId, BootId, int]:
        if len(datagram) < CONTROL_HEADER.size + SEAL_TAG_BYTES:
            raise Unauthentic("too_short", f"{len(datagram)} bytes are no control datagram")
        version, kind, key_id, _, cluster, node, boot, counter = CONTROL_HEADER.unpack_from(
            datagram
        )
        if version != VERSION:
            raise Unauthentic("version", f"the sender speaks version {version}, we {VERSION}")
        if kind != KIND_CONTROL:
            raise Unauthentic("kind", f"kind {kind:#04x} is not control ({KIND_CONTROL:#04x})")
        if cluster != self._cluster:
            raise Unauthentic("cluster", f"cluster {cluster:08x} is not ours ({self._cluster:08x})")
        if (node, boot) in self._own:
            raise Unauthentic("own", "our own datagram came back")
        return key_id, NodeId(node), BootId(boot), counter

    def _unseal(
        self, datagram: bytes, key_id: int, speaker: _Speaker, counter: int
    ) -> tuple[bytes, ClusterKey]:
        header, sealed = datagram[: CONTROL_HEADER.size], datagram[CONTROL_HEADER.size :]
        candidates = [index for index, key in enumerate(self._keys) if key.key_id == key_id]
        if not candidates:
            raise Unauthentic("key", f"node {speaker[0]:016x} has another cluster key than we")
        for index in candidates:  # more than one only if two keys share their id
            sender = self._senders.get((index, *speaker)) or self._stranger(index, speaker)
            try:
                plain = sender.cipher.decrypt(counter_nonce(counter), sealed, header)
            except InvalidTag:
                continue
            self._admit((index, *speaker), sender, counter)
            return plain, self._keys[index]
        raise Unauthentic("forged", f"the seal of a datagram of node {speaker[0]:016x} is broken")

    def _stranger(self, index: int, speaker: _Speaker) -> _Sender:
        return _Sender(sender_cipher(self._keys[index], *speaker), ReplayWindow())

    def _admit(self, name: _SenderName, sender: _Sender, counter: int) -> None:
        if not sender.window.admit(counter):
            raise Unauthentic("replayed", f"datagram {counter} of node {name[1]:016x} is not new")
        self._senders[name] = sender
        self._senders.move_to_end(name)
        if len(self._senders) > SENDERS_MAX:
            self._senders.popitem(last=False)  # the longest silent


class ReplayWindow:
    """Which of the last REPLAY_WINDOW counters of one sender have been seen."""

    __slots__ = ("_highest", "_seen")

    def __init__(self) -> None:
        self._highest = 0
        self._seen = 0  # bit i: counter `_highest - i`

    def admit(self, counter: int) -> bool:
        """True the first time for each counter (from 1) that is not older than the window."""
        ahead = counter - self._highest
        if ahead > 0:
            self._seen = (self._seen << ahead | 1) & _WINDOW_MASK if ahead < REPLAY_WINDOW else 1
            self._highest = counter
            return True
        bit = 1 << -ahead
        if counter < 1 or -ahead >= REPLAY_WINDOW or self._seen & bit:
            return False
        self._seen |= bit
        return True


@dataclass(slots=True)
class _Sender:
    cipher: AESGCM
    window: ReplayWindow


def sender_cipher(key: ClusterKey, node: NodeId, boot: BootId) -> AESGCM:
    """What seals all that one run of one node says."""
    name = node.to_bytes(8, "big") + boot.to_bytes(8, "big")
    return AESGCM(key.derive(b"mcastdist control" + name))


def counter_nonce(counter: int) -> bytes:
    """The nonce that goes with a datagram's counter."""
    return NONCE_ZEROS + counter.to_bytes(4, "big")
