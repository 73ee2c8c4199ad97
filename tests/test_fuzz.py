"""Does the fuzzer find what there is to find, say what it did, and repeat itself on demand?"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from random import Random

import pytest

from fuzz import __main__ as fuzzing
from fuzz import guided
from fuzz.mutation import INPUT_BYTES_MAX, mutated


class Fragile:
    """A target that breaks on any input that does not start with `valid`."""

    def seeds(self) -> list[bytes]:
        return [b"valid and long enough to be spoilt in many places"]

    def fuzz_one(self, data: bytes) -> None:
        if not data.startswith(b"valid"):
            raise IndexError("broken")


class Robust(Fragile):
    """A target that breaks on nothing."""

    def fuzz_one(self, data: bytes) -> None:
        pass


class Endless(Fragile):
    """A target that never comes back."""

    def fuzz_one(self, data: bytes) -> None:
        while True:
            time.sleep(0.01)


@pytest.fixture
def targets(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"fragile": Fragile(), "robust": Robust()}
    monkeypatch.setattr(fuzzing, "find_targets", lambda: found)


def test_the_same_seed_spoils_the_same_way() -> None:
    runs = [[mutated([b"abc" * 20, b"xyz"], Random(5)) for _ in range(3)] for _ in range(2)]

    assert runs[0] == runs[1]
    assert mutated([b"abc" * 20], Random(6)) != mutated([b"abc" * 20], Random(7))


def test_nothing_to_spoil_and_endless_repeats_are_no_trouble() -> None:
    rng = Random(1)

    assert all(isinstance(mutated([b""], rng), bytes) for _ in range(500))
    assert all(len(mutated([bytes(60_000)], rng)) <= INPUT_BYTES_MAX for _ in range(500))


def test_a_finding_is_kept_and_can_be_replayed(
    targets: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fuzzing.main(["--seed", "1", "--seconds", "5", "fragile"], crashes=tmp_path) == 1

    (crash,) = tmp_path.iterdir()
    told = capsys.readouterr()
    assert told.out.startswith("seed 1\n")
    assert "IndexError: broken" in told.err
    assert not crash.read_bytes().startswith(b"valid")
    assert fuzzing.main(["--replay", str(crash), "fragile"], crashes=tmp_path) == 1
    assert fuzzing.main(["--replay", str(crash), "robust"], crashes=tmp_path) == 0


def test_a_sound_target_is_counted(
    targets: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fuzzing.main(["--seconds", "0.05", "robust"], crashes=tmp_path / "none") == 0

    assert "robust: " in capsys.readouterr().out
    assert not (tmp_path / "none").exists()


def test_so_many_datagrams_are_tried_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fuzzing.main(["--datagrams", "500", "--seed", "1"], crashes=tmp_path) == 0

    (line,) = capsys.readouterr().out.splitlines()[1:]
    assert line.startswith("datagrams: 500 inputs in ")


def test_what_was_kept_is_tried_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "fragile").mkdir()
    (tmp_path / "fragile" / "b").write_bytes(b"broken before")
    monkeypatch.setattr(fuzzing, "CORPUS", tmp_path)

    with pytest.raises(fuzzing.Finding) as caught:
        fuzzing.run(Fragile(), Random(1), inputs=0, corpus=fuzzing.kept("fragile"))
    assert caught.value.data == b"broken before"
    assert fuzzing.kept("robust") == []


def test_one_broken_target_fails_the_run_of_all(targets: None, tmp_path: Path) -> None:
    assert fuzzing.main(["--seed", "1", "--seconds", "1"], crashes=tmp_path) == 1


def test_a_seed_that_breaks_its_own_target_is_a_finding() -> None:
    class Invalid(Fragile):
        def seeds(self) -> list[bytes]:
            return [b"not what it says"]

    with pytest.raises(fuzzing.Finding) as caught:
        fuzzing.run(Invalid(), Random(1), seconds=0.0)
    assert caught.value.data == b"not what it says"


def test_an_input_that_never_ends_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzzing, "ONE_INPUT_S_MAX", 0.05)

    with pytest.raises(fuzzing.Finding) as caught:
        fuzzing.run(Endless(), Random(1), seconds=1.0)
    assert isinstance(caught.value.__cause__, fuzzing.TooSlow)


def test_an_unknown_target_is_refused_with_those_there_are(
    targets: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        fuzzing.main(["nonsense"])

    assert ended.value.code == 2
    assert "no target nonsense; there are fragile, robust" in capsys.readouterr().err


def test_the_entries_of_this_folder_are_found() -> None:
    assert "datagrams" in fuzzing.find_targets()


def test_without_atheris_there_is_a_sentence_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)

    assert guided.main(["journals"]) == 2
    assert "pip install atheris" in capsys.readouterr().err


def test_the_kept_inputs_of_every_target_are_few_and_small() -> None:
    for name in fuzzing.find_targets():
        kept = fuzzing.kept(name)
        assert len(kept) <= 300
        assert sum(map(len, kept)) <= 1 << 17
