"""One of each message, and the bytes it must be for ever: an agent of next year reads them too."""

from __future__ import annotations

from mcastdist.ids import BootId, ContentId, NodeId, cluster_tag
from mcastdist.wire import (
    Announce,
    Claim,
    ClusterKey,
    Dismiss,
    Echo,
    Handover,
    Message,
    Need,
    Offer,
    PeerRequest,
    Phase,
    Probe,
    ReceiverState,
    Report,
    Seek,
    Standing,
    Way,
)

LOCATOR = bytes(range(32))
CONTENT = ContentId(bytes(range(32, 64)))
SESSION = 0x01020304
STANDING = Standing(7, 50, 255, 1, 0, 0xDEADBEEF)
KEY = ClusterKey(bytes(range(16)))
CLUSTER = cluster_tag("example")
NODE = NodeId(0x1111_2222_3333_4444)
BOOT = BootId(0x5555_6666_7777_8888)
ME = (NodeId(1), BootId(1))

_LOCATOR_HEX = "c420" + LOCATOR.hex()
_CONTENT_HEX = "c420" + CONTENT.hex()
_STANDING_HEX = "960732ccff0100cedeadbeef"

GOLDEN: list[tuple[Message, str]] = [
    (Seek(LOCATOR), "9401" + _LOCATOR_HEX + "c400" + "c2"),
    (Seek(LOCATOR, CONTENT, True), "9401" + _LOCATOR_HEX + _CONTENT_HEX + "c3"),
    (
        Offer(LOCATOR, CONTENT, 7447, 300, True, False),
        "9702" + _LOCATOR_HEX + _CONTENT_HEX + "cd1d17" + "cd012c" + "c3" + "c2",
    ),
    (Claim(LOCATOR, STANDING), "9303" + _LOCATOR_HEX + _STANDING_HEX),
    (
        Announce(
            LOCATOR, SESSION, STANDING, 7447, Phase.STREAMING, 60_000, CONTENT,
            3_000_000, 1 << 20, 1416, 2, 1, 12, 100_000_000, 3, False, 0x7F,
        ),
        "dc0012" + "04" + _LOCATOR_HEX + "ce01020304" + _STANDING_HEX + "cd1d17" + "02" + "cdea60"
        + _CONTENT_HEX + "ce002dc6c0" + "ce00100000" + "cd0588" + "02" + "01" + "0c"
        + "ce05f5e100" + "03" + "c2" + "7f",
    ),
    (
        Report(
            SESSION, ReceiverState.RECEIVING, 2, 20_000, 0, 5_000, 100_000_000,
            1472, 50, 7448, ((0, 1), (70_000, 2)), "joined late",
        ),
        "9d05" + "ce01020304" + "01" + "02" + "cd4e20" + "00" + "cd1388" + "ce05f5e100" + "cd05c0"
        + "32" + "cd1d18" + "92920001" + "92ce0001117002" + "ab6a6f696e6564206c617465",
    ),
    (
        Need(SESSION, CONTENT, ((0, 7), (2, 300))),
        "9406" + "ce01020304" + _CONTENT_HEX + "92920007" + "9202cd012c",
    ),
    (
        Handover(LOCATOR, SESSION, 0xFEDC_BA98_7654_3210),
        "9407" + _LOCATOR_HEX + "ce01020304" + "cffedcba9876543210",
    ),
    (Dismiss(SESSION, "too slow"), "9308" + "ce01020304" + "a8746f6f20736c6f77"),
    (
        PeerRequest("GET", "/v1/content/00/blocks/1"),
        "9309" + "a3474554" + "b72f76312f636f6e74656e742f30302f626c6f636b732f31",
    ),
    (Probe(SESSION, 300, True), "940a" + "ce01020304" + "cd012c" + "c3"),
    (
        Echo(SESSION, 7, Way.ASIDE, True, 1 << 40, 1 << 41, 7447, 1472, "0.1.0", "h1"),
        "9b0b" + "ce01020304" + "07" + "01" + "c3" + "cf0000010000000000"
        + "cf0000020000000000" + "cd1d17" + "cd05c0" + "a5302e312e30" + "a26831",
    ),
]  # fmt: skip
