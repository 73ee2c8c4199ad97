from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mcastdist.cli.publish import publish
from mcastdist.errors import McastdistError, UsageError
from mcastdist.manifest import (
    Manifest,
    PublicKey,
    SigningKey,
    content_id,
    trusted_comment_of,
    verify,
)

KEY = SigningKey(b"key id 8", bytes(range(32)))


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "signing.key").write_text(KEY.text())
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x").write_text("content")
    return tmp_path


def run(work: Path, *more: str, **changed: str) -> Result:
    options = {"name": "tool", "version": "1.0", "key": str(work / "signing.key")}
    options |= {"out": str(work / "out")} | changed
    arguments = [f"--{name}={value}" for name, value in options.items()]
    return CliRunner().invoke(publish, [str(work / "in"), *arguments, *more])


def published(work: Path) -> Manifest:
    return Manifest.decode((work / "out" / "tool-1.0.mcd").read_bytes())


def refused(result: Result) -> str:
    assert isinstance(result.exception, UsageError), result.exception
    return str(result.exception)


def test_three_files_make_an_origin(work: Path) -> None:
    result = run(work)
    assert result.exit_code == 0
    assert sorted(path.name for path in (work / "out").iterdir()) == [
        "tool-1.0.mcd",
        "tool-1.0.mcd.minisig",
        "tool-1.0.payload",
    ]
    data = (work / "out" / "tool-1.0.mcd").read_bytes()
    signature = (work / "out" / "tool-1.0.mcd.minisig").read_bytes()
    assert verify(data, signature, [KEY.public]) == KEY.public
    assert published(work).resolve_sources("http://h/tool-1.0.mcd") == ["http://h/tool-1.0.payload"]
    for told in ("1 file, 7 bytes", "1 chunk", str(content_id(data)), KEY.public.line, "fetch"):
        assert told in result.output


def test_the_files_may_be_read_by_a_web_server(work: Path) -> None:
    run(work)
    umask = os.umask(0)
    os.umask(umask)
    for path in (work / "out").iterdir():
        assert path.stat().st_mode & 0o777 == 0o666 & ~umask


def test_the_result_as_json(work: Path) -> None:
    record = json.loads(run(work, "--json", "--sequence=5").stdout)
    data = Path(record["manifest"]).read_bytes()
    assert record["content"] == content_id(data).hex()
    assert (record["files"], record["payload_bytes"], record["chunks"]) == (1, 7, 1)
    assert (record["name"], record["version"], record["sequence"]) == ("tool", "1.0", 5)
    assert record["manifest_bytes"] == len(data)
    assert PublicKey.parse(record["public_key"]) == KEY.public
    assert Path(record["payload"]).read_bytes() == b"content"
    assert Path(record["signature"]).exists()


def test_sequence_and_time_follow_the_clock_unless_given(work: Path) -> None:
    before = time.time()
    run(work)
    manifest = published(work)
    assert int(before) <= manifest.created <= time.time()
    assert before <= manifest.sequence / 1e6 <= time.time()
    assert manifest.expires is None


def test_of_two_versions_in_one_second_the_second_is_the_later(work: Path) -> None:
    sequences = []
    for version in ("2.0", "2.1"):
        result = run(work, "--json", f"--version={version}")
        sequences.append(json.loads(result.stdout)["sequence"])
    assert sequences[0] < sequences[1]


def test_all_that_can_be_said_is_in_the_manifest(work: Path) -> None:
    run(
        work,
        "--sequence=0",
        "--expires-days=2",
        "--source=https://cdn.example/a/",
        "--source=https://other.example/p?x=1",
        "--install=./setup",
        "--install=--quiet",
        "--install",
        "--flag",
        "--comment=läs mich",
    )
    manifest = published(work)
    assert manifest.sequence == 0
    assert manifest.expires == manifest.created + 2 * 86_400
    assert manifest.sources == (
        "https://cdn.example/a/tool-1.0.payload",
        "https://other.example/p?x=1",
        "tool-1.0.payload",
    )
    assert manifest.install == ("./setup", "--quiet", "--flag")
    signature = (work / "out" / "tool-1.0.mcd.minisig").read_bytes()
    assert trusted_comment_of(signature) == "tool 1.0 sequence 0: läs mich"


def test_the_shell_can_check_it(work: Path) -> None:
    if shutil.which("minisign") is None:
        assert os.environ.get("CI") != "true", "CI must have minisign"
        pytest.skip("minisign is not installed")
    run(work)
    command = ["minisign", "-VQm", "tool-1.0.mcd", "-P", KEY.public.line]
    checked = subprocess.run(
        command, cwd=work / "out", check=True, capture_output=True, text=True, timeout=30
    )
    assert checked.stdout.startswith("tool 1.0 sequence")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("name", "../x"),
        ("name", "a b"),
        ("version", ""),
        ("sequence", "-1"),
        ("sequence", str(1 << 60)),
        ("source", "ftp://host/x"),
        ("source", "../x"),
        ("source", "foo"),
        ("install", "x" * 5_000),
        ("comment", "a\nb"),
        ("comment", "\udcff"),
        ("key", "/nowhere/signing.key"),
        ("key", "/"),
    ],
)
def test_wrong_words_are_said_before_anything_is_written(
    work: Path, option: str, value: str
) -> None:
    sentence = refused(run(work, **{option: value}))
    assert "\n" not in sentence
    assert not list((work / "out").glob("*"))


@pytest.mark.parametrize("days", ["0", "-1", "nan", "1e9", "99999"])
def test_days_are_days(work: Path, days: str) -> None:
    result = run(work, f"--expires-days={days}")
    assert result.exit_code == 2
    assert "--expires-days" in result.output


def test_a_key_that_is_none_is_named(work: Path) -> None:
    (work / "wrong.key").write_text(KEY.public.text())
    assert "wrong.key" in refused(run(work, key=str(work / "wrong.key")))
    (work / "wrong.key").write_bytes(os.urandom(10_000))
    assert "wrong.key" in refused(run(work, key=str(work / "wrong.key")))


def test_what_cannot_be_shipped_is_the_publishers_error_not_bad_content(work: Path) -> None:
    (work / "in" / "aux.txt").write_text("")
    assert "aux.txt" in refused(run(work))
    (work / "in" / "aux.txt").unlink()
    (work / "in" / "link").symlink_to("/etc/passwd")
    assert "/etc/passwd" in refused(run(work))


def test_a_version_is_published_once(work: Path) -> None:
    run(work)
    assert "already" in refused(run(work))
    assert run(work, version="1.1").exit_code == 0


def test_no_secret_is_printed(work: Path) -> None:
    secret = KEY.text().splitlines()[1]
    assert secret not in run(work).output
    assert secret not in run(work, "--json", version="1.1").output


def test_an_empty_file_is_a_package(work: Path) -> None:
    (work / "in" / "x").write_text("")
    assert run(work).exit_code == 0
    assert (work / "out" / "tool-1.0.payload").read_bytes() == b""
    assert published(work).chunks.count == 0


def test_only_errors_of_ours_escape(work: Path) -> None:
    (work / "out").write_text("a file")
    assert isinstance(run(work).exception, McastdistError)
