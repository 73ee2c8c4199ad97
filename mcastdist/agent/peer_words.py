"""What do peers say to one another over HTTP? Who asks, and how a manifest is packed.

`Authorization: Mcastdist <base64url of a sealed PeerRequest>` makes a request ours: the same
identity, window and refusals as on UDP (PROTOCOL.md, 8).
"""

from __future__ import annotations

import base64
import binascii
import struct

from aiohttp import web

from mcastdist.errors import PeerError, Unauthentic
from mcastdist.wire import ClusterKey, Opener, PeerRequest

from .identity import Voice

SCHEME = "Mcastdist"
PEERS_HEADER = "Mcastdist-Peers"
PEERS_NAMED_MAX = 8  # of "ask these": more would not be asked, and no header may be of 8 KiB
_LENGTH = struct.Struct("!I")


def authorization(voice: Voice, method: str, path: str) -> str:
    """The header that makes a request ours, once."""
    sealed = voice.seal(PeerRequest(method, path))
    return f"{SCHEME} {base64.urlsafe_b64encode(sealed).decode()}"


def authenticate(opener: Opener, request: web.Request) -> ClusterKey:
    """The key a member's new request came under; else raises the answer 401, with the cause."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != SCHEME:
        raise _refusal("missing")
    try:
        opened = opener.open(base64.b64decode(token, altchars=b"-_", validate=True))
    except Unauthentic as error:
        raise _refusal(error.cause) from None
    except (PeerError, binascii.Error, ValueError):
        raise _refusal("malformed") from None
    asked = opened.message if isinstance(opened.message, PeerRequest) else PeerRequest("", "")
    if (asked.method, asked.path) != (request.method, request.path):
        raise _refusal("another_request")
    return opened.key


def pack_manifest(manifest: bytes, signature: bytes) -> bytes:
    """A manifest and its signature as one body."""
    return _LENGTH.pack(len(manifest)) + manifest + signature


def unpack_manifest(body: bytes) -> tuple[bytes, bytes]:
    """(manifest, signature). Raises PeerError if the body is too short to be both."""
    if len(body) < _LENGTH.size:
        raise PeerError(f"a manifest from a peer has {len(body)} bytes, fewer than its own length")
    (length,) = _LENGTH.unpack_from(body)
    if len(body) < _LENGTH.size + length:
        raise PeerError(f"a manifest from a peer is cut off: {len(body)} of {length} bytes")
    return body[_LENGTH.size : _LENGTH.size + length], body[_LENGTH.size + length :]


def as_reached(named: str, asked: str) -> str:
    """The host:port that a peer named, as we reach it if we reached that peer as `asked`.

    A link-local address is good together with an interface of ours only (RFC 4007, section 6).
    """
    if not named.startswith("[fe80:"):
        return named
    host, _, port = named.partition("]")
    scope = asked.partition("]")[0].partition("%")[2]
    return f"{host.partition('%')[0]}{'%' if scope else ''}{scope}]{port}"


def _refusal(cause: str) -> web.HTTPUnauthorized:
    return web.HTTPUnauthorized(text=cause, headers={"WWW-Authenticate": SCHEME})
