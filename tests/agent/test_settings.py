"""Settings: where they come from, which are refused and in which words, what a change needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mcastdist.agent.settings import (
    changes,
    load,
    require,
    reread,
    with_overrides,
)
from mcastdist.errors import UsageError

ROOT = Path(__file__).parents[2]
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "agent.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_without_anything_the_defaults_hold_and_every_place_is_named() -> None:
    settings = load(None, {}, [])

    assert settings.multicast.session_start_delay_s == 60
    assert settings.multicast.port == 7447
    assert Path(settings.cache.dir) == Path(settings.node.state_dir) / "cache"
    assert Path(settings.control.token_file).parent == Path(settings.node.state_dir)
    assert Path(settings.control.socket).is_absolute()


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(write: Write) -> None:
    path = write("[multicast]\nttl = 2\nport = 2000\nmin_receivers = 5\n")
    environ = {"MCASTDIST_MULTICAST_TTL": "3", "MCASTDIST_MULTICAST_PORT": "3000", "PATH": "/bin"}

    settings = load(path, environ, ["multicast.ttl=4"])

    multicast = settings.multicast
    assert (multicast.ttl, multicast.port, multicast.min_receivers) == (4, 3000, 5)


def test_the_last_of_two_overrides_of_a_key_holds() -> None:
    assert load(None, {}, ["multicast.ttl=4", "multicast.ttl=5"]).multicast.ttl == 5


def test_in_the_file_the_line_is_named(write: Write) -> None:
    path = write('# ours\n[cluster]\nid = "x"\n\n[multicast]\nport = 7000\nttl = 0 # none\n')

    with pytest.raises(UsageError, match=rf"multicast\.ttl = 0 \({path}:7\): allowed is 1 to 32"):
        load(path, {}, [])


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("[multicast]\nport = 1\ntll = 1\n", 3, r"multicast\.tll .* did you mean multicast\.ttl\?"),
        ("[cluster]\n[multicats]\nttl = 1\n", 2, r"multicats .* did you mean multicast\?"),
        ("multicast.port = 1\nmulticast.tll = 1\n", 2, r"multicast\.tll"),
        ("port = 1\n", 1, r"port .* is no setting"),
        ("multicast = {port = 1, tll = 1}\n", 1, r"multicast\.tll"),
        ("multicast = 3\n", 1, r"multicast .* is no setting"),
        ('[cluster]\n"id2" = 1\n', 2, r"cluster\.id2"),
        ("[election]\nfoo = 1\n", 2, r"election\.foo .* election has weight, never_on"),
        ("[multicast.deep]\nttl = 1\n", None, r"multicast\.deep"),
        ("[[multicast]]\nttl = 1\n", None, r"multicast"),
    ],
)
def test_an_unknown_key_is_refused_with_its_line_and_the_nearest_there_is(
    write: Write, text: str, line: int | None, sentence: str
) -> None:
    path = write(text)

    with pytest.raises(UsageError, match=sentence) as refusal:
        load(path, {}, [])

    assert (f"{path}:{line}" if line else str(path)) in str(refusal.value)


TYPED_WRONG = ['ttl = "1"', "ttl = true", 'interfaces = "eth0"', "ttl = 1979-05-27"]
NOT_TOML = [b"[multicast\n", b"\xff\xfe", b"ttl = = 1\n", b"a = 1\na = 2\n"]


@pytest.mark.parametrize("line", TYPED_WRONG)
def test_the_types_of_toml_hold_in_the_file(write: Write, line: str) -> None:
    with pytest.raises(UsageError, match="allowed is"):
        load(write(f"[multicast]\n{line}\n"), {}, [])


@pytest.mark.parametrize("content", NOT_TOML)
def test_a_file_that_is_not_toml_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "agent.toml"
    path.write_bytes(content)

    with pytest.raises(UsageError, match=str(path)):
        load(path, {}, [])


def test_a_file_that_is_not_there_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml: the settings file cannot be read"):
        load(tmp_path / "none.toml", {}, [])


def test_an_unknown_variable_of_ours_is_refused_and_others_are_not_ours() -> None:
    load(None, {"MCASTDIST_CONFIG": "agent.toml", "TTL": "0", "XMCASTDIST_MULTICAST_TTL": "0"}, [])

    with pytest.raises(UsageError, match=r"did you mean MCASTDIST_MULTICAST_TTL\?"):
        load(None, {"MCASTDIST_MULTICAST_TTLL": "1"}, [])
    with pytest.raises(UsageError, match=r"environment, MCASTDIST_MULTICAST_TTL\): allowed is"):
        load(None, {"MCASTDIST_MULTICAST_TTL": "0"}, [])


@pytest.mark.parametrize("override", ["multicast.ttl", "ttl=1", "multicast=1", "=1", ""])
def test_an_override_that_names_no_key_is_refused(override: str) -> None:
    with pytest.raises(UsageError):
        load(None, {}, [override])


def test_a_path_in_the_file_is_relative_to_the_file(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_line = "RW" + "A" * 54
    path = write(f'[cluster]\nkey_file = "keys/c.key"\ntrusted_keys = ["{key_line}", "s.pub"]\n')
    monkeypatch.chdir("/")

    settings = load(path, {}, ["node.state_dir=state"])

    assert Path(settings.cluster.key_file) == path.parent / "keys/c.key"
    assert settings.cluster.trusted_keys == (key_line, str(path.parent / "s.pub"))
    assert Path(settings.node.state_dir) == Path("/state")


def test_a_path_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    config.write_text('[node]\nstate_dir = "a\\u0000b"\n')
    with pytest.raises(UsageError, match="holds a NUL"):
        load(config, {}, [])


def test_a_path_in_the_home_of_nobody_is_refused() -> None:
    """Found by fuzzing."""
    with pytest.raises(UsageError, match="home of nobody"):
        load(None, {}, ["node.state_dir=~nobody-is-called-so/state"])


def test_settings_are_read_again_from_where_they_came(write: Write) -> None:
    path = write("[multicast]\nttl = 2\nport = 2000\n")
    settings = load(path, {"MCASTDIST_REPAIR_UPLOADS_MAX": "2", "HOME": "/h"}, ["log.level=debug"])
    write("[multicast]\nttl = 3\nport = 2000\n[cache]\nage_days_max = 1\n")

    again = reread(settings)

    assert again.origin == settings.origin
    assert changes(settings, again) == (["cache.age_days_max"], ["multicast.ttl"])
    assert (again.repair.uploads_max, again.log.level) == (2, "debug")


def test_nothing_changed_needs_nothing() -> None:
    assert changes(load(None, {}, []), load(None, {}, [])) == ([], [])


def test_a_task_overrides_what_concerns_it_and_nothing_else() -> None:
    settings = load(None, {}, [])

    task = with_overrides(
        settings,
        {"multicast.session_start_delay_s": 5, "download.sources": "http://a/,http://b/"},
    )

    assert task.multicast.session_start_delay_s == 5
    assert task.download.sources == ("http://a/", "http://b/")
    assert settings.multicast.session_start_delay_s == 60
    with pytest.raises(UsageError, match=r"cluster\.id cannot be set by a task"):
        with_overrides(settings, {"cluster.id": "other"})
    with pytest.raises(UsageError, match=r"\(task\): allowed is 0 to 86400"):
        with_overrides(settings, {"multicast.session_start_delay_s": -1})
    with pytest.raises(UsageError, match="is no setting"):
        with_overrides(settings, {"multicast.nothing": 1})


def test_a_key_that_was_left_empty_is_asked_for_by_all_its_names() -> None:
    with pytest.raises(
        UsageError, match=r"MCASTDIST_CLUSTER_KEY_FILE, or with --set cluster\.key_file"
    ):
        require(load(None, {}, ["cluster.id=x"]), "cluster.id", "cluster.key_file")
