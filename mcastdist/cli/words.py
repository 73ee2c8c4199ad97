"""How do numbers read? Sizes, rates and times for people, and text that cannot move the cursor.

Sizes are binary (MiB), as file systems show them; a task's rate is payload bytes a second, so that
size, rate and time left agree with one another at a glance. Only what a stream takes of a link is
told in bits, as links are.
"""

from __future__ import annotations

from datetime import UTC, datetime

UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
MINUTE_S = 60
HOUR_S = 3_600
DAY_S = 86_400
TENTHS_BELOW_S = 99.95  # from here on nobody reads tenths of a second


def size(count: float) -> str:
    """`92.1 MiB`; whole bytes below 1 KiB."""
    scale = _scale(count)
    return f"{_in_scale(count, scale)} {UNITS[scale]}"


def size_of(part: float, whole: float) -> str:
    """`part` in the unit that `whole` is shown in, without the unit; a plain 0 for nothing."""
    return _in_scale(part, _scale(whole)) if part else "0"


def rate(bits_per_second: float) -> str:
    """Bits a second as `95.4 MiB/s`."""
    return f"{size(bits_per_second / 8)}/s"


def link_rate(bits_per_second: float) -> str:
    """`100.0 Mbit/s`: what a link carries, as its maker counts it."""
    return f"{bits_per_second / 1e6:.1f} Mbit/s"


def duration(seconds: float) -> str:
    """`0.3 s`, `12.3 s`, `2 min 05 s`, `1 h 02 min`, `3 d 4 h`."""
    return f"{seconds:.1f} s" if seconds < TENTHS_BELOW_S else _long(round(seconds))


def time_left(seconds: float) -> str:
    """A guess, so never with tenths: `1 s`, `45 s`, `2 min 05 s`."""
    whole = max(round(seconds), 1)
    return f"{whole} s" if whole < MINUTE_S else _long(whole)


def percent(part: int, whole: int) -> str:
    """`72 %`; 100 only when all is there, and an empty package is all there."""
    if part >= whole:
        return "100 %"
    return f"{min(int(100 * part / whole), 99)} %"


def moment(seconds: float) -> str:
    """Seconds since 1970 as local date and time, to the second."""
    local = datetime.fromtimestamp(seconds, tz=UTC).astimezone()
    return local.strftime("%Y-%m-%d %H:%M:%S")


def counted(count: int, noun: str) -> str:
    """`1 task`, `2 tasks`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def printable(text: object) -> str:
    """`text` on one line, with what could move the cursor or hide something made visible.

    Sentences and names may hold what another machine sent.
    """
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in str(text))


def _long(whole: int) -> str:
    if whole < HOUR_S:
        return f"{whole // MINUTE_S} min {whole % MINUTE_S:02d} s"
    if whole < DAY_S:
        return f"{whole // HOUR_S} h {whole % HOUR_S // MINUTE_S:02d} min"
    return f"{whole // DAY_S} d {whole % DAY_S // HOUR_S} h"


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")


def _scale(count: float) -> int:
    scale = 0
    while count >= 1023.95 and scale < len(UNITS) - 1:  # so that 1024.0 KiB reads 1.0 MiB
        count /= 1024
        scale += 1
    return scale


def _in_scale(count: float, scale: int) -> str:
    return f"{count / 1024**scale:.1f}" if scale else f"{count:.0f}"
