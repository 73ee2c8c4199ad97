"""Identifiers cannot be built wrong, and the same thing asked for has the same locator."""

from __future__ import annotations

import pytest

from mcastdist.ids import ContentId, Locator, NodeId, cluster_tag, node_name


def test_a_digest_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="ContentId takes 32 bytes, got 31"):
        ContentId(bytes(31))
    assert ContentId(bytes(32)).short == "0" * 12
    assert str(ContentId(bytes(32))) == "00" * 32


def test_a_locator_tells_a_url_from_a_digest() -> None:
    assert Locator.of_url("http://a/x.mcd") == Locator.of_url("http://a/x.mcd")
    assert Locator.of_url("http://a/x.mcd") != Locator.of_url("http://b/x.mcd")
    assert Locator.of_file(b"x") != Locator.of_url("x")


def test_clusters_and_nodes_have_stable_names() -> None:
    assert cluster_tag("acme") == 0x822B33AD  # the first bytes of SHA-256("acme")
    assert cluster_tag("acme") != cluster_tag("emca")
    assert node_name(NodeId(0xAB)) == "00000000000000ab"
