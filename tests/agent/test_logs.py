"""Logs: one line an event, readable both ways, no secret and no forged line in it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong

from mcastdist.agent import logs
from mcastdist.agent.settings import LogSettings

SetUp = Callable[..., io.StringIO]


@pytest.fixture
def set_up() -> Iterator[SetUp]:
    """Sets up a log into memory; takes it off again."""
    handlers = []

    def set_up(**settings: str) -> io.StringIO:
        stream = io.StringIO()
        handlers.append(logs.set_up(LogSettings(**settings), stream))  # type: ignore[arg-type]
        return stream

    yield set_up
    for handler in handlers:
        logging.getLogger().removeHandler(handler)
    logging.getLogger(logs.ROOT).setLevel(logging.NOTSET)


def test_text_has_time_level_part_sentence_and_fields(set_up: SetUp) -> None:
    stream = set_up()

    logs.get("agent").info("session opened", session=7, content=b"\x3f" * 32, note="two words")

    line = stream.getvalue()
    assert line.endswith(
        '  info     agent  session opened  session=7 content=3f3f3f3f3f3f note="two words"\n'
    )
    assert line[:4].isdecimal()


def test_json_is_an_object_a_line_with_the_fields_apart(set_up: SetUp) -> None:
    stream = set_up(format="json")

    logs.get("http").warning("slow", level="none of ours", seconds=0.25)

    line = json.loads(stream.getvalue())
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "warning",
        "part": "http",
        "sentence": "slow",
        "fields": {"level": "none of ours", "seconds": 0.25},
    }


@pytest.mark.parametrize("kind", ["text", "json"])
def test_secrets_are_masked_by_name_and_in_urls(set_up: SetUp, kind: str) -> None:
    stream = set_up(format=kind)

    logs.get("agent").info(
        "asked https://user:hunter2@origin/p",
        cluster_key=b"hunter2hunter2",
        token="hunter2",
        Authorization_="fine",
        url="https://user:hunter2@origin/p?x=1",
        key_file="/etc/mcastdist/cluster.key",
        previous_keys="hunter2",
    )

    said = stream.getvalue()
    assert "hunter2" not in said
    assert "68756e746572" not in said  # nor as hex
    assert "https://***@origin/p?x=1" in said
    assert "/etc/mcastdist/cluster.key" in said


def test_what_comes_from_the_network_cannot_forge_a_line(set_up: SetUp) -> None:
    stream = set_up()

    logs.get("agent").info("heard\n2026 error forged", name='x" level=error\r\nforged \x1b[2J')

    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()
    assert '"x\\" level=error' in stream.getvalue()


def test_percent_signs_are_only_percent_signs(set_up: SetUp) -> None:
    stream = set_up()

    logs.get("agent").info("100% of %s", share="50%")

    assert "100% of %s  share=50%" in stream.getvalue()


def test_the_level_decides_and_can_be_changed(set_up: SetUp) -> None:
    log = logs.get("agent")
    first = set_up(level="warning")
    log.info("unheard")
    second = set_up(level="debug")
    log.debug("heard")

    assert first.getvalue() == ""
    assert "heard" in second.getvalue()


def test_libraries_are_heard_from_warning_up(set_up: SetUp) -> None:
    stream = set_up(level="debug")

    logging.getLogger("asyncio").info("unheard")
    logging.getLogger("asyncio").warning("a task was never awaited")

    assert stream.getvalue().endswith("warning  asyncio  a task was never awaited\n")


def test_bytes_that_are_no_http_fill_no_log(set_up: SetUp) -> None:
    """Anybody on the LAN can send them to the port of the peers."""
    stream = set_up()
    for error in (BadHttpMessage("no"), LineTooLong(b"x", 8190)):
        logging.getLogger("aiohttp.server").error("Error handling request", exc_info=error)
    logging.getLogger("aiohttp.server").error("Error handling request", exc_info=KeyError("ours"))

    assert stream.getvalue().count("Error handling request") == 1
    assert "KeyError: 'ours'" in stream.getvalue()


@pytest.mark.parametrize("kind", ["text", "json"])
def test_an_error_shows_where_it_came_from(set_up: SetUp, kind: str) -> None:
    stream = set_up(format=kind)
    try:
        raise AssertionError("never")
    except AssertionError as error:
        logs.get("agent").error("believed impossible", error, session=1)

    assert "test_an_error_shows_where_it_came_from" in stream.getvalue()
    assert "AssertionError: never" in stream.getvalue()


def test_a_list_is_told_as_words(set_up: SetUp) -> None:
    stream = set_up()

    logs.get("agent").info("read again", applied=["log.level", "trace.file"], needs_restart=[])

    assert stream.getvalue().endswith('applied=log.level,trace.file needs_restart=""\n')
