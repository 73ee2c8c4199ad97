"""Every exception of the way becomes one code, and no sentence tells a secret."""

from __future__ import annotations

import errno
import ssl

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from mcastdist.http_fetch.failures import EXPECTED, source_error

KEY = ConnectionKey("h", 80, False, True, None, None, None)
URL = "http://user:geheim@h/p?token=geheim"


def connecting(number: int) -> aiohttp.ClientConnectorError:
    return aiohttp.ClientConnectorError(KEY, OSError(number, "why"))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (connecting(errno.ECONNREFUSED), "refused"),
        (connecting(errno.EHOSTUNREACH), "unreachable"),
        (connecting(errno.ENETUNREACH), "unreachable"),
        (connecting(errno.EADDRNOTAVAIL), "unreachable"),
        (aiohttp.ClientConnectorDNSError(KEY, OSError(-2, "no name")), "dns"),
        (aiohttp.ClientProxyConnectionError(KEY, OSError(111, "no")), "proxy"),
        (aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError(1, "bad")), "tls"),
        (aiohttp.ClientConnectorCertificateError(KEY, ssl.CertificateError("bad")), "tls"),
        (aiohttp.ConnectionTimeoutError(), "timeout"),
        (aiohttp.SocketTimeoutError(), "stalled"),
        (TimeoutError(), "stalled"),
        (aiohttp.ClientPayloadError(), "truncated"),
        (aiohttp.ServerDisconnectedError(), "reset"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "reset"),
        (aiohttp.ClientOSError(errno.EPIPE, "pipe"), "reset"),
        (aiohttp.InvalidURL("x"), "bad_url"),
        (aiohttp.NonHttpUrlClientError("x"), "bad_url"),
        (ValueError("x"), "bad_url"),
        (aiohttp.ClientError(), "bad_answer"),
    ],
)
def test_codes(error: Exception, code: str) -> None:
    assert isinstance(error, EXPECTED)
    found = source_error(error, URL, has_answered=True)
    assert found.code == code
    assert found.permanent == (code == "bad_url")
    assert found.source == "http://h/p"
    assert "geheim" not in str(found)


def test_silence_before_the_head_is_a_timeout_not_a_stall() -> None:
    assert source_error(TimeoutError(), URL, has_answered=False).code == "timeout"
