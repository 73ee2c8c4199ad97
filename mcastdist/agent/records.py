"""What does a task's record say? The node's words and the run's account, as people see them."""

from __future__ import annotations

import time
from urllib.parse import unquote, urlsplit

from mcastdist.election import Role
from mcastdist.ids import Locator, node_name
from mcastdist.node import Task
from mcastdist.reasons import explain
from mcastdist.timers import NEVER

from .api import Failure, TaskRecord, TaskRequest
from .package import shown_name
from .runs import Run, Share

CONTENT_CODES = frozenset(
    {
        "bad_signature",
        "malformed_manifest",
        "unsafe_path",
        "digest_mismatch",
        "content_error",
        "wrong_bytes",
        "expired",
        "rollback",
    }
)
WAITS = "waits_to_retry:"  # what the node puts before the code for which all rest
SOURCE_KINDS = ("origin_", "peer_", "relay_")  # what the plan puts before a code


def new_record(task_id: str, request: TaskRequest, *, started: float = 0.0) -> TaskRecord:
    """The record of a task that was just given."""
    return TaskRecord(
        id=task_id,
        url=request.url,
        sha256=request.sha256,
        dest=request.dest,
        state="seeking",
        priority=request.priority,
        started=started,
    )


def see_task(record: TaskRecord, task: Task) -> None:
    """Take over what the node says of it."""
    record.state = task.state_word()  # type: ignore[assignment]  # speaks api.State
    record.fallbacks = task.fallbacks
    now = time.monotonic()
    is_resting = record.state == "waiting" and task.reception is None
    _see_rest(record, is_resting=is_resting, retry_s=task.retry_at - now)
    delay_s = 0.0
    if task.representation is not None:
        record.role = "representative"
        record.receivers = len(task.representation.audience.all())
        delay_s = task.representation.start_at - now
    elif task.reception is not None:
        record.role = "receiver"
        record.representative = node_name(task.reception.leader)
        delay_s = task.reception.announce.delay_ms / 1000
    elif task.role is Role.ALONE:
        record.role = "alone"
    record.session_delay_s_left = round(delay_s, 1) if delay_s > 0 else None


def _see_rest(record: TaskRecord, *, is_resting: bool, retry_s: float) -> None:
    """Why it rests until all is tried again, and for how long, as long as it does."""
    record.retry_s_left = round(max(0.0, retry_s), 1) if retry_s != NEVER else None
    waits = [code for code in record.fallbacks if code.startswith(WAITS)]
    if is_resting and waits:
        record.reason = waits[-1]
        told = explain(record.reason)
        record.sentence = told.happened if told is not None else ""
    elif record.reason.startswith(WAITS):
        record.reason = record.sentence = ""


def see_run(record: TaskRecord, run: Run, share: Share) -> None:
    """Take over the task's share of the account, and what the manifest says."""
    record.bytes_by_source = share.by_source(run.account)
    record.wan_bytes = share.wan_bytes(run.account)
    record.rate_bps = run.account.rate_bps(time.monotonic())
    if run.package is None:
        return
    manifest, holding = run.package.manifest, run.package.holding
    record.name, record.version = shown_name(manifest, [record.url]), manifest.version
    record.content = run.package.content.hex()
    record.payload_bytes = manifest.payload_bytes
    record.held_bytes = holding.held_bytes
    left_bytes = record.payload_bytes - record.held_bytes
    record.seconds_left = left_bytes * 8 / record.rate_bps if record.rate_bps > 1 else None


def snapshot(record: TaskRecord) -> TaskRecord:
    """The record as it is now, whatever happens to it later."""
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    fields["bytes_by_source"] = dict(record.bytes_by_source)
    fields["fallbacks"] = dict(record.fallbacks)
    return TaskRecord(**fields)


def failure_of(code: str) -> Failure:
    """Which exit status a reason code means."""
    if code == "usage_error":
        return "usage"
    for kind in SOURCE_KINDS:
        code = code.removeprefix(kind)
    return "content" if code in CONTENT_CODES else "unavailable"


def locator_of(request: TaskRequest) -> Locator:
    """What a wish asks for, as all who wish the same see it."""
    if request.sha256 is not None:
        return Locator.of_file(bytes.fromhex(request.sha256))
    return Locator.of_url(request.url)


def file_name(url: str) -> str:
    """The last part of a URL's path: it names the wish, and holds no password and no token."""
    return unquote(urlsplit(url).path).rpartition("/")[2]
