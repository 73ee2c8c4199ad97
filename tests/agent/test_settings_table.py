"""The table of keys: how a text becomes a value, and what is said of one that may not be."""

from __future__ import annotations

import pytest

from mcastdist.agent.settings import as_dict, describe, load
from mcastdist.agent.settings_table import keys, parse, toml, type_name
from mcastdist.errors import UsageError


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("multicast.enabled=false", "multicast.enabled", False),
        ("multicast.rate_limit_bps=5_000_000", "multicast.rate_limit_bps", 5_000_000),
        ("multicast.session_start_delay_s=0.5", "multicast.session_start_delay_s", 0.5),
        ("multicast.interfaces=eth0, eth1", "multicast.interfaces", ("eth0", "eth1")),
        ('multicast.interfaces=["eth0", "a,b"]', "multicast.interfaces", ("eth0", "a,b")),
        ("multicast.interfaces=", "multicast.interfaces", ()),
        ("download.retry_backoff_min=", "download.retry_backoff_min", ()),
        ("download.retry_backoff_min=0.5,1", "download.retry_backoff_min", (0.5, 1.0)),
        ("download.sources=http://a/p,https://b:8443/", "download.sources", ("http://a/p", "https://b:8443/")),
        ("election.never_on=", "election.never_on", ()),
        ("cluster.id=a=b", "cluster.id", "a=b"),
        ("control.listen=", "control.listen", ""),
        ("control.listen=[::1]:0", "control.listen", "[::1]:0"),
        ("node.address=fe80::1", "node.address", "fe80::1"),
    ],
)  # fmt: skip
def test_a_text_is_read_as_the_type_of_its_key(text: str, key: str, value: object) -> None:
    section, _, name = key.partition(".")

    assert getattr(getattr(load(None, {}, [text]), section), name) == value


@pytest.mark.parametrize(
    "override",
    [
        "multicast.ttl=0", "multicast.ttl=1.5", "multicast.ttl=", "multicast.port=65536",
        "multicast.port=-1", "multicast.enabled=maybe", "multicast.session_start_delay_s=nan",
        "multicast.session_start_delay_s=inf", "multicast.session_start_delay_s=-0.1",
        "multicast.group_v4=10.0.0.0/8", "multicast.group_v4=239.255.0.1/16",
        "multicast.group_v4=239.1.2.3/32", "multicast.group_v4=ff12::/16",
        "multicast.group_v6=239.255.0.0/16", "multicast.group_v6=ff12::/128",
        "multicast.exclude_subnets=10.0.0.1/8", "multicast.exclude_subnets=home",
        "multicast.datagram_bytes_max=100", "multicast.datagram_bytes_max=65001",
        "multicast.rate_limit_bps=10", "download.rate_limit_bps=-1",
        "download.sources=ftp://a", "download.sources=http://", "download.sources=http://a b/",
        "download.retry_backoff_min=0", "download.retry_backoff_min=nan",
        "download.retry_backoff_min=[1,", "repair.uploads_max=0", "election.weight=256",
        "election.never_on=rain", "cache.age_days_max=0", "cache.bytes_max=-1",
        "control.listen=0.0.0.0:7448", "control.listen=127.0.0.1", "control.listen=127.0.0.1:x",
        "control.listen=127.0.0.1:65536", "control.listen=:80", "control.listen=192.0.2.1:1",
        "node.address=here", "log.level=loud", "log.format=xml",
    ],
)  # fmt: skip
def test_a_value_out_of_range_is_refused_with_key_value_place_and_what_is_allowed(
    override: str,
) -> None:
    key, _, value = override.partition("=")

    with pytest.raises(UsageError) as refusal:
        load(None, {}, [override])

    sentence = str(refusal.value)
    assert sentence.startswith(f'{key} = "{value}" (--set): allowed is ')
    assert sentence.endswith(keys()[key].allowed)


def test_every_default_is_a_value_that_is_allowed() -> None:
    for key in keys().values():
        default = list(key.default) if isinstance(key.default, tuple) else key.default
        assert parse(key, default, "default", as_text=False) == key.default


def test_every_key_is_shown_and_described_once() -> None:
    described = [doc.key for doc in describe()]

    assert len(described) == len(set(described))
    assert set(described) == set(as_dict(load(None, {}, []))) == set(keys())
    assert all(doc.doc.endswith(".") and doc.default and doc.allowed for doc in describe())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (3, "3"),
        (60.0, "60"),
        (0.5, "0.5"),
        ('a"b\\', r'"a\"b\\"'),
        (("a", "b"), '["a", "b"]'),
        ((), "[]"),
    ],
)
def test_a_default_is_shown_as_it_stands_in_a_file(value: object, text: str) -> None:
    assert toml(value) == text


def test_a_pasted_file_is_not_quoted_whole() -> None:
    with pytest.raises(UsageError) as refusal:
        parse(keys()["multicast.ttl"], "x" * 10_000, "--set", as_text=True)

    assert len(str(refusal.value)) < 200


def test_types_have_names_for_people() -> None:
    assert type_name(tuple[str, ...]) == "list of texts"
    assert type_name(keys()["election.never_on"].type) == "list of words"
