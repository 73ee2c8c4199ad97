from __future__ import annotations

import pytest
from manifest_packages import CREATED, small_manifest

from mcastdist.errors import ContentError
from mcastdist.manifest import StalePackage, check_fresh


def test_a_new_or_known_sequence_is_fresh() -> None:
    for seen in (0, 6, 7):
        check_fresh(small_manifest(), now=CREATED, sequence_seen=seen)


def test_there_is_no_way_back() -> None:
    with pytest.raises(StalePackage, match="sequence 7 and 8 was seen") as caught:
        check_fresh(small_manifest(), now=CREATED, sequence_seen=8)
    assert caught.value.code == "rollback"
    assert isinstance(caught.value, ContentError)


def test_what_has_expired_is_not_fresh() -> None:
    manifest = small_manifest(expires=CREATED + 10)
    check_fresh(manifest, now=CREATED + 9.9, sequence_seen=0)
    with pytest.raises(StalePackage, match="clock") as caught:
        check_fresh(manifest, now=CREATED + 10, sequence_seen=0)
    assert caught.value.code == "expired"
