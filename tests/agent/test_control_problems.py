"""Errors cross the API and come out as what they were."""

from __future__ import annotations

import pytest

from mcastdist.agent.control.problems import HTTP_STATUS, Problem, error_of, problem_of
from mcastdist.errors import (
    BadSignature,
    ContentError,
    DigestMismatch,
    MalformedManifest,
    MalformedMessage,
    McastdistError,
    NoSpace,
    NotPermitted,
    SourceError,
    StorageError,
    StoreBusy,
    UnavailableError,
    UnsafePath,
    UsageError,
)


@pytest.mark.parametrize(
    ("error", "code", "kind", "comes_back"),
    [
        (UsageError("s"), "usage", "usage", UsageError),
        (ContentError("s"), "content", "content", ContentError),
        (MalformedManifest("s"), "malformed_manifest", "content", MalformedManifest),
        (BadSignature("s"), "bad_signature", "content", BadSignature),
        (UnsafePath("../x", "s"), "unsafe_path", "content", ContentError),
        (DigestMismatch(b"a", b"b", "s"), "digest_mismatch", "content", ContentError),
        (UnavailableError("s"), "unavailable", "unavailable", UnavailableError),
        (SourceError("http://x", "dns", "s"), "source", "unavailable", UnavailableError),
        (MalformedMessage("s"), "peer", "unavailable", UnavailableError),
        (StorageError("s"), "storage", "storage", StorageError),
        (NoSpace(2, 1, "s"), "no_space", "storage", StorageError),
        (NotPermitted("s"), "not_permitted", "storage", NotPermitted),
        (StoreBusy("s"), "store_busy", "storage", StoreBusy),
    ],
)
def test_there_and_back(
    error: McastdistError, code: str, kind: str, comes_back: type[McastdistError]
) -> None:
    problem = problem_of(error)
    assert (problem.error, problem.kind, problem.sentence) == (code, kind, str(error))
    back = error_of(problem)
    assert type(back) is comes_back
    assert str(back) == str(error)


def test_a_bug_is_internal_and_tells_no_secret() -> None:
    problem = problem_of(KeyError("the cluster key"))
    assert problem.kind == "internal"
    assert "KeyError" in problem.sentence
    assert "cluster key" not in problem.sentence
    assert type(error_of(problem)) is McastdistError


@pytest.mark.parametrize("kind", list(HTTP_STATUS))
def test_a_code_from_a_newer_agent_falls_back_to_its_kind(kind: str) -> None:
    back = error_of(Problem(error="invented_later", sentence="s", kind=kind))
    assert problem_of(back).kind == kind
