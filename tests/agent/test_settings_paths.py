"""Places: root has those of a service, others those of the user, and one setting moves them all."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcastdist.agent import settings_paths
from mcastdist.agent.settings import default_config_path, load


@pytest.fixture(params=[True, False], ids=["root", "user"])
def is_root(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(settings_paths, "_is_system", lambda: request.param)
    return bool(request.param)


def test_root_has_the_places_of_a_service_and_others_their_own(is_root: bool) -> None:
    environ = {"XDG_RUNTIME_DIR": "/run/user/7", "XDG_DATA_HOME": "/home/x/data"}

    settings = load(None, environ, [])

    assert (settings.node.state_dir, settings.control.socket) == (
        ("/var/lib/mcastdist", "/run/mcastdist/control.sock")
        if is_root
        else ("/home/x/data/mcastdist", "/run/user/7/mcastdist/control.sock")
    )


def test_without_a_runtime_directory_the_socket_is_with_the_state(is_root: bool) -> None:
    settings = load(None, {}, [])

    state = Path(settings.node.state_dir)
    assert state.name == "mcastdist"
    assert Path(settings.control.socket).parent == (Path("/run/mcastdist") if is_root else state)


def test_one_setting_keeps_two_agents_of_a_machine_apart(tmp_path: Path) -> None:
    settings = load(None, {}, [f"node.state_dir={tmp_path}"])

    places = (settings.cache.dir, settings.control.socket, settings.control.token_file)
    assert all(Path(place).parent == tmp_path for place in places)


def test_a_place_that_is_named_stays(tmp_path: Path) -> None:
    given = [f"node.state_dir={tmp_path}", "cache.dir=/big", "control.socket=/run/x.sock"]

    settings = load(None, {}, given)

    assert (settings.cache.dir, settings.control.socket) == ("/big", "/run/x.sock")
    assert settings.control.token_file == str(tmp_path / "control.token")


def test_the_file_that_is_there_is_read(
    is_root: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = tmp_path / "etc" / "agent.toml"
    user = tmp_path / "home" / "agent.toml"
    monkeypatch.setattr(settings_paths, "SYSTEM_CONFIG", system)
    monkeypatch.setattr(
        settings_paths.platformdirs, "user_config_dir", lambda *_, **__: str(user.parent)
    )
    assert default_config_path() is None

    for path in (system, user):
        path.parent.mkdir()
        path.write_text("")

    assert default_config_path() == (system if is_root else user)
    user.unlink()
    assert default_config_path() == system
