"""Roles are words that people read in traces and records: they stay what they are."""

from __future__ import annotations

from mcastdist.election import AnnounceNow, Role, RoleChanged


def test_each_role_has_its_own_word() -> None:
    words = [role.value for role in Role]
    assert len(set(words)) == len(words)
    assert all(word == word.lower() and " " not in word for word in words)


def test_the_words_are_those_of_the_documentation() -> None:
    assert {role.value for role in Role} == {
        "seeking", "backing_off", "claiming", "silenced", "leading", "following", "abstaining",
        "alone",
    }  # fmt: skip


def test_outputs_can_be_compared() -> None:
    assert AnnounceNow() == AnnounceNow()
    assert RoleChanged(Role.LEADING, None, "heir") != RoleChanged(Role.LEADING, None, "yielded")
