"""What do nodes say to one another? The only room that knows bytes on the network.

PROTOCOL.md says it in words. The limits are here too, under their own names: the room has one door.
What reads the stream is loaded when it is first named: it needs numpy, an agent at rest does not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .blocks import (
    MANIFEST_NONCE_BYTES,
    BadSeal,
    BlockSeal,
)
from .bounds import (
    Phase,
    ReceiverState,
    Way,
)
from .codec import (
    decode,
    encode,
)
from .geometry import (
    SEAL_TAG_BYTES,
    STREAM_HEADER_BYTES,
    SYMBOL_TAG_BYTES,
    Geometry,
)
from .groups import (
    control_group,
    data_group,
)
from .keys import (
    ClusterKey,
)
from .limits import (
    ANNOUNCE_GAP_S_MIN,
    ANNOUNCE_S,
    BACKOFF_S_MAX,
    BAN_S,
    BLOCK_BYTES,
    BLOCK_BYTES_MAX,
    BLOCK_SILENCE_S,
    BLOCKS_MAX,
    BURST_DATAGRAMS_MAX,
    CLAIM_COUNT,
    CLAIM_S,
    CONTROL_BYTES_MAX,
    DATAGRAM_BYTES_MAX,
    DEAF_S,
    DELAY_US_HIGH,
    DOUBT_S,
    EARLY_ANNOUNCEMENTS,
    ECHO_BURST_MAX,
    ECHO_WAIT_S,
    ECHOES_PER_S_MAX,
    LEASE_S,
    LOSS_PPM_HIGH,
    MISSING_RANGES_MAX,
    NEED_AGAIN_S,
    NEED_ENTRIES_MAX,
    NEED_WAIT_S,
    NEEDS_MAX,
    OFFER_WAIT_S,
    OFFERS_ENOUGH,
    PARITY_DENSITIES,
    PARITY_FIRST,
    PARITY_RANDOM_FIRST,
    PARITY_SPARE,
    PAYLOAD_BYTES_MAX,
    PORT,
    RATE_BPS_MAX,
    RATE_BPS_MIN,
    RATE_BPS_START,
    REPLAY_WINDOW,
    REPORT_S,
    REPORTS_PER_S_MAX,
    SEEK_COUNT,
    SEEK_S,
    SENDERS_MAX,
    SYMBOL_BYTES_MIN,
    SYMBOLS_MAX,
    VERSION,
    VOLUNTEER_S_MAX,
    WRAP_RECEIVERS_MIN,
)
from .messages import (
    MESSAGES,
    Announce,
    Claim,
    Dismiss,
    Echo,
    Handover,
    Message,
    Need,
    Offer,
    PeerRequest,
    Probe,
    Report,
    Seek,
    Standing,
)
from .padding import (
    pad,
    unpad,
)
from .sealing import (
    REFUSALS,
    Opened,
    Opener,
    Sealer,
    SealExhausted,
)

if TYPE_CHECKING:
    from .stream import (
        KIND_STREAM,
        PARITY_SEED_MASK,
        STREAM_HEADER,
        Headers,
        Mask,
        is_parity,
        known,
        make_headers,
        parse,
        split,
        tail,
        valid,
    )
    from .tags import Octets

__all__ = [
    "ANNOUNCE_GAP_S_MIN",
    "ANNOUNCE_S",
    "BACKOFF_S_MAX",
    "BAN_S",
    "BLOCKS_MAX",
    "BLOCK_BYTES",
    "BLOCK_BYTES_MAX",
    "BLOCK_SILENCE_S",
    "BURST_DATAGRAMS_MAX",
    "CLAIM_COUNT",
    "CLAIM_S",
    "CONTROL_BYTES_MAX",
    "DATAGRAM_BYTES_MAX",
    "DEAF_S",
    "DELAY_US_HIGH",
    "DOUBT_S",
    "EARLY_ANNOUNCEMENTS",
    "ECHOES_PER_S_MAX",
    "ECHO_BURST_MAX",
    "ECHO_WAIT_S",
    "KIND_STREAM",
    "LEASE_S",
    "LOSS_PPM_HIGH",
    "MANIFEST_NONCE_BYTES",
    "MESSAGES",
    "MISSING_RANGES_MAX",
    "NEEDS_MAX",
    "NEED_AGAIN_S",
    "NEED_ENTRIES_MAX",
    "NEED_WAIT_S",
    "OFFERS_ENOUGH",
    "OFFER_WAIT_S",
    "PARITY_DENSITIES",
    "PARITY_FIRST",
    "PARITY_RANDOM_FIRST",
    "PARITY_SEED_MASK",
    "PARITY_SPARE",
    "PAYLOAD_BYTES_MAX",
    "PORT",
    "RATE_BPS_MAX",
    "RATE_BPS_MIN",
    "RATE_BPS_START",
    "REFUSALS",
    "REPLAY_WINDOW",
    "REPORTS_PER_S_MAX",
    "REPORT_S",
    "SEAL_TAG_BYTES",
    "SEEK_COUNT",
    "SEEK_S",
    "SENDERS_MAX",
    "STREAM_HEADER",
    "STREAM_HEADER_BYTES",
    "SYMBOLS_MAX",
    "SYMBOL_BYTES_MIN",
    "SYMBOL_TAG_BYTES",
    "VERSION",
    "VOLUNTEER_S_MAX",
    "WRAP_RECEIVERS_MIN",
    "Announce",
    "BadSeal",
    "BlockSeal",
    "Claim",
    "ClusterKey",
    "Dismiss",
    "Echo",
    "Geometry",
    "Handover",
    "Headers",
    "Mask",
    "Message",
    "Need",
    "Octets",
    "Offer",
    "Opened",
    "Opener",
    "PeerRequest",
    "Phase",
    "Probe",
    "ReceiverState",
    "Report",
    "SealExhausted",
    "Sealer",
    "Seek",
    "Standing",
    "Way",
    "control_group",
    "data_group",
    "decode",
    "encode",
    "is_parity",
    "known",
    "make_headers",
    "pad",
    "parse",
    "split",
    "tail",
    "unpad",
    "valid",
]


def __getattr__(name: str) -> object:
    """Numpy, and what needs it, only for who asks for it."""
    if name == "Octets":
        return import_module(f"{__name__}.tags").Octets
    if name in __all__:
        return getattr(import_module(f"{__name__}.stream"), name)
    raise AttributeError(f"{__name__} has no {name}")
