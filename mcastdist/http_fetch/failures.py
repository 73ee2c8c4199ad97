"""What went wrong on the way? The HTTP library's exceptions as one SourceError each.

The codes: `dns`, `refused`, `unreachable`, `timeout` (no connection, or no answer), `stalled`
(no more bytes), `tls`, `proxy`, `reset`, `truncated`, `bad_answer` (not HTTP), `bad_url`.
"""

from __future__ import annotations

import errno

import aiohttp

from mcastdist.errors import SourceError

from .asked import shown

EXPECTED = (aiohttp.ClientError, TimeoutError, OSError, ValueError)  # what to catch around I/O

_NO_ROUTE = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})


def source_error(error: Exception, url: str, *, has_answered: bool) -> SourceError:
    """What `error`, raised before or after `url` `has_answered`, means for a source."""
    where = shown(url)
    code, sentence = _meaning(error)
    if code == "stalled" and not has_answered:
        code, sentence = "timeout", "no answer in time; look at the server or the path to it"
    permanent = code == "bad_url"
    return SourceError(where, code, f"{where}: {sentence}", permanent=permanent)


def _meaning(error: Exception) -> tuple[str, str]:
    if isinstance(error, aiohttp.ClientProxyConnectionError | aiohttp.ClientHttpProxyError):
        return "proxy", "the proxy does not connect us; check HTTP_PROXY, HTTPS_PROXY and NO_PROXY"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return (
            "tls",
            f"TLS failed ({error}); check the certificate, or name its CA in download.ca_file",
        )
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "dns", "the name cannot be resolved; correct the URL or the name server"
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return "timeout", "no connection in time; check the address and the firewall"
    if isinstance(error, TimeoutError):
        return "stalled", "no more bytes came in time; look at the server or the path to it"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "truncated", "the answer ended before its promised length; it will be resumed"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "reset", "the server closed the connection without an answer"
    if isinstance(error, OSError):
        return _os_meaning(error)
    if isinstance(error, aiohttp.ClientResponseError):
        return "bad_answer", f"the answer is not HTTP as we know it ({error.message!r:.80})"
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError | ValueError):
        return "bad_url", f"this is no URL that can be asked ({error}); correct it"
    return "bad_answer", f"the exchange failed ({type(error).__name__})"


def _os_meaning(error: OSError) -> tuple[str, str]:
    if error.errno == errno.ECONNREFUSED:
        return "refused", "nobody listens there; start the server or correct the port"
    if error.errno in _NO_ROUTE:
        return "unreachable", "there is no route to it; check this machine's network"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "unreachable", f"it cannot be connected to ({error.strerror})"
    return "reset", "the connection was reset; it will be tried again"
