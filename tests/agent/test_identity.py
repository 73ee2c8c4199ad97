"""Who an agent is, and how it speaks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from agent_kit import ALICE, BOB, KEY, OTHER_KEY, SIGNER, TAG, make_opener

from mcastdist.agent.identity import Identity, Voice, cluster_key, trusted_keys
from mcastdist.agent.settings import load
from mcastdist.errors import NotPermitted, Unauthentic, UsageError
from mcastdist.ids import BootId
from mcastdist.wire import ClusterKey, Dismiss, Opener, Sealer

SAYING = Dismiss(1, "slow")


def test_an_identity_keeps_its_node_id_and_draws_a_boot_id(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY.text())
    (tmp_path / "old").write_text(OTHER_KEY.text())
    settings = load(
        None,
        {},
        [
            f"cluster.key_file={tmp_path / 'key'}",
            f"cluster.previous_key_files=['{tmp_path / 'old'}']",
            f"node.state_dir={tmp_path / 'state'}",
        ],
    )
    one, two = Identity.read(settings), Identity.read(settings)

    assert one.node == two.node
    assert one.boot != two.boot
    assert [key.key_id for key in one.keys] == [KEY.key_id, OTHER_KEY.key_id]
    assert one.voice("test", [one.opener("test")]).seal(SAYING) != two.voice("test", []).seal(
        SAYING
    )


def test_two_keys_that_a_stream_could_not_tell_apart_are_refused(tmp_path: Path) -> None:
    twin = next(
        key
        for key in (ClusterKey(number.to_bytes(16, "big")) for number in range(10_000))
        if key.key_id == KEY.key_id and key != KEY
    )
    for name, key in (("key", KEY), ("same", KEY), ("twin", twin)):
        (tmp_path / name).write_text(key.text())
    for other in ("same", "twin"):
        given = [
            f"cluster.key_file={tmp_path / 'key'}",
            f"cluster.previous_key_files=['{tmp_path / other}']",
            f"node.state_dir={tmp_path / 'state'}",
        ]
        with pytest.raises(UsageError, match="keygen"):
            Identity.read(load(None, {}, given))


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_a_key_that_anybody_may_read_is_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = tmp_path / "key"
    key.write_text(KEY.text())
    for mode, told in ((0o600, 0), (0o640, 0), (0o644, 1)):
        key.chmod(mode)
        given = ("cluster.id=test", f"cluster.key_file={key}", f"node.state_dir={tmp_path}/state")
        Identity.read(load(None, {}, given))
        assert len(caplog.records) == told


def test_what_is_sealed_opens_for_others_and_is_our_own_for_us() -> None:
    ours = make_opener(BOB)
    voice = Voice(Sealer(KEY, TAG, BOB, BootId(0)), BOB, [ours])

    assert make_opener(ALICE).open(voice.seal(SAYING)).message == SAYING
    with pytest.raises(Unauthentic) as refused:
        ours.open(voice.seal(SAYING))
    assert refused.value.cause == "own"


def test_a_voice_takes_another_boot_id_before_its_counter_ends() -> None:
    sealer = Sealer(KEY, TAG, BOB, BootId(0))
    openers: list[Opener] = [make_opener(BOB), make_opener(BOB)]
    voice = Voice(sealer, BOB, openers, draw=lambda: BootId(77))
    before = make_opener(ALICE).open(voice.seal(SAYING))
    sealer._counter = 2**32 - 1  # as after years
    after = make_opener(ALICE).open(voice.seal(SAYING))

    assert (before.boot, after.boot) == (0, 77)
    for opener in openers:
        with pytest.raises(Unauthentic) as refused:
            opener.open(voice.seal(SAYING))
        assert refused.value.cause == "own"


def test_keys_are_lines_or_files(tmp_path: Path) -> None:
    (tmp_path / "a.pub").write_text(SIGNER.public.text())

    assert trusted_keys([SIGNER.public.line, str(tmp_path / "a.pub")]) == [SIGNER.public] * 2


@pytest.mark.parametrize("text", ["no key", "/nowhere/a.pub", SIGNER.text()])
def test_what_is_no_public_key_is_named(text: str) -> None:
    with pytest.raises(UsageError, match=r"cluster\.trusted_keys"):
        trusted_keys([text])


def test_a_cluster_key_that_is_none_is_never_quoted(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret words")
    for path in (tmp_path / "key", tmp_path / "none", tmp_path):
        with pytest.raises(UsageError, match=r"cluster\.key_file") as refused:
            cluster_key(str(path))
        assert "secret words" not in str(refused.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_files_that_may_not_be_read(tmp_path: Path) -> None:
    for name in ("key", "a.pub"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0)
    with pytest.raises(NotPermitted):
        cluster_key(str(tmp_path / "key"))
    with pytest.raises(NotPermitted):
        trusted_keys([str(tmp_path / "a.pub")])
