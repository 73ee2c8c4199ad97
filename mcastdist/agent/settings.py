"""What did the administrator say? Settings from a file, the environment and the command line.

Precedence: `--set section.key=value`, then `MCASTDIST_<SECTION>_<KEY>`, then the file, then the
default. An unknown key or a value out of range is refused with the key, the value, what is allowed
and where it stood, before anything is started. A relative path in the file is relative to the file.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import msgspec

from mcastdist.errors import NotPermitted, UsageError

from .settings_checks import MINISIGN_KEY, Section
from .settings_keys import ClusterSettings, ElectionSettings, Origin, Settings
from .settings_local import (
    CacheSettings,
    ControlSettings,
    LogSettings,
    NodeSettings,
    TraceSettings,
)
from .settings_paths import default_config_path, from_home, with_places
from .settings_table import Key, KeyDoc, describe, keys, parse, sections
from .settings_transfer import DownloadSettings, MulticastSettings, RepairSettings

__all__ = [
    "PER_TASK",
    "CacheSettings",
    "ClusterSettings",
    "ControlSettings",
    "DownloadSettings",
    "ElectionSettings",
    "KeyDoc",
    "LogSettings",
    "MulticastSettings",
    "NodeSettings",
    "RepairSettings",
    "Settings",
    "TraceSettings",
    "as_dict",
    "changes",
    "default_config_path",
    "describe",
    "in_force",
    "load",
    "require",
    "reread",
    "with_overrides",
]

PREFIX = "MCASTDIST_"
NOT_SETTINGS = frozenset({"MCASTDIST_CONFIG"})  # the command line's name for the file itself
PER_TASK = frozenset(name for name, key in keys().items() if key.extra("per_task"))


@dataclass(frozen=True, slots=True)
class _Given:
    """One value somebody gave: where it stood, and what a relative path in it is relative to."""

    key: Key
    raw: object
    where: str
    base: Path
    as_text: bool = True  # false for a file, where TOML has types of its own

    def value(self) -> object:
        value = parse(self.key, self.raw, self.where, as_text=self.as_text)
        return _absolute(value, self.base) if self.key.extra("path") else value


def load(path: Path | None, environ: Mapping[str, str], overrides: Sequence[str]) -> Settings:
    """The settings as given; `path` None reads no file. UsageError for the first that is wrong."""
    ours = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
    given = itertools.chain(_from_file(path), _from_environ(ours), _from_overrides(overrides))
    origin = Origin(None if path is None else str(path.absolute()), ours, tuple(overrides))
    settings = _replaced(Settings(origin=origin), {each.key.full: each.value() for each in given})
    return with_places(settings, environ)


def reread(settings: Settings) -> Settings:
    """The same settings, with the file as it is now."""
    origin = settings.origin
    return load(
        None if origin.path is None else Path(origin.path), origin.environ, origin.overrides
    )


def with_overrides(settings: Settings, overrides: Mapping[str, object]) -> Settings:
    """`settings` as one task wants them; only keys in PER_TASK, the others are the machine's."""
    values = {}
    for name, raw in overrides.items():
        key = _key(name, "task")
        if name not in PER_TASK:
            raise UsageError(f"{name} cannot be set by a task; set it for the agent instead")
        given = list(raw) if isinstance(raw, tuple) else raw
        values[name] = parse(key, given, "task", as_text=True)
    return _replaced(settings, values)


def changes(old: Settings, new: Settings) -> tuple[list[str], list[str]]:
    """(keys that can be taken up now, keys that need a restart), of those that differ."""
    changed = [key for key in keys().values() if _get(old, key) != _get(new, key)]
    restart = [key.full for key in changed if key.extra("restart")]
    return [key.full for key in changed if key.full not in restart], restart


def in_force(running: Settings, fresh: Settings) -> Settings:
    """`fresh`, as far as an agent under `running` takes it up without a restart."""
    restart = (key for key in keys().values() if key.extra("restart"))
    return _replaced(fresh, {key.full: _get(running, key) for key in restart})


def as_dict(settings: Settings) -> dict[str, object]:
    """section.key -> value. Secrets are in files, and only the files' names are here."""
    shown = ((key, _get(settings, key)) for key in keys().values())
    return {key.full: list(value) if isinstance(value, tuple) else value for key, value in shown}


