"""What is fetched over HTTP, from whom, and when again?

`Plan` decides and does no I/O. The client that obeys is a door of its own, for those who may do
I/O: `mcastdist.http_fetch.client`.
"""

from .attempts import RETRY_BACKOFF_S, Exhausted
from .flights import Cancel, Request
from .plan import Plan
from .sources import Source

__all__ = ["RETRY_BACKOFF_S", "Cancel", "Exhausted", "Plan", "Request", "Source"]
