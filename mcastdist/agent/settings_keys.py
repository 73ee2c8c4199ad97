"""Which settings are there? Every key, once: its type, bounds, default, and what it does.

`settings_transfer` has the keys of how content travels, `settings_local` those of this machine
alone; here are those of who belongs together, and all of them put together.
A key is an annotated field; `key(...)` carries the rest. The documentation, the checks and
`settings show` are all made from here (see `settings_table`). Units stand last in the name, 0 often
means "decide yourself", and a default that depends on the machine is filled in by `settings.load`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Struct, field

from .settings_checks import Section, key, key_ids
from .settings_local import (
    CacheSettings,
    ControlSettings,
    LogSettings,
    NodeSettings,
    TaskSettings,
    TraceSettings,
)
from .settings_transfer import DownloadSettings, MulticastSettings, RepairSettings


class ClusterSettings(Section, frozen=True):
    """Whose machines are ours, and whose packages do we believe?"""

    id: Annotated[
        str, key("Name of the organisation's cluster; required to take part.", restart=True)
    ] = ""
    key_file: Annotated[
        str, key("File with the cluster key; required to take part.", path=True, restart=True)
    ] = ""
    previous_key_files: Annotated[
        tuple[str, ...],
        key(
            "Other cluster keys that open messages while one replaces another: the next, the last.",
            path=True,
            restart=True,
        ),
    ] = ()
    trusted_keys: Annotated[
        tuple[str, ...],
        key(
            "Public keys that may sign packages: minisign key lines, or files.",
            path=True,
            restart=True,
        ),
    ] = ()
    revoked_keys: Annotated[
        tuple[str, ...],
        key(
            "Ids of keys whose packages are refused, even if `trusted_keys` has the key.",
            allowed='key ids of 16 hex digits, such as "A1B2C3D4E5F60718"',
            check=key_ids,
            restart=True,
        ),
    ] = ()


class ElectionSettings(Section, frozen=True):
    """May this machine represent its subnet?"""

    weight: Annotated[
        int,
        key(
            "More is preferred: servers 61, laptops 40, Wi-Fi 30; 0 = never, and silent.",
            ge=0,
            le=255,
            per_task=True,
        ),
    ] = 50
    never_on: Annotated[
        tuple[Literal["battery", "metered", "vpn"], ...],
        key("Weight 0 while one of these holds.", allowed="battery, metered, vpn"),
    ] = ("battery", "metered", "vpn")


class Origin(Struct, frozen=True):
    """Where settings came from: enough to read them again."""

    path: str | None = None
    environ: dict[str, str] = field(default_factory=dict)  # the MCASTDIST_ variables only
    overrides: tuple[str, ...] = ()  # as given to --set


class Settings(Struct, frozen=True, kw_only=True):
    """All settings of one agent, section by section."""

    cluster: ClusterSettings = field(default_factory=ClusterSettings)
    multicast: MulticastSettings = field(default_factory=MulticastSettings)
    download: DownloadSettings = field(default_factory=DownloadSettings)
    repair: RepairSettings = field(default_factory=RepairSettings)
    election: ElectionSettings = field(default_factory=ElectionSettings)
    cache: CacheSettings = field(default_factory=CacheSettings)
    tasks: TaskSettings = field(default_factory=TaskSettings)
    control: ControlSettings = field(default_factory=ControlSettings)
    node: NodeSettings = field(default_factory=NodeSettings)
    log: LogSettings = field(default_factory=LogSettings)
    trace: TraceSettings = field(default_factory=TraceSettings)
    origin: Origin = field(default_factory=Origin)
