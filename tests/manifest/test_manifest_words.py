from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcastdist.errors import MalformedManifest
from mcastdist.manifest import SafePath
from mcastdist.manifest.words import (
    check_install,
    check_name,
    check_number,
    check_sources,
    check_version,
    word_from,
)


@given(st.text(max_size=120))
def test_a_name_that_passes_makes_safe_file_names(name: str) -> None:
    try:
        check_name(name)
    except MalformedManifest:
        return
    for end in (".mcd", ".mcd.minisig", ".payload"):
        assert "/" not in SafePath(f"{name}-1.0{end}")


@given(st.text(max_size=150))
def test_any_text_comes_close_to_a_name(text: str) -> None:
    check_name(word_from(text))


@pytest.mark.parametrize("word", ["a", "A-1.0_b+c", "0", "x" * 64])
def test_plain_words_are_names_and_versions(word: str) -> None:
    check_name(word)
    check_version(word)


@pytest.mark.parametrize("word", ["", "a b", "a/b", ".a", "-a", "_a", "ä", "٣", "a\n", "x" * 101])
def test_other_words_are_neither(word: str) -> None:
    with pytest.raises(MalformedManifest, match="name"):
        check_name(word)
    with pytest.raises(MalformedManifest, match="version"):
        check_version(word)


def test_numbers_sources_and_arguments_are_bounded() -> None:
    check_number("sequence", 2**53 - 1)
    check_sources(["x"] * 64)
    check_install(["x" * 4_096] * 256)
    with pytest.raises(MalformedManifest, match="sequence"):
        check_number("sequence", 2**53)
    with pytest.raises(MalformedManifest, match="65 sources"):
        check_sources(["x"] * 65)
    with pytest.raises(MalformedManifest, match="257 install"):
        check_install(["x"] * 257)
    with pytest.raises(MalformedManifest, match="4096 bytes"):
        check_install(["ü" * 2_049])
