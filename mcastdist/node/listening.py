"""How do we listen to a stream: when is it open, looked at, complained about, joined again?"""

from __future__ import annotations

from mcastdist.timers import Timers
from mcastdist.wire import Announce, Need, Phase

from .commands import CloseStream, Command, OpenStream, Package, Rejoin, Send, Stream, TaskId
from .environment import Environment
from .hearing import Hearing
from .intake import Intake

POLL_S = 0.05  # how often the stream is looked at while it moves; complaints wait as long anyway
IDLE_POLL_S = 0.5  # while it does not
REJOIN_S = 10.0  # a switch that has forgotten the group is told again; it takes a second to act
MOVING = (Phase.STREAMING, Phase.REPAIRING)


class Listening:
    """One receiver's ear for one session. Does no I/O; see `wake_at`."""

    def __init__(self, announce: Announce, *, task: TaskId, env: Environment, now: float) -> None:
        self._task = task
        self._env = env
        self._announce = announce
        self._rejoin_at = now
        self._outputs: list[Command] = []
        self._timers: Timers[str] = Timers()
        self.hearing = Hearing(announce, now=now)
        self.intake: Intake | None = None

    # In

    def open(self, package: Package, now: float) -> None:
        """Have the stream open as it is announced; open it anew if it is cut otherwise now."""
        if self.intake is not None:
            if self.intake.stream.geometry.symbol_bytes == self._announce.symbol_bytes:
                return
            self.close()  # the datagrams have been shrunk for somebody's sake
        self.intake = Intake(
            task=self._task, package=package, announce=self._announce, env=self._env, now=now
        )
        self.hearing.listens(now)
        self._outputs.append(OpenStream(self.intake.stream))
        self._timers.set("poll", now + POLL_S * self._env.rng.random())

    def close(self) -> None:
        """Listen no more."""
        if self.intake is not None:
            self._outputs.append(CloseStream(self.intake.stream))
        self.intake = None
        self._timers = Timers()

    def announced(self, announce: Announce, *, now: float) -> None:
        """The representative tells where the session stands."""
        self._announce = announce
        self.hearing.announced(announce, now=now)
        if self.intake is not None and announce.phase in MOVING:
            self.intake.passed(announce.position, now=now)
            self._timers.set_if_earlier("poll", now + POLL_S)

    def hear(self, need: Need, *, now: float) -> None:
        """Another receiver complains."""
        if self.intake is not None:
            self.intake.hear(need, now=now)

    def wake(self, now: float) -> bool:
        """The moment of `wake_at` has come; True if something of the stream came since last."""
        is_heard = False
        for name in self._timers.due(now):
            if self.intake is None:
                continue
            if name == "poll":
                is_heard = self._look(self.intake, now)
            else:
                self._outputs.extend(Send(need) for need in self.intake.complaints(now))
        return is_heard

    # Out

    @property
    def stream(self) -> Stream | None:
        """The stream, while it is open."""
        return self.intake.stream if self.intake is not None else None

    def wake_at(self) -> float:
        """When to call `wake`; NEVER while nothing is open."""
        return self._timers.wake_at()

    def drain(self) -> list[Command]:
        """What is to be done, in order."""
        outputs, self._outputs = self._outputs, []
        return outputs

    # Within

    def _look(self, intake: Intake, now: float) -> bool:
        heard_at = intake.look(group_size=max(1, self._announce.receivers), now=now)
        self._timers.set("need", intake.complain_at())
        gap_s = POLL_S if self._announce.phase in MOVING else IDLE_POLL_S
        self._timers.set("poll", now + gap_s)
        is_heard = self.hearing.heard(heard_at)
        if self.hearing.is_deaf(now) and now >= self._rejoin_at:
            self._rejoin_at = now + REJOIN_S
            self._outputs.append(Rejoin(intake.stream))
        return is_heard
