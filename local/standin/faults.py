"""What the stand-in is told to do wrong, by tests, through its control port."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

STS_MODES = (
    "",
    "delay",
    "hang",
    "500",
    "503",
    "throttle",
    "denied",
    "garbage",
    "huge",
    "close",
)
PLANE_MODES = (
    "",
    "delay",
    "hang",
    "refuse",
    "throttle",
    "500",
    "close",
    "close-mid-body",
    "garbage",
    "expired",
)


@dataclass
class StsFaults:
    """`mode` holds for the next `times` calls, or until cleared when `times` is 0.
    `expires_in` (seconds, 0 = as moto says) shortens the keys issued from then on."""

    mode: str = ""
    seconds: float = 0.0
    times: int = 0
    expires_in: float = 0.0


@dataclass
class PlaneFaults:
    mode: str = ""
    seconds: float = 0.0
    times: int = 0
    app: str = ""
    path: str = ""
    managed: bool = False


@dataclass
class Faults:
    sts: StsFaults = field(default_factory=StsFaults)
    plane: PlaneFaults = field(default_factory=PlaneFaults)

    def update(self, wanted: dict[str, dict[str, object]]) -> None:
        """Replaces the parts named in `wanted`. Raises ValueError on anything unknown."""
        for part, values in wanted.items():
            kind, modes = {
                "sts": (StsFaults, STS_MODES),
                "plane": (PlaneFaults, PLANE_MODES),
            }.get(part, (None, ()))
            if kind is None:
                raise ValueError(f"no faults are known for {part!r}: sts or plane")
            known = {item.name for item in fields(kind)}
            if unknown := set(values) - known:
                raise ValueError(f"{part} knows {sorted(known)}, not {sorted(unknown)}")
            if values.get("mode", "") not in modes:
                raise ValueError(f"{part} mode is one of {modes}")
            setattr(self, part, kind(**values))  # type: ignore[arg-type]

    def clear(self) -> None:
        managed = self.plane.managed
        self.sts = StsFaults()
        self.plane = PlaneFaults(managed=managed)

    def take_sts(self) -> str:
        return _take(self.sts)

    def take_plane(self, app: str, target: str) -> str:
        wanted = self.plane
        if wanted.app not in ("", app) or wanted.path not in target:
            return ""
        return _take(wanted)


def _take(part: StsFaults | PlaneFaults) -> str:
    mode = part.mode
    if mode and part.times:
        part.times -= 1
        if part.times == 0:
            part.mode = ""
    return mode
