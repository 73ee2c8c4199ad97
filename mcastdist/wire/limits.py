"""What bounds the protocol? Every number that nodes must agree on, or that protects them.

PROTOCOL.md names these; a test holds the two together.
"""

from __future__ import annotations

VERSION = 1
PORT = 7447

# --- sizes --------------------------------------------------------------------------------------

DATAGRAM_BYTES_MAX = 65_000  # the most UDP carries, less any options; never assume an MTU of 1500
CONTROL_BYTES_MAX = 1_200  # control crosses every link unfragmented (IPv6 promises 1,280)
SYMBOL_BYTES_MIN = 16  # smaller would be all header; protects receivers from absurd announcements
BLOCK_BYTES = 1 << 20  # AES-GCM is fastest at this size, and parity over it is still cheap
BLOCK_BYTES_MAX = 1 << 22  # bounds what one announced block may cost a receiver in memory
SYMBOLS_MAX = 1 << 13  # of one block; bounds the matrix a decoder solves (64 MB at the very worst)
BLOCKS_MAX = 1 << 24  # 16 TiB of payload; bounds every per-block table
PAYLOAD_BYTES_MAX = BLOCKS_MAX * BLOCK_BYTES
NEED_ENTRIES_MAX = 96  # fits CONTROL_BYTES_MAX with 32-bit blocks and counts
MISSING_RANGES_MAX = 24  # in a Report: enough for a late joiner, small enough for one datagram

# --- trust --------------------------------------------------------------------------------------

REPLAY_WINDOW = 1_024  # a second of the busiest control traffic may arrive out of order
SENDERS_MAX = 4_096  # bounds the replay windows an outsider's spoofed ids could make us keep
BAN_S = 3_600.0  # how long a node that sent a provably bad block is refused

# --- discovery and election (PROTOCOL.md, 5) ----------------------------------------------------

SEEK_COUNT = 2  # one lost query must not start a second session
SEEK_S = 0.2  # the answer comes in a round trip; together with CLAIM_S under half a second
CLAIM_S = 0.15  # long enough for a stronger candidate to object on a LAN
CLAIM_COUNT = 2  # in that time: a claim that is lost must not make a second representative
BACKOFF_S_MAX = 0.1  # the weakest waits this long before it claims
ANNOUNCE_S = 1.0  # the lease's renewal
EARLY_ANNOUNCEMENTS = 3  # a new representative makes itself known even where one in ten is lost
ANNOUNCE_GAP_S_MIN = 0.05  # a thousand Seeks are answered with twenty announcements a second
DOUBT_S = 1.3  # a renewal is missed, so the representative is asked directly, thrice in a lease
LEASE_S = 2.2  # two renewals missed and a bit: with election and sending under 3 s to fail over
OFFER_WAIT_S = 0.1  # holders spread their offers over this time
OFFERS_ENOUGH = 3  # who heard this many offers keeps quiet
VOLUNTEER_S_MAX = 3.0  # nobody claimed for this long: nobody will

# --- the stream (PROTOCOL.md, 6) ----------------------------------------------------------------

BURST_DATAGRAMS_MAX = 16  # 16 x 1,472 bytes: what a cheap switch buffers at gigabit speed
RATE_BPS_START = 100_000_000  # modest on the slowest LAN that matters, and doubled in a moment
RATE_BPS_MIN = 1_000_000  # below this HTTP from peers is better than any stream
RATE_BPS_MAX = 40_000_000_000  # beyond any interface there is; bounds arithmetic, not networks
LOSS_PPM_HIGH = 20_000  # 2 %: what parity repairs cheaply is no reason to slow down
DELAY_US_HIGH = 5_000  # 5 ms of queue at 1 Gbit/s is 600 KB; LEDBAT's 100 ms would be 12 MB
REPORT_S = 0.25
REPORTS_PER_S_MAX = 100  # so that a thousand receivers do not drown their representative
WRAP_RECEIVERS_MIN = 3  # fewer take the beginning from peers: cheaper than the whole segment's time
DEAF_S = 3.0  # a stream that is announced and not heard for this long does not reach us

# --- repair (PROTOCOL.md, 7) --------------------------------------------------------------------

BLOCK_SILENCE_S = 0.25  # no datagram for this long: the tail of the block is not coming
NEED_WAIT_S = 0.04  # NACK suppression; with it 2-3 of 1,000 nodes speak
NEED_AGAIN_S = 0.3
NEEDS_MAX = 5  # asked this often in vain: take it from a peer
PARITY_SPARE = 3  # with three rows more than missing 24 to 29 of 30 blocks decode at once
PARITY_FIRST = 1 << 20  # parity ids start here: above the source symbols of the largest block
PARITY_RANDOM_FIRST = 1 << 24  # from here drawn at random, by answerers who do not coordinate
PARITY_DENSITIES = (
    0.5, 0.42, 0.35, 0.3, 0.25, 0.2, 0.16, 0.13, 0.1, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02, 0.01,
)  # fmt: skip  # one per value of a symbol id's top four bits

# --- trials (PROTOCOL.md, 11) -------------------------------------------------------------------

ECHO_WAIT_S = 0.25  # a thousand machines that are probed at once answer over this time
ECHOES_PER_S_MAX = 20  # enough for two who examine at once; bounds what a liar makes us say
ECHO_BURST_MAX = 60  # an examination asks for a good twenty within three seconds
