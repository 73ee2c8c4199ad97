"""What is known of each key, and may it have this value? The keys as a table, made from the types.

A value comes from TOML (already typed) or as text (environment, `--set`, a task's override); both
go through `parse`, so that a refusal reads the same wherever the value stood.
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from mcastdist.errors import UsageError

from .settings_checks import Section
from .settings_keys import Settings


@dataclass(frozen=True, slots=True)
class KeyDoc:
    """One key, for people: `type` and `allowed` in words, `default` as it stands in a TOML file.

    `restart`: a change is taken up only by a restart. `per_task`: a task may override it.
    """

    key: str
    type: str
    default: str
    allowed: str
    doc: str
    restart: bool
    per_task: bool


@dataclass(frozen=True, slots=True)
class Key:
    """One key, for the program."""

    section: str
    name: str
    annotated: Any  # Annotated[type, Meta], as msgspec takes it
    default: object

    @property
    def full(self) -> str:
        """section.name"""
        return f"{self.section}.{self.name}"

    @property
    def type(self) -> Any:
        """The bare type."""
        return get_args(self.annotated)[0]

    @property
    def meta(self) -> msgspec.Meta:
        """What `settings_checks.key` made."""
        meta = get_args(self.annotated)[1]
        assert isinstance(meta, msgspec.Meta)
        return meta

    def extra(self, name: str) -> Any:
        """One of the things `settings_checks.key` noted beside the type."""
        assert self.meta.extra is not None
        return self.meta.extra[name]

    @property
    def is_list(self) -> bool:
        """True if the value is a list."""
        return get_origin(self.type) is tuple

    @property
    def allowed(self) -> str:
        """What the value may be, in words."""
        stated: str = self.extra("allowed")
        return stated or _bounds(self.meta) or _choices(self.type) or type_name(self.type)


@functools.cache
def sections() -> dict[str, type[Section]]:
    """The sections by name, in the order of the documentation."""
    hints = get_type_hints(Settings)
    return {name: hint for name, hint in hints.items() if _is_section(hint)}


@functools.cache
def keys() -> dict[str, Key]:
    """All keys by full name, in the order of the documentation."""
    return {
        key.full: key for name, section in sections().items() for key in _keys_of(name, section)
    }


def describe() -> list[KeyDoc]:
    """Every key as people need to know it."""
    return [
        KeyDoc(
            key=key.full,
            type=type_name(key.type),
            default=key.extra("default") or f"`{toml(key.default)}`",
            allowed=key.allowed,
            doc=key.meta.description or "",
            restart=key.extra("restart"),
            per_task=key.extra("per_task"),
        )
        for key in keys().values()
    ]


def parse(key: Key, raw: object, where: str, *, as_text: bool) -> object:
    """`raw`, as `key` holds it, or a UsageError that says what is allowed.

    `as_text`: a text is read as the key's type, since it comes from where there is only text.
    """
    text = as_text and isinstance(raw, str)
    try:
        value = _from_text(key, str(raw)) if text else raw
        value = msgspec.convert(value, key.annotated, strict=not text)
    except (msgspec.ValidationError, ValueError):
        raise _refusal(key, raw, where) from None
    check = key.extra("check")
    if check is not None and not check(value):
        raise _refusal(key, raw, where)
    return value


def toml(value: object) -> str:
    """`value` as it would stand in a TOML file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    if isinstance(value, str):
        return msgspec.json.encode(value).decode()  # a JSON string is a TOML basic string
    return f"{value:g}" if isinstance(value, float) else str(value)


def type_name(kind: Any) -> str:
    """A type in words."""
    if get_origin(kind) is tuple:
        return f"list of {type_name(get_args(kind)[0])}s"
    if get_origin(kind) is Literal:
        return "word"
    return {bool: "true or false", int: "whole number", float: "number", str: "text"}[kind]


def _from_text(key: Key, text: str) -> object:
    """A list is comma-separated, or a TOML array; `1_000_000` is a number as in TOML."""
    text = text.strip()
    if not key.is_list:
        return text if key.type is str else text.replace("_", "")
    if text.startswith("["):
        return tomllib.loads(f"v = {text}")["v"]
    return [each.strip() for each in text.split(",") if each.strip()]


def _refusal(key: Key, raw: object, where: str) -> UsageError:
    return UsageError(f"{key.full} = {_shown(raw)} ({where}): allowed is {key.allowed}")


def _shown(raw: object) -> str:
    shown = msgspec.json.encode(raw).decode() if isinstance(raw, str | list) else str(raw)
    return shown if len(shown) <= 80 else shown[:77] + "..."  # a whole file pasted by mistake


def _bounds(meta: msgspec.Meta) -> str:
    return f"{_number(meta.ge)} to {_number(meta.le)}" if meta.ge is not None else ""


def _number(bound: float | None) -> str:
    assert bound is not None, "a key with a least value also has a greatest"
    return str(int(bound)) if bound == int(bound) else str(bound)


def _choices(kind: Any) -> str:
    return ", ".join(get_args(kind)) if get_origin(kind) is Literal else ""


def _is_section(hint: object) -> bool:
    return isinstance(hint, type) and issubclass(hint, Section)


def _keys_of(name: str, section: type[Section]) -> list[Key]:
    hints = get_type_hints(section, include_extras=True)
    defaults = section()
    found = [
        Key(name, each, hints[each], getattr(defaults, each)) for each in section.__struct_fields__
    ]
    assert all(get_origin(key.annotated) is Annotated for key in found)
    return found
