"""Is this still what its publisher wants installed? Expiry, and no way back to an older one.

A signature says who published, not when it stopped being good: somebody who keeps an old signed
package, with its known holes, could offer it for ever.
"""

from __future__ import annotations

from mcastdist.errors import ContentError

from .manifest import Manifest


class StalePackage(ContentError):
    """Rightly signed, but past its time. `code` is `expired` or `rollback`."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def check_fresh(manifest: Manifest, *, now: float, sequence_seen: int) -> None:
    """Refuse what has expired at `now` (seconds since 1970), or is older than what was seen.

    `sequence_seen` is the highest of this name seen before, 0 if none. Raises StalePackage. Not
    for plain manifests: they have no sequence, a digest decides.
    """
    if manifest.is_expired(now):
        raise StalePackage(
            "expired",
            f"package {manifest.stem} expired at {manifest.expires} (seconds since 1970) and it is"
            f" {int(now)}: publish it again, or set this machine's clock",
        )
    if manifest.sequence < sequence_seen:
        raise StalePackage(
            "rollback",
            f"package {manifest.stem} has sequence {manifest.sequence} and {sequence_seen} was seen"
            " before: publish it again, with a higher one",
        )
