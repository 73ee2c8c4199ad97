"""What does an event mean, in words? One sentence for each name that a trace may hold.

`{field}` is a field of the event, shown by `_shown`; one that is missing reads `?`. An event that
is `chatter` happens many times between two turns of the story, and is then told once, with a count.
A name that is not here is told as it stands: `room.event key=value`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass

from mcastdist.tracing import Event

from .words import duration, printable, rate

NODE_FIELDS = frozenset({"node", "leader", "heir", "sender"})  # 64-bit ids, shown as node names
RATE_EVENTS = frozenset({"session.rate"})  # whose `old` and `new` are bits a second
DIGEST = re.compile("[0-9a-f]{64}")
DIGEST_SHOWN = 12
HIDDEN = frozenset({"t"})  # the wall clock is in the margin already


@dataclass(frozen=True, slots=True)
class Telling:
    """How to tell one kind of event."""

    sentence: str
    chatter: bool = False


ROLES = {
    "seeking": "asks who represents or holds this",
    "backing_off": "nobody answered: waits before it claims, the shorter the stronger it is",
    "claiming": "claims to represent the subnet",
    "silenced": "keeps quiet: a stronger candidate has claimed",
    "leading": "represents the subnet",
    "following": "follows representative {leader}",
    "abstaining": "weighs 0 and does not represent: waits for a volunteer",
    "alone": "nobody volunteered: fetches alone",
}

TELLINGS: dict[str, Telling] = {
    "agent.task": Telling("task {task}: bring {file} here"),
    "agent.task_queued": Telling("task {task} is queued: {line} wait for others to end"),
    "agent.task_begins": Telling("task {task} begins after {waited_s} in the queue ({why})"),
    "agent.task_ended": Telling("task {task} is {state}"),
    "node.task": Telling("begins to look for locator {locator}"),
    "node.complete": Telling("everything is here and verified"),
    "node.phase": Telling("session {session} goes from {old} to {new}, {receivers} unfinished"),
    "node.round_stopped": Telling("the stream stops: nobody listens any more"),
    "node.round": Telling("round {round} of the stream begins with {blocks} blocks"),
    "node.stream_closed": Telling("the stream of session {session} ends"),
    "node.handover": Telling("leaves in good order: {heir} takes session {session} over"),
    "node.receiver": Telling("as a receiver of session {session}: {old} becomes {new}"),
    "node.receiver_silent": Telling(
        "receiver {node} has been silent too long: no longer waited for"
    ),
    "node.dismissed": Telling("receiver {node} is too slow for the stream: sent to peers"),
    "node.falls_to_peers": Telling("leaves the stream and takes the rest from peers ({why})"),
    "node.no_peer_supplies": Telling("no peer has what is missing: the origin will be asked"),
    "node.fallback": Telling("falls back: {code}"),
    "node.retries": Telling("tries again from the start"),
    "node.refused": Telling("refuses node {node}: it sent a block that is provably wrong"),
    "node.manifest_failed": Telling("{source} could not give the manifest ({code})"),
    "node.offer": Telling("offers what it holds to those who ask", chatter=True),
    "node.offer_suppressed": Telling("does not offer: enough others have", chatter=True),
    "election.seek_suppressed": Telling("does not ask again: another node has asked", chatter=True),
    "election.weaker_claim_ignored": Telling("ignores a weaker claim ({role})", chatter=True),
    "election.asks_leader": Telling("asks {leader} directly, unheard of late", chatter=True),
    "election.waits_for_lonely": Telling("waits: another node says it fetches alone", chatter=True),
    "session.rate": Telling("stream rate {old} becomes {new} ({why})", chatter=True),
    "session.report": Telling(
        "receiver {node} gets {rate_bps}, loses {loss_ppm} of a million, lags {delay_us} us",
        chatter=True,
    ),
    "session.answer": Telling("sends {due} parity symbols for block {block}", chatter=True),
    "session.need_answered_already": Telling(
        "sends nothing for block {block}: enough parity for it is under way", chatter=True
    ),
    "session.block_evicted": Telling(
        "lets block {block} go to make room for block {by}", chatter=True
    ),
    "session.forged": Telling("throws out {symbols} forged symbols of block {block} by {sender}"),
    "session.wary": Telling("checks each datagram for {for_s}: somebody forges"),
    "session.sender_refused": Telling("refuses sender {sender} for {for_s}"),
    "repair.need": Telling("asks for parity: {blocks} blocks from {first} on", chatter=True),
    "repair.need_suppressed": Telling(
        "does not ask for block {block}: somebody has asked for as much", chatter=True
    ),
    "http_fetch.attempt": Telling("a new attempt by HTTP, after {failed_before} that failed"),
    "http_fetch.request": Telling(
        "asks {kind} {source} for {count} blocks from {first} on", chatter=True
    ),
    "http_fetch.failed": Telling("{kind} {source} could not give it ({why})", chatter=True),
    "http_fetch.source_out": Telling("gives up on {source} ({why})"),
    "http_fetch.fallback": Telling("turns from {passed} to {to} {source} ({why})"),
    "http_fetch.exhausted": Telling("no source can supply it now ({why})"),
    "trace.dropped": Telling("{lines} events were lost: the disk was too slow for the trace"),
}


def sentence(event: Event) -> str:
    """The event in words, or as it stands if its name is not known here."""
    if event.name == "election.role":
        return _role_sentence(event)
    telling = TELLINGS.get(event.name)
    if telling is None:
        shown = (f"{key}={_shown(event, key)}" for key in event.fields if key not in HIDDEN)
        return " ".join((printable(event.name), *shown))
    return _filled(telling.sentence, event)


def is_chatter(event: Event) -> bool:
    """True if many of its kind may be told as one."""
    telling = TELLINGS.get(event.name)
    return event.name != "election.role" and (telling is None or telling.chatter)


def _role_sentence(event: Event) -> str:
    told = ROLES.get(str(event.fields.get("new")), "becomes {new}")
    return _filled(told + " ({why})", event)


def _filled(template: str, event: Event) -> str:
    names = {name for _, name, _, _ in string.Formatter().parse(template) if name}
    return template.format(**{name: _shown(event, name) for name in names})


def _shown(event: Event, key: str) -> str:
    fields: Mapping[str, object] = event.fields
    value = fields.get(key)
    if value is None:
        return "?"
    if key in NODE_FIELDS and isinstance(value, int):
        return f"{value:016x}"
    if key == "session" and isinstance(value, int):
        return f"{value:08x}"
    if isinstance(value, int | float):
        if event.name in RATE_EVENTS or key.endswith("_bps"):
            return rate(value)
        if key.endswith("_s"):
            return duration(value)
    return printable(_shortened(value))


def _shortened(value: object) -> object:
    """A whole digest as its first digits, as the other digests of a trace are."""
    return value[:DIGEST_SHOWN] if isinstance(value, str) and DIGEST.fullmatch(value) else value
