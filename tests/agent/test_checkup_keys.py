"""Whether the keys are what they should be."""

from __future__ import annotations

from pathlib import Path

import pytest
from agent_kit import KEY, SIGNER
from checkup_kit import codes

from mcastdist.agent.checkup.keys import judge_secret, judge_trusted, look_at_keys
from mcastdist.agent.settings import load


def look(*settings: str) -> list[str]:
    return codes(look_at_keys(load(None, {}, settings)))


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "cluster.key"
    path.write_text(KEY.text())
    path.chmod(0o600)
    return path


def test_keys_as_they_should_be(secret: Path, tmp_path: Path) -> None:
    public = tmp_path / "p.pub"
    public.write_text(SIGNER.public.line)
    public.chmod(0o644)

    trusted = f'cluster.trusted_keys=["{public}"]'
    assert look(f"cluster.key_file={secret}", trusted) == ["key_private", "packages_trusted"]


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        (0o600, "key_private"),
        (0o640, "key_private"),
        (0o644, "key_readable"),
        (0o620, "key_readable"),
    ],
)
def test_who_may_read_the_clusters_key(mode: int, code: str) -> None:
    [found] = judge_secret("k", 0o100000 | mode)

    assert found.code == code
    assert ("chmod 600 k" in found.advice) == (code == "key_readable")


def test_who_may_write_a_trusted_key() -> None:
    assert judge_trusted("p", 0o100644) == []
    assert codes(judge_trusted("p", 0o100666)) == ["trusted_key_writable"]


def test_nobody_is_trusted(secret: Path) -> None:
    assert look(f"cluster.key_file={secret}") == ["key_private", "no_trusted_key"]


def test_a_revoked_key_is_nobody(secret: Path) -> None:
    of_cluster = f"cluster.key_file={secret}"
    trusted = f'cluster.trusted_keys=["{SIGNER.public.line}"]'
    revoked = f'cluster.revoked_keys=["{SIGNER.public.name.lower()}"]'
    settings = load(None, {}, [of_cluster, trusted, revoked])

    [found] = [one for one in look_at_keys(settings) if one.code == "no_trusted_key"]
    assert "revoked keys alone" in found.sentence


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")

    assert look(f"cluster.key_file={tmp_path / 'none'}")[0] == "key_unreadable"
    assert look(f"cluster.key_file={tmp_path / 'empty'}")[0] == "key_unreadable"
    assert look('cluster.trusted_keys=["nonsense"]') == ["key_unreadable"]


def test_a_rotation_is_told(secret: Path) -> None:
    older = f'cluster.previous_key_files=["{secret}"]'

    assert "rotation_under_way" in look(f"cluster.key_file={secret}", older)
