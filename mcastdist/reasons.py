"""Why did this happen? Every reason code a task can give, in one table.

A code is a stable word for scripts and monitoring: in a task's record (`reason`, `fallbacks`), in
the log and in the trace. The rooms say the code where it happens; what it means, what follows and
what an administrator can do stands here. A test holds the codes in the rooms against the table.
Before a code may stand who it is about: `origin_`, `peer_`, `relay_`, or what was done because of
it: `waits_to_retry:`, `gave_up_representing:`.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Reason(NamedTuple):
    """What a code means."""

    happened: str
    follows: str
    advice: str


AGAIN = "it is asked again after a short wait, then others are"
OTHERS = "others are asked; this one not again"
REFUSED = "the package is refused and nothing of it is delivered"
PEERS = "this machine takes the rest from peers; the others do not wait for it"
FAILS = "the task fails; what was verified stays in the cache"
RESTS = "the task rests and tries again (download.retry_backoff_min); a single command fails"

# What may stand before a code, and how it reads.
ABOUT = {"origin_": "the origin", "peer_": "a peer", "relay_": "a relay"}
DEEDS = {
    "waits_to_retry:": Reason(
        "nobody could supply it, and all are asked again later",
        "the whole subnet rests, and one of it asks again by the steps of "
        "download.retry_backoff_min",
        "see the code after the colon",
    ),
    "gave_up_representing:": Reason(
        "this machine represented the subnet and could not get it",
        "another machine of the subnet tries; after three all rest",
        "see the code after the colon; if only this machine has it, look at its way to the WAN",
    ),
}

REASONS: dict[str, Reason] = {
    # The stream does not serve this machine.
    "group_not_heard": Reason(
        "the representative is heard by broadcast only, its group is not", PEERS,
        "run mcastdist doctor; let the switch carry multicast (a querier, or no snooping)"),
    "stream_not_heard": Reason(
        "the stream moves on and none of it arrives", PEERS,
        "run mcastdist doctor; look at switch, firewall and MTU"),
    "slow_receiver": Reason(
        "the stream was too fast for this machine (repair.slow_receiver_bps_min)", PEERS,
        "look at its link, its disk and net.core.rmem_max; run mcastdist doctor"),
    "other_content": Reason(
        "the representative ships other bytes under this URL", PEERS,
        "publish new content under a new name; restart caches that serve an old manifest"),
    # Nobody supplies.
    "no_peer_supplies": Reason(
        "no peer had what was missing for download.origin_fallback_delay_s",
        "this machine asks the origin for it, and so the WAN pays for it again",
        "let TCP between the machines through (mcastdist doctor); see what the peers say"),
    "nobody_could_represent": Reason(
        "several machines represented in turn, and none could reach the origin",
        "all rest, and try again by the steps of download.retry_backoff_min",
        "look at the origin, the URL and the WAN"),
    "no_source": Reason(
        "neither a neighbour nor an origin is known for it", RESTS,
        "check the URL, download.allow_peers and download.allow_origin"),
    "origin_not_allowed": Reason(
        "only the origin has it, and download.allow_origin is off", RESTS,
        "allow it, or bring the package to a neighbour first"),
    "not_held": Reason(
        "it was asked for blocks it does not hold", OTHERS + " for these blocks", "nothing"),
    "no_network": Reason(
        "no interface is up on which neighbours could be heard",
        "it represents nobody and asks nobody; without a network for "
        "download.origin_fallback_delay_s it tries the origin alone; as soon as an interface is "
        "up it asks its neighbours first",
        "look at cable, switch port and address; mcastdist status names the interfaces in use"),
    # What a server or a peer answered.
    "dns": Reason("its name cannot be resolved", AGAIN, "correct the URL or the name server"),
    "refused": Reason("nobody listens there", AGAIN, "start the server or correct the port"),
    "unreachable": Reason("there is no route to it", AGAIN, "look at this machine's network"),
    "timeout": Reason("no connection, or no answer, in time", AGAIN,
                      "look at the server, the way to it and the firewall"),
    "stalled": Reason("it stopped sending in the middle", AGAIN,
                      "look at the server or the way to it"),
    "reset": Reason("the connection was cut", AGAIN, "look at the server's log if it goes on"),
    "truncated": Reason("the answer ended before its promised length",
                        "what came is kept; the rest is asked for", "look at proxies on the way"),
    "tls": Reason("TLS failed", AGAIN,
                  "check certificate and clock; name its CA in download.ca_file"),
    "proxy": Reason("the proxy does not connect us", AGAIN,
                    "check HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the agent"),
    "bad_answer": Reason("the answer is not HTTP as we know it", AGAIN,
                         "look at what listens there"),
    "bad_url": Reason("this is no URL that can be asked", OTHERS, "correct it"),
    "redirect": Reason("it redirects in a circle or to nowhere", OTHERS, "give the final URL"),
    "insecure_redirect": Reason("it redirects from HTTPS to plain HTTP", OTHERS,
                                "give that URL yourself if it is meant"),
    "captive_portal": Reason("the network wants a login first", AGAIN, "log this machine in"),
    "error_page": Reason("it is a web page, not the file", AGAIN, "correct the URL or the server"),
    "encoded": Reason("it came compressed though nobody asked for that", OTHERS,
                      "switch Content-Encoding off on the server"),
    "changed": Reason("it changed while it was fetched", AGAIN,
                      "publish under a new name instead of over the old one"),
    "wrong_range": Reason("it sent other bytes than those asked for", OTHERS,
                          "repair the server or its cache"),
    "wrong_length": Reason("it has another length than the manifest says", OTHERS,
                           "publish the package again, or correct the URL"),
    "too_large": Reason("it is longer than a manifest or signature may be", OTHERS,
                        "correct the URL"),
    "wrong_bytes": Reason("its bytes do not hash to what the manifest promises",
                          "they are thrown away; " + OTHERS,
                          "publish the package again, or examine that server or peer"),
    "bad_seal": Reason("a peer's bytes do not open with the cluster key",
                       "they are thrown away; " + OTHERS,
                       "look for another cluster key or version: mcastdist doctor"),
    # What is refused for what it is.
    "bad_signature": Reason("no trusted key signed it", REFUSED,
                            "sign it with a key of cluster.trusted_keys, or add its key there"),
    "malformed_manifest": Reason("the manifest breaks a rule or a limit", REFUSED,
                                 "publish it again with this release of mcastdist"),
    "unsafe_path": Reason("a path in it could leave the destination", REFUSED,
                          "do not install it; ask its publisher"),
    "digest_mismatch": Reason("the bytes are not those that were asked for", REFUSED,
                              "compare the digest with the publisher's"),
    "expired": Reason("its publisher set an end, and that is over", REFUSED,
                      "publish it again, or set this machine's clock"),
    "rollback": Reason("a later version of it was seen here before", REFUSED,
                       "publish it again with a higher sequence number"),
    "content_error": Reason("it is not what was asked for", REFUSED, "see the sentence"),
    # This machine.
    "no_space": Reason("there is no room in the cache or at the destination", FAILS,
                       "make room, or change cache.dir, cache.bytes_max or cache.free_bytes_min"),
    "not_permitted": Reason("the system forbids it: owner, mode or mount", FAILS,
                            "give the agent's user the right"),
    "store_busy": Reason("another process holds this store", FAILS,
                         "stop it, or give this agent a cache.dir of its own"),
    "storage_error": Reason("the disk failed", FAILS, "examine the disk, then fetch again"),
    "storage": Reason("the disk of a receiver said no", "it leaves the session; the others go on",
                      "look at that machine's task"),
    "damaged": Reason("what was verified once is damaged now",
                      "it is forgotten and fetched again, once", "examine the disk"),
    "unavailable_error": Reason("nobody can give it now", AGAIN, "see the sentence"),
    "usage_error": Reason("what was asked for cannot be", FAILS, "see the sentence"),
    "internal": Reason("something happened that we believed impossible", FAILS,
                       "the log shows where: report it"),
    # What is done first.
    "queued": Reason("as many tasks are at work as tasks.active_max allows",
                     "it begins at its turn, by priority and age, or when its stream is heard",
                     "mcastdist task list shows what is at work; give urgent tasks a --priority"),
    # What people did.
    "suspended": Reason("somebody suspended the task", "what it has is kept",
                        "mcastdist task resume"),
    "cancelled": Reason("somebody cancelled the task", "what it has stays in the cache", "nothing"),
    "agent_stops": Reason("the agent was stopped",
                          "it hands over what it represents; others go on", "start it again"),
}  # fmt: skip  # a table is read by its rows

STATUS = re.compile(r"status_(\d{3})")
STATUSES = {
    "401": Reason("it does not let us in (status 401)", OTHERS,
                  "an origin: allow this machine to read it; a peer: another key or clock"),
    "403": Reason("it does not let us in (status 403)", OTHERS, "allow this machine to read it"),
    "404": Reason("it does not have it (status 404)", OTHERS,
                  "publish it there or correct the URL"),
    "425": Reason("it will have it later (status 425)", "it is asked again soon", "nothing"),
    "429": Reason("it has too much to do (status 429)", "it is asked again when it says",
                  "nothing"),
    "503": Reason("it is busy (status 503)",
                  "those whom it names are asked; it is asked again when it says", "nothing"),
}  # fmt: skip  # a table is read by its rows


def explain(code: str) -> Reason | None:
    """What a code means, with whatever stands before it; None if no such code is known."""
    for prefix, deed in DEEDS.items():
        if code.startswith(prefix):
            return _because(deed, explain(code.removeprefix(prefix)))
    if code in REASONS:
        return REASONS[code]
    if match := STATUS.fullmatch(code):
        return _status(match[1])
    for prefix, who in ABOUT.items():
        if code.startswith(prefix) and (of := explain(code.removeprefix(prefix))) is not None:
            return of._replace(happened=f"{who}: {of.happened}")
    return None


def _because(deed: Reason, cause: Reason | None) -> Reason | None:
    if cause is None:
        return deed
    return deed._replace(happened=f"{deed.happened} ({cause.happened})", advice=cause.advice)


def _status(number: str) -> Reason:
    """Of the others of a kind, one is like the other."""
    if number in STATUSES:
        return STATUSES[number]
    if number.startswith("5"):
        return Reason(f"it failed (status {number})", AGAIN, "look at the server's log")
    return Reason(f"it answered with status {number}", OTHERS, "look at the server's log")
