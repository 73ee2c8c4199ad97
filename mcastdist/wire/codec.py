"""How does a control message become bytes, and which bytes do we distrust? (PROTOCOL.md, 4)

A message is a msgpack array of its number and its fields. Decoding has two gates. The first
(msgpack) bounds what the bytes may cost before they mean anything: no maps, no extensions, no
length beyond what a control datagram holds. The second (msgspec) lets only what the message's
type allows through, strictly: no text for bytes, no float for a whole number. Behind `decode`
everything is true.
"""

from __future__ import annotations

from typing import Any

import msgpack
import msgspec

from mcastdist.errors import MalformedMessage

from .limits import CONTROL_BYTES_MAX, NEED_ENTRIES_MAX
from .messages import MESSAGES, Message

ARRAY_ITEMS_MAX = max(128, NEED_ENTRIES_MAX)  # the longest list there is; fields are far fewer
_BY_KIND = {message.kind: message for message in MESSAGES}


def encode(message: Message) -> bytes:
    """`message` as bytes, to be sealed."""
    fields = msgspec.structs.astuple(message)
    packed: bytes = msgpack.packb((message.kind, *fields), default=msgspec.structs.astuple)
    return packed


def decode(data: bytes) -> Message:
    """The message in `data`; fields beyond those we know are ignored.

    Raises MalformedMessage, which says what was wrong.
    """
    items = _unpack(data)
    if not isinstance(items, list) or not items:
        raise MalformedMessage(f"a message is an array with fields, got {type(items).__name__}")
    kind, *fields = items
    message_type = _BY_KIND.get(kind) if type(kind) is int else None
    if message_type is None:
        number = kind if isinstance(kind, int | float) else type(kind).__name__
        raise MalformedMessage(f"no message has the number {number}: a newer version may")
    try:
        return msgspec.convert(fields, message_type, strict=True, builtin_types=(bytes,))
    except (msgspec.ValidationError, ValueError) as error:
        raise MalformedMessage(f"{message_type.__name__}: {error}") from None


def _unpack(data: bytes) -> Any:
    if len(data) > CONTROL_BYTES_MAX:
        raise MalformedMessage(f"{len(data)} bytes: a message has at most {CONTROL_BYTES_MAX}")
    try:
        return msgpack.unpackb(
            data,
            raw=False,
            strict_map_key=True,
            max_str_len=CONTROL_BYTES_MAX,
            max_bin_len=CONTROL_BYTES_MAX,
            max_array_len=ARRAY_ITEMS_MAX,
            max_map_len=0,
            max_ext_len=0,
        )
    except ValueError as error:  # what all of msgpack's refusals derive from
        why = str(error) or "nested too deep"
        raise MalformedMessage(f"not msgpack within bounds: {why}") from None
