from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mcastdist.cli.keygen import keygen
from mcastdist.errors import McastdistError, NotPermitted, UsageError
from mcastdist.manifest import PublicKey, SigningKey, sign, verify
from mcastdist.wire import ClusterKey

NAMES = ("cluster.key", "signing.key", "signing.pub")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(keygen, [str(argument) for argument in arguments])


def error_of(result: Result) -> BaseException:
    assert isinstance(result.exception, McastdistError)
    return result.exception


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_keys_belong_together_and_secrets_are_for_their_owner(tmp_path: Path) -> None:
    out = tmp_path / "new" / "keys"
    result = run("--out", out)
    assert result.exit_code == 0
    cluster, signing, public = (out / name for name in NAMES)
    assert [mode_of(path) for path in (cluster, signing)] == [0o600, 0o600]
    assert repr(ClusterKey.parse(cluster.read_text()))
    key = SigningKey.parse(signing.read_text())
    trusted = PublicKey.parse(public.read_text())
    assert verify(b"x", sign(b"x", key, trusted_comment=""), [trusted]) == trusted
    assert trusted.line in result.output


def test_no_secret_is_printed(tmp_path: Path) -> None:
    for arguments in (("--out", tmp_path / "a"), ("--out", tmp_path / "b", "--json")):
        output = run(*arguments).output
        for name in NAMES[:2]:
            secret = (Path(arguments[1]) / name).read_text().splitlines()[-1]
            assert secret not in output
            assert secret.split(":")[-1] not in output


def test_the_result_as_json_names_the_files(tmp_path: Path) -> None:
    record = json.loads(run("--out", tmp_path, "--json").stdout)
    assert Path(record["cluster_key"]).read_text().startswith("mcastdist-cluster-key-v1:")
    assert PublicKey.parse(Path(record["signing_pub"]).read_text()).line == record["public_key"]
    assert SigningKey.parse(Path(record["signing_key"]).read_text()).public.line in str(record)


def test_each_run_makes_other_keys(tmp_path: Path) -> None:
    for name in ("a", "b"):
        run("--out", tmp_path / name)
    for name in NAMES:
        assert (tmp_path / "a" / name).read_text() != (tmp_path / "b" / name).read_text()


@pytest.mark.parametrize("name", NAMES)
def test_an_existing_key_stays_and_nothing_else_is_left(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("precious")
    error = error_of(run("--out", tmp_path))
    assert isinstance(error, UsageError)
    assert name in str(error)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {name: "precious"}


def test_a_link_in_place_of_a_key_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "signing.key").symlink_to(tmp_path / "elsewhere")
    assert isinstance(error_of(run("--out", tmp_path / "keys")), UsageError)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_below_a_file_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert isinstance(error_of(run("--out", tmp_path / "file" / "keys")), UsageError)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    error = error_of(run("--out", tmp_path))
    assert isinstance(error, NotPermitted)
    assert str(tmp_path) in str(error)