def require(settings: Settings, *names: str) -> None:
    """UsageError if one of these keys was left empty."""
    for name in names:
        if not _get(settings, keys()[name]):
            section, _, key = name.partition(".")
            variable = f"{PREFIX}{section}_{key}".upper()
            raise UsageError(
                f"{name} is not set; give it in agent.toml, as {variable}, or with --set {name}=..."
            )


def _from_file(path: Path | None) -> Iterator[_Given]:
    if path is None:
        return
    text = _read(path)
    for section, table in _parsed(text, path).items():
        where = _place(path, text, section, None)
        if section not in sections() or not isinstance(table, dict):
            raise _unknown(section, where)
        for name, raw in table.items():
            where = _place(path, text, section, name)
            key = _key(f"{section}.{name}", where)
            yield _Given(key, raw, where, path.absolute().parent, as_text=False)


def _from_environ(environ: Mapping[str, str]) -> Iterator[_Given]:
    variables = {f"{PREFIX}{key.section}_{key.name}".upper(): key for key in keys().values()}
    for variable, raw in environ.items():
        if variable in NOT_SETTINGS:
            continue
        if variable not in variables:
            near = get_close_matches(variable, variables, n=1)
            raise UsageError(f"{variable} (environment) is no setting{_did_you_mean(near)}")
        yield _Given(variables[variable], raw, f"environment, {variable}", Path.cwd())


def _from_overrides(overrides: Sequence[str]) -> Iterator[_Given]:
    for override in overrides:
        name, equals, raw = override.partition("=")
        if not equals:
            raise UsageError(f"--set {override}: give it as section.key=value")
        yield _Given(_key(name.strip(), "--set"), raw, "--set", Path.cwd())


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except PermissionError:
        raise NotPermitted(f"{path}: this user may not read the settings file") from None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{path}: the settings file cannot be read ({why})") from None


def _parsed(text: str, path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not TOML: {error}") from None


def _place(path: Path, text: str, section: str, name: str | None) -> str:
    """file:line of a section, or of a key in it; tomllib does not tell, so we look for it."""
    current = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\s*\"?([\w.-]+)\"?\s*\]", line):
            current = header[1]
            if name is None and current == section:
                return f"{path}:{number}"
        elif word := re.match(r"\s*([\w.\"'-]+)\s*=", line):
            dotted = f"{current}.{word[1]}".lstrip(".").replace('"', "").replace("'", "")
            if dotted in (f"{section}.{name}", section) or (
                name is None and dotted.startswith(f"{section}.")
            ):
                return f"{path}:{number}"
    return str(path)


def _key(name: str, where: str) -> Key:
    if name not in keys():
        raise _unknown(name, where)
    return keys()[name]


def _unknown(name: str, where: str) -> UsageError:
    section, _, word = name.partition(".")
    there = [key.name for key in keys().values() if key.section == section]
    near = [f"{section}.{each}" for each in get_close_matches(word, there, n=1)]
    if there and not near:
        return UsageError(f"{name} ({where}) is no setting; {section} has {', '.join(there)}")
    near = near or get_close_matches(name, [*keys(), *sections()], n=1)
    return UsageError(f"{name} ({where}) is no setting{_did_you_mean(near)}")


def _did_you_mean(near: list[str]) -> str:
    return f"; did you mean {near[0]}?" if near else "; see docs/settings.md for those there are"


def _absolute(value: object, base: Path) -> object:
    if isinstance(value, tuple):
        return tuple(_absolute(each, base) for each in value)
    assert isinstance(value, str)
    if not value or MINISIGN_KEY.fullmatch(value):
        return value  # a trusted key may stand here itself
    return str(base / from_home(value))


def _get(settings: Settings, key: Key) -> object:
    return getattr(getattr(settings, key.section), key.name)


def _replaced(settings: Settings, values: Mapping[str, object]) -> Settings:
    """`settings` with these keys changed; the values are checked already."""
    by_section: dict[str, dict[str, object]] = {}
    for name, value in values.items():
        section, _, key = name.partition(".")
        by_section.setdefault(section, {})[key] = value
    replaced: dict[str, Section] = {
        section: msgspec.structs.replace(getattr(settings, section), **changed)
        for section, changed in by_section.items()
    }
    return msgspec.structs.replace(settings, **replaced)
