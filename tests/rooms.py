"""Rooms depend downwards only: every include of src/ obeys the USES lists of CMakeLists.txt.

Checked besides: no cycles in the lists; epoll and <coroutine> only in runtime/, <openssl/…> only in
crypto/ and in runtime/ for its TLS stream, <sqlite3.h> only in state/ (tests, and headers that only
tests include, may); no file over 500 lines; no file with an empty name such as utils. Prints what
is wrong as FILE:LINE: … and exits 1.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "src"
LARGEST = 500
EMPTY_NAMES = {"utils", "util", "common", "manager", "impl", "helpers", "misc"}
# A header → the rooms that may include it.
CONFINED = {
    re.compile(r"sys/epoll\.h|coroutine"): {"runtime"},
    re.compile(r"openssl/.*"): {"crypto", "runtime"},
    re.compile(r"sqlite3\.h"): {"state"},
}
ROOM = re.compile(r"signet_room\(\s*(\w+)(.*?)\)", re.DOTALL)
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]')


def declared(cmake: str) -> dict[str, set[str]]:
    """Each room and the rooms its line names."""
    rooms: dict[str, set[str]] = {}
    for name, rest in ROOM.findall(cmake):
        uses = rest.partition("USES")[2].partition("LINK")[0].split() if "USES" in rest else []
        rooms[name] = set(uses)
    return rooms


def reachable(rooms: dict[str, set[str]], start: str) -> set[str]:
    """The rooms below `start`, through any number of steps. Raises ValueError on a cycle."""
    found: set[str] = set()
    path: list[str] = []

    def walk(room: str) -> None:
        if room in path:
            raise ValueError(" → ".join([*path, room]))
        path.append(room)
        for below in rooms.get(room, ()):
            found.add(below)
            walk(below)
        path.pop()

    walk(start)
    return found


def for_tests(file: Path) -> bool:
    """A test, or a header that nothing but tests includes."""
    if file.stem.endswith("_test"):
        return True
    name = str(file.relative_to(SOURCES))
    users = [
        other for other in SOURCES.rglob("*.[ch]*") if f'#include "{name}"' in other.read_text()
    ]
    others = [other for other in users if other.with_suffix("") != file.with_suffix("")]
    return bool(others) and all(other.stem.endswith("_test") for other in others)


def problems_of(file: Path, rooms: dict[str, set[str]], text: str) -> list[str]:
    room = file.relative_to(SOURCES).parts[0]
    allowed = reachable(rooms, room) | {room}
    found = []
    lines = text.splitlines()
    name = file.relative_to(ROOT)
    if len(lines) > LARGEST:
        found.append(f"{name}:{LARGEST}: longer than {LARGEST} lines: it holds two nouns")
    if file.stem in EMPTY_NAMES:
        found.append(f"{name}:1: the name {file.stem} says nothing")
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        header = match[1]
        target = header.partition("/")[0]
        if target in rooms and "/" in header and target not in allowed:
            found.append(f"{name}:{number}: {room} may not include {header} (CMakeLists.txt)")
        for pattern, homes in CONFINED.items():
            if pattern.fullmatch(header) and room not in homes and not for_tests(file):
                homes_text = " and ".join(sorted(homes))
                found.append(f"{name}:{number}: <{header}> belongs to {homes_text} only")
    return found


def problems() -> list[str]:
    rooms = declared((ROOT / "CMakeLists.txt").read_text())
    found = [
        f"CMakeLists.txt: {room} uses {below}, which is no room"
        for room, uses in rooms.items()
        for below in sorted(uses - set(rooms))
    ]
    try:
        for room in rooms:
            reachable(rooms, room)
    except ValueError as cycle:
        return [*found, f"CMakeLists.txt: rooms in a circle: {cycle}"]
    for folder in sorted(path for path in SOURCES.iterdir() if path.is_dir()):
        if folder.name not in rooms and any(folder.iterdir()):
            found.append(f"src/{folder.name}: no signet_room line in CMakeLists.txt")
            continue
        for file in sorted([*folder.rglob("*.h"), *folder.rglob("*.cpp")]):
            found += problems_of(file, rooms, file.read_text())
    return found


def main() -> int:
    found = problems()
    for problem in found:
        print(problem)
    print(f"rooms: {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
