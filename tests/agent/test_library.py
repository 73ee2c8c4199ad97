"""Which packages are known and held, and when they are let go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from agent_kit import (
    KEY,
    NOW,
    SIGNER,
    admit,
    fill,
    held,
    make_library,
    noise,
    plain,
    publish,
    sha256,
)

from mcastdist.agent.library import Library
from mcastdist.errors import BadSignature, ContentError, DigestMismatch
from mcastdist.ids import ContentId, Locator
from mcastdist.manifest import StalePackage
from mcastdist.store import Store

URL = "http://origin/app-1.mcd"
AT = Locator.of_url(URL)


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def reopen(tmp_path: Path, watch: Watch) -> Iterator[Callable[..., Library]]:
    """Open the library, or close it and open it again."""
    libraries: list[Library] = []

    def again(**changes: object) -> Library:
        if libraries:
            libraries.pop().close_all()
        libraries.append(make_library(tmp_path / "store", clock=watch, **changes))
        return libraries[0]

    yield again
    libraries.pop().close_all()


@pytest.fixture
def library(reopen: Callable[..., Library]) -> Library:
    return reopen()


def test_what_was_admitted_is_known_also_after_a_restart(
    reopen: Callable[..., Library],
) -> None:
    published = publish({"a": noise("a", 100)})
    library = reopen()
    assert library.known(AT, now=NOW) is None
    held(library, published)

    library = reopen()
    assert library.opened(published.content) is None
    package = library.known(AT, now=NOW)
    assert package is not None
    assert package.holding.complete
    assert package.manifest_bytes == published.data
    assert library.opened(published.content) is package


def test_what_may_not_be_used_any_more_is_not_known(library: Library) -> None:
    published = publish({"a": b"1"}, expires=int(NOW) + 10)
    held(library, published)

    assert library.known(AT, now=NOW) is not None
    assert library.known(AT, now=NOW + 10) is None
    with pytest.raises(StalePackage) as refused:
        library.get(published.content, now=NOW + 10)
    assert refused.value.code == "expired"
    assert library.get(published.content, now=NOW + 10, stale_ok=True) is not None


def test_an_older_version_is_not_known_once_a_newer_was_seen(library: Library) -> None:
    held(library, publish({"a": b"1"}, sequence=1))
    admit(library, publish({"a": b"2"}, version="2", sequence=2), url="http://origin/app-2.mcd")

    assert library.known(AT, now=NOW) is None
    with pytest.raises(StalePackage) as refused:
        admit(library, publish({"a": b"3"}, version="3", sequence=1))
    assert refused.value.code == "rollback"


def test_a_key_that_is_trusted_no_more_takes_its_packages_with_it(
    reopen: Callable[..., Library], tmp_path: Path
) -> None:
    published = publish({"a": b"1"})
    held(reopen(), published)
    library = reopen()
    library._trust._keys = []

    with pytest.raises(BadSignature):
        library.get(published.content, now=NOW)
    assert library.known(AT, now=NOW) is None


def test_a_revoked_key_is_refused_though_it_is_trusted_and_takes_its_packages_with_it(
    reopen: Callable[..., Library], tmp_path: Path
) -> None:
    published = publish({"a": b"1"})
    held(reopen(), published)
    store = reopen().store
    revoked = [SIGNER.public.name.lower()]
    library = Library(store, key=KEY, trusted=[SIGNER.public], revoked=revoked)

    with pytest.raises(BadSignature, match=r"revoked here \(cluster\.revoked_keys\)"):
        library.get(published.content, now=NOW)
    assert library.known(AT, now=NOW) is None
    with pytest.raises(BadSignature, match="revoked"):
        admit(library, publish({"a": b"2"}))


def test_a_refused_manifest_leaves_nothing_behind(library: Library) -> None:
    published = publish({"a": b"1"})
    with pytest.raises(BadSignature):
        library.admit(
            published.data,
            b"",
            locator=AT,
            urls=[URL],
            sha256=None,
            precached=False,
            now=NOW,
        )
    with pytest.raises(ContentError):
        library.admit(
            publish({}).data,
            b"",
            locator=AT,
            urls=[URL],
            sha256=sha256(b"1"),
            precached=False,
            now=NOW,
        )
    assert library.store.entries() == []
    assert library.store.lookup(AT) is None
    assert library.store.highest_sequence("app") == 0


def test_two_urls_lead_to_one_package(library: Library) -> None:
    published = publish({"a": b"1"})
    first = admit(library, published)
    second = admit(library, published, url="http://mirror/app-1.mcd")

    assert first is second
    assert library.known(Locator.of_url("http://mirror/app-1.mcd"), now=NOW) is first


def test_what_is_open_and_is_pre_cached_now_is_marked(library: Library) -> None:
    published = publish({"a": b"1"})
    admit(library, published)
    library.admit(
        published.data, published.signature, locator=AT, urls=[URL], sha256=None, precached=True,
        now=NOW,
    )  # fmt: skip

    assert library.store.entries()[0].precached


def test_equal_plain_files_are_one_content_whatever_their_url(library: Library) -> None:
    data = noise("plain", 1000)
    assert plain(data).content == plain(data).content
    package = admit(library, plain(data), url="http://a/setup.exe")

    assert admit(library, plain(data), url="http://b/other.bin") is package
    assert [entry.name for entry in library.store.entries()] == ["setup.exe"]


def test_a_plain_file_that_promises_something_else_is_refused(library: Library) -> None:
    offered = plain(b"evil")
    with pytest.raises(DigestMismatch):
        library.admit(
            offered.data, b"", locator=AT, urls=[URL], sha256=sha256(b"good"), precached=False,
            now=NOW,
        )  # fmt: skip


def test_adopting_a_staged_file(library: Library) -> None:
    data = noise("staged", 300_000)
    staged = library.store.stage(AT, None)
    staged.write(0, data)
    package = library.adopt(
        staged, plain(data).manifest, locator=AT, urls=["http://o/x.bin"], precached=True, now=NOW
    )

    assert package.holding.complete
    assert library.known(AT, now=NOW) is package
    assert library.store.entries()[0].precached


def test_adopting_what_is_open_already_uses_that(library: Library) -> None:
    data = noise("staged", 300_000)
    before = admit(library, plain(data))
    staged = library.store.stage(AT, None)
    staged.write(0, data)
    package = library.adopt(
        staged, plain(data).manifest, locator=AT, urls=[URL], precached=False, now=NOW
    )

    assert package is before
    assert package.holding.complete
    library.close(package.content)
    library.store.remove(package.content)  # nobody else has it


def test_what_nobody_uses_is_let_go_and_can_be_evicted(library: Library, watch: Watch) -> None:
    published, other = publish({"a": b"1"}), publish({"b": b"2"}, name="other")
    held(library, published)
    held(library, other)
    watch.now = 59.0
    assert library.close_idle((), idle_s=60.0) == []

    library.opened(other.content)
    watch.now = 60.0
    assert library.close_idle((), idle_s=60.0) == [published.content]
    watch.now = 200.0
    assert library.close_idle([other.content], idle_s=60.0) == []

    assert not next(e for e in library.store.entries() if e.name == "app").in_use
    library.store.remove(published.content)
    assert library.get(published.content, now=NOW) is None


def test_what_was_let_go_is_opened_again_on_demand(library: Library, watch: Watch) -> None:
    published = publish({"a": noise("a", 5000)})
    before = held(library, published)
    watch.now = 100.0
    library.close_idle((), idle_s=60.0)

    again = library.get(published.content, now=NOW)
    assert again is not None
    assert again is not before
    assert again.read_block(0) == published.payload


def test_discarding(library: Library) -> None:
    published = publish({"a": b"1"})
    held(library, published)
    library.discard(published.content)

    assert library.store.entries() == []
    assert library.known(AT, now=NOW) is None


def test_who_asks_for_what_is_not_here_leaves_nothing_behind(library: Library) -> None:
    for number in range(100):
        assert library.get(ContentId(sha256(bytes([number]))), now=NOW) is None
    assert len(library._turns) == 0

    with library._turn(ContentId(bytes(32))) as is_mine:  # but while it is held it is one lock
        assert is_mine
        assert library._turn(ContentId(bytes(32))).locked()


def test_an_update_has_what_it_shares_with_the_version_before(library: Library) -> None:
    same, old, new = noise("same", 1 << 20), noise("old", 1 << 19), noise("new", 1 << 19)
    held(library, publish({"same": same, "x": old}))
    package = admit(library, publish({"same": same, "x": new}, version="2", sequence=2))

    assert package.holding.held_bytes == 1 << 20


def test_a_store_that_is_only_looked_after(tmp_path: Path) -> None:
    published = publish({"a": b"1"})
    library = make_library(tmp_path / "store")
    held(library, published)
    library.close_all()

    from agent_kit import KEY, NO_LIMITS

    library = Library(Store(tmp_path / "store", NO_LIMITS), key=KEY, trusted=None)
    assert library.get(published.content, now=NOW, stale_ok=True) is not None
    library.close_all()


def test_writing_into_a_part_and_going_on(reopen: Callable[..., Library]) -> None:
    published = publish({"a": noise("a", 3 << 20)})
    fill(admit(reopen(), published), published.payload, [(0, 1 << 20)])

    package = reopen().known(AT, now=NOW)
    assert package is not None
    assert package.holding.held_bytes == 1 << 20
    assert package.for_node([URL]).held.count == 1
