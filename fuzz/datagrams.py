"""Can bytes from the network do anything but be refused? An entry for control and stream datagrams.

Errors of our own tree are what hostile bytes deserve; anything else that escapes is a bug. What is
believed must hold when it is said again. Every call starts afresh, so a failing input is enough to
see the failure again.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mcastdist.errors import McastdistError
from mcastdist.ids import BootId, ContentId, NodeId, SessionId, cluster_tag
from mcastdist.wire import (
    STREAM_HEADER_BYTES,
    Announce,
    BlockSeal,
    Claim,
    ClusterKey,
    Dismiss,
    Echo,
    Geometry,
    Handover,
    Message,
    Need,
    Offer,
    Opener,
    PeerRequest,
    Phase,
    Probe,
    ReceiverState,
    Report,
    Sealer,
    Seek,
    Standing,
    Way,
    decode,
    encode,
    known,
    make_headers,
    parse,
    split,
    tail,
    valid,
)

KEY = ClusterKey(bytes(range(16)))
CLUSTER = cluster_tag("fuzz")
CONTENT = ContentId(bytes(32))
SESSION = SessionId(0x01020304)
SENDER, SENDER_BOOT = NodeId(2), BootId(2)
GEOMETRY = Geometry(10_000, 4096, 256)
SEAL = BlockSeal(KEY, CONTENT)
CONTROL_HEADER_BYTES = 28
MANIFEST_NONCE = bytes(12)
RESEAL_NONCE = bytes(11) + b"\x01"  # of the first datagram, which is all a fresh opener needs


def fuzz_one(data: bytes) -> None:
    """Try `data` at every place where bytes from the network come in."""
    _control(data)
    _control(_resealed(data))
    _message(data)
    for stride in {len(data), STREAM_HEADER_BYTES + 256, 2 * data[0] if data else 0}:
        _stream(data, stride)
    for open_sealed in (lambda: SEAL.open(0, data), lambda: SEAL.open_manifest(data)):
        _refused(open_sealed)
    _refused(lambda: ClusterKey.parse(data.decode("latin-1")))


def seeds() -> list[bytes]:
    """Inputs that are true, for a fuzzer to spoil."""
    sealer = Sealer(KEY, CLUSTER, SENDER, SENDER_BOOT)
    sealed = SEAL.seal(0, bytes(4096))
    return [
        *(encode(message) for message in _MESSAGES),
        *(sealer.seal(message) for message in _MESSAGES),
        _datagrams(sealed),
        sealed,
        SEAL.seal_manifest(b"manifest", MANIFEST_NONCE),
        KEY.text().encode(),
    ]


def _control(datagram: bytes) -> None:
    opener = Opener([KEY], CLUSTER, (NodeId(1), BootId(1)))
    refused = _refused(lambda: opener.open(datagram))
    assert opener.refused.total() == refused
    assert refused or _refused(lambda: opener.open(datagram)), "the same datagram counted twice"


def _message(octets: bytes) -> None:
    try:
        message = decode(octets)
    except McastdistError:
        return
    assert decode(encode(message)) == message, "what was believed is refused when said again"


def _stream(datagrams: bytes, stride: int) -> None:
    if _refused(lambda: parse(memoryview(datagrams), stride)):
        return
    headers, payloads = parse(memoryview(datagrams), stride)
    assert len(headers) == len(payloads) == len(datagrams) // stride
    assert len(headers) * stride + len(tail(memoryview(datagrams), stride)) == len(datagrams)
    ours = valid(headers, cluster=CLUSTER, session=SESSION) & known(headers, GEOMETRY)
    for block in headers["block"][ours].tolist():
        assert GEOMETRY.plain_bytes(block) > 0


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except McastdistError:
        return True
    return False


def _resealed(data: bytes) -> bytes:
    """`data` as a member of the cluster could seal it: the way behind the seal."""
    return _RESEAL_HEADER + _RESEAL_CIPHER.encrypt(RESEAL_NONCE, data, _RESEAL_HEADER)


def _datagrams(sealed: bytes) -> bytes:
    symbols = split(sealed, GEOMETRY.symbol_bytes)
    headers = make_headers(
        cluster=CLUSTER, sender=SENDER, session=SESSION, block=0, symbols=range(len(symbols)),
        sequence=0, sent_us=0, tags=SEAL.symbol_tags(0, symbols),
    )  # fmt: skip
    return b"".join(
        header.tobytes() + symbol.tobytes() for header, symbol in zip(headers, symbols, strict=True)
    )


_RESEAL_HEADER = Sealer(KEY, CLUSTER, SENDER, SENDER_BOOT).seal(Seek(bytes(32)))[
    :CONTROL_HEADER_BYTES
]
_RESEAL_CIPHER = AESGCM(
    KEY.derive(b"mcastdist control" + SENDER.to_bytes(8, "big") + SENDER_BOOT.to_bytes(8, "big"))
)

_LOCATOR = bytes(range(32))
_STANDING = Standing(7, 50, 255, 1, 0, 0xDEADBEEF)
_MESSAGES: tuple[Message, ...] = (
    Seek(_LOCATOR, CONTENT),
    Offer(_LOCATOR, CONTENT, 7447, 300, True, False),
    Claim(_LOCATOR, _STANDING),
    Announce(
        _LOCATOR, SESSION, _STANDING, 7447, Phase.STREAMING, 60_000, CONTENT,
        10_000, 4096, 256, 2, 1, 12, 100_000_000, 3,
    ),
    Report(
        SESSION, ReceiverState.RECEIVING, 2, 20_000, 0, 5_000, 100_000_000, 1472, 50, 7448,
        ((0, 1), (70_000, 2)), "joined late",
    ),
    Need(SESSION, CONTENT, ((0, 7), (2, 300))),
    Handover(_LOCATOR, SESSION, 0xFEDC_BA98_7654_3210),
    Dismiss(SESSION, "too slow"),
    PeerRequest("GET", "/v1/content/00/blocks/1"),
    Probe(0x5EED, 3, True),
    Echo(0x5EED, 3, Way.GROUP, True, 1_700_000_000_000_000, 1, 7447, 1472, "0.1.0", "näme"),
    Probe(SESSION, 300, True),
    Echo(SESSION, 7, Way.ASIDE, True, 1 << 40, 1 << 41, 7447, 1472, "0.1.0", "h1"),
)  # fmt: skip
