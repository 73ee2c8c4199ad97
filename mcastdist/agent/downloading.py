"""How fast, and how politely, do downloads go right now? What the settings and the clock say."""

from __future__ import annotations

import time

from mcastdist.http_fetch.client import HttpClient

from . import logs
from .business_hours import limit_at
from .settings import DownloadSettings

log = logs.get("daemon")


def take_up(client: HttpClient, download: DownloadSettings, local: time.struct_time) -> None:
    """Let the client keep to the mode and to what holds at this hour; transfers go on."""
    limit = limit_at(download.schedule, download.rate_limit_bps, local)
    if limit.rate_limit_bps != client.rate_limit_bps:
        log.info("download limit", rate_limit_bps=limit.rate_limit_bps, said_by=limit.said_by)
        client.set_rate_limit(limit.rate_limit_bps)
    client.set_background(is_on=download.mode == "background")


def shown(
    client: HttpClient, download: DownloadSettings, local: time.struct_time
) -> dict[str, object]:
    """For `status`: the mode as it is here, the limit and who says so, the queue that is seen."""
    return {
        "mode": "background" if client.is_background else "foreground",
        "rate_limit_bps": client.rate_limit_bps,
        "said_by": limit_at(download.schedule, download.rate_limit_bps, local).said_by,
        "queue_ms": round(client.queue_s * 1000, 1),
    }
