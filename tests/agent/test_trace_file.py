"""The trace: what is noted can be read again, also after a crash, and it does not grow for ever."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from mcastdist.agent import trace_file
from mcastdist.agent.trace_file import TraceFile, read_trace
from mcastdist.errors import McastdistError, NotPermitted, UsageError
from mcastdist.ids import ContentId

NEVER_S = 3600.0  # the thread does not flush by itself within a test


def test_a_decision_is_noted_with_both_clocks_and_plain_fields(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "trace.jsonl"
    trace = TraceFile(path, wall=lambda: 1767225600.25)

    trace("election.role", at=12.5, old=None, content=ContentId(b"\xab" * 32), share=0.1234567891)
    trace.close()

    (line,) = path.read_text().splitlines()
    assert json.loads(line) == {
        "t": 1767225600.25,
        "at": 12.5,
        "event": "election.role",
        "old": None,
        "content": "abababababab",
        "share": 0.123457,
    }
    (event,) = read_trace(path)
    assert (event.name, event.at) == ("election.role", 12.5)
    assert event.fields["t"] == 1767225600.25


def test_fields_cannot_pose_as_the_clock_or_the_name(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    trace = TraceFile(path, wall=lambda: 1.0)
    trace("room.event", at=2.0, **{"t": 9, "event": "other"})
    trace.close()

    (event,) = read_trace(path)
    assert (event.name, event.at) == ("room.event", 2.0)
    assert event.fields == {"t": 1.0, "t_": 9, "event_": "other"}


def test_what_is_waiting_is_written_without_being_asked(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    wrote = threading.Event()

    class Watched(TraceFile):
        def flush(self) -> None:
            super().flush()
            if path.stat().st_size:
                wrote.set()

    trace = Watched(path, flush_s=0.001)
    trace("room.event", at=1.0)

    assert wrote.wait(10)
    trace.close()


def test_half_a_line_is_passed_over_and_the_next_run_starts_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(b'{"t":1,"at":1,"event":"a"}\n{"t":2,"at":2,"ev')
    trace = TraceFile(path)
    trace("b", at=3.0)
    trace.close()

    assert [event.name for event in read_trace(path)] == ["a", "b"]


@pytest.mark.parametrize(
    "line",
    [b"", b"[]", b"1", b"{}", b'{"t":"x","at":1,"event":"a"}', b'{"t":1,"at":null,"event":"a"}',
     b'{"t":1,"at":1,"event":5}', b"\xff\xfe", b'{"t":1,"at":1}', b"null"],
)  # fmt: skip
def test_lines_that_are_no_events_are_passed_over(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(line + b'\n{"t":1,"at":1,"event":"a"}\n' + line)

    assert [event.name for event in read_trace(path)] == ["a"]


def test_a_file_that_is_no_trace_is_refused_and_an_empty_one_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("dear diary\n")
    with pytest.raises(UsageError, match="no trace"):
        list(read_trace(path))

    path.write_text("")
    assert list(read_trace(path)) == []

    with pytest.raises(UsageError, match="cannot be read"):
        list(read_trace(tmp_path / "none"))


def test_a_full_file_is_rotated_and_the_oldest_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    trace = TraceFile(path, flush_s=NEVER_S, file_bytes_max=500)
    for number in range(100):
        trace("room.event", at=float(number))
        trace.flush()
    trace.close()

    kept = [event.at for event in read_trace(path)]
    files = sorted(each.name for each in tmp_path.iterdir())
    assert files == ["trace.jsonl", "trace.jsonl.1", "trace.jsonl.2", "trace.jsonl.3"]
    assert all(each.stat().st_size <= 500 for each in tmp_path.iterdir())
    assert kept == [float(number) for number in range(100 - len(kept), 100)]


def test_where_no_file_can_be_rotated_it_goes_on_for_a_while(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    (tmp_path / "trace.jsonl.2").touch()
    in_the_way = tmp_path / "trace.jsonl.3" / "directory"
    in_the_way.mkdir(parents=True)
    trace = TraceFile(path, flush_s=NEVER_S, file_bytes_max=500)
    for number in range(20):
        trace("room.event", at=float(number))
        trace.flush()
    assert len(path.read_bytes().splitlines()) == 20

    for number in range(20, 100):
        trace("room.event", at=float(number))
        trace.flush()
    assert path.stat().st_size < 500 * 5

    in_the_way.rmdir()
    in_the_way.parent.rmdir()
    trace("room.event", at=100.0)
    trace.close()
    assert [event.at for event in read_trace(path) if event.name == "room.event"][-1] == 100.0
    assert any(event.name == "trace.dropped" for event in read_trace(path))


def test_a_place_that_is_gone_for_a_while_costs_what_is_noted_meanwhile(tmp_path: Path) -> None:
    place = tmp_path / "place"
    trace = TraceFile(place / "trace.jsonl", flush_s=NEVER_S, file_bytes_max=1)
    trace("room.event", at=1.0)
    trace.flush()
    place.rename(tmp_path / "elsewhere")
    place.write_text("in the way")
    for at in (2.0, 3.0):
        trace("room.event", at=at)
        trace.flush()
    place.unlink()
    trace("room.event", at=4.0)
    trace.close()

    noted = [(event.name, event.at) for event in read_trace(place / "trace.jsonl")]
    assert noted == [("room.event", 4.0), ("trace.dropped", 0.0)]


def test_too_much_is_dropped_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_file, "LINES_WAITING_MAX", 3)
    path = tmp_path / "trace.jsonl"
    trace = TraceFile(path, flush_s=NEVER_S)
    for number in range(5):
        trace("room.event", at=float(number))
    trace.close()

    events = list(read_trace(path))
    assert [event.at for event in events[:3]] == [0.0, 1.0, 2.0]
    assert events[3].name == "trace.dropped"
    assert events[3].fields["lines"] == 2


def test_many_threads_may_trace_at_once(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    trace = TraceFile(path, flush_s=0.001)

    def work(worker: int) -> None:
        for number in range(500):
            trace("room.event", at=float(number), worker=worker)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    trace.close()

    for worker in range(4):
        mine = [event.at for event in read_trace(path) if event.fields["worker"] == worker]
        assert mine == [float(number) for number in range(500)]


def test_a_disk_that_refuses_does_not_stop_the_work() -> None:
    trace = TraceFile(Path("/dev/full"), flush_s=NEVER_S)
    trace("room.event", at=1.0)
    trace.flush()
    trace("room.event", at=2.0)
    trace.close()


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    for path in (tmp_path, tmp_path / "file" / "trace.jsonl"):
        with pytest.raises(McastdistError, match=str(path)):
            TraceFile(path)


def test_a_trace_of_somebody_else_is_not_permitted(forbidden: Path) -> None:
    with pytest.raises(NotPermitted, match="may not read"):
        list(read_trace(forbidden / "trace.jsonl"))
