"""Writes the endpoint table's C++ from mlflow-endpoints.csv.

Called by the build: make_endpoint_table.py TABLE.csv OUT.cpp. A row that cannot be held exactly
ends the build with its line number. The shape of what is written is src/access/endpoint_trie.h.
"""

import csv
import re
import sys
from pathlib import Path

COLUMNS = [
    "prefixes", "method", "path", "operation", "access", "resource", "scope_key",
    "mlflow_basic_auth", "since", "until", "impl", "notes",
]  # fmt: skip
PREFIXES = {"api+ajax": 1 | 2, "api": 1, "ajax": 2, "root": 4}
METHODS = {"GET": "get", "POST": "post", "PUT": "put", "PATCH": "patch", "DELETE": "delete_"}
CLASSES = {
    "read": "read", "use": "use", "write": "write", "delete": "delete_", "admin": "admin",
    "admin-read": "admin_read", "public": "public_",
}  # fmt: skip
WHERE = {"q": "query", "b": "body", "p": "path", "h": "header"}
MAX_PARAMETERS = 3
# One-segment spelling, but the value is a path.
REST_PARAMETERS = {"artifact_path", "path"}
# Operations that this program answers itself (design, "Permissions").
ANSWERED_HERE = {"user_current", "getUiTelemetry", "postUiTelemetry"}
# Answers whose body is somebody's data, which must never run in the browser.
DATA_OPERATIONS = {
    "getRunArtifact", "getModelVersionArtifact", "downloadArtifact", "getLoggedModelArtifact",
    "getTraceArtifact", "getTraceArtifactV3",
}  # fmt: skip


class BadRow(Exception):
    pass


def parse_segment(segment):
    """A literal, ("one", name, suffix) or ("rest", name, "")."""
    if found := re.fullmatch(r"<path:(\w+)>|\{(\w+):path\}", segment):
        return ("rest", found[1] or found[2], "")
    if found := re.fullmatch(r"\{([\w.]+)\}(:\w+)?", segment):
        suffix = found[2] or ""
        return ("rest" if found[1] in REST_PARAMETERS else "one", found[1], suffix)
    if not re.fullmatch(r"[A-Za-z0-9._-]+", segment):
        raise BadRow(f"path segment {segment!r} is neither a literal nor a parameter")
    return segment


def parse_path(path):
    """Its segments; a slash at the end is told by the row's "slash"."""
    if path == "/":
        return []
    if not path.startswith("/"):
        raise BadRow(f"path {path!r} does not begin with /")
    return [parse_segment(segment) for segment in path[1:].removesuffix("/").split("/")]


def parse_scope_keys(text):
    """[(where, name, repeated)]. "q:a|b" names two keys; "(repeated)" says it of the key before."""
    keys = []
    if text == "JSON-RPC tools/call arguments":  # the one scope that is no single field
        return keys
    text = text.replace(" (repeated)", "[]")
    text = re.sub(r"\s*\([^)]*\)", "", text)
    for token in text.split():
        found = re.fullmatch(r"([qbph]):([\w.|-]+)(\[\])?", token)
        if not found:
            raise BadRow(f"scope key {token!r} is not q:, b:, p: or h: and a name")
        for name in found[2].split("|"):
            keys.append((WHERE[found[1]], name, bool(found[3])))
    return keys


def choose(table, value, column):
    if value not in table:
        raise BadRow(f"{column} is {value!r}, not one of {', '.join(table)}")
    return table[value]


def read_row(row):
    if None in row or None in row.values():
        raise BadRow(f"not {len(COLUMNS)} columns")
    segments = parse_path(row["path"])
    parameters = [segment[1] for segment in segments if isinstance(segment, tuple)]
    suffixes = [segment[2] if isinstance(segment, tuple) else "" for segment in segments]
    if any(suffixes[:-1]):
        raise BadRow("text after a parameter is only held in the last segment")
    if len(parameters) > MAX_PARAMETERS:
        raise BadRow(f"more than {MAX_PARAMETERS} parameters")
    if len(set(parameters)) != len(parameters):
        raise BadRow("a parameter's name is there twice")
    for name in ("operation", "resource", "impl"):
        if not re.fullmatch(r"[ -~]+", row[name]):
            raise BadRow(f"{name} is empty or not ASCII")
    prefixes = choose(PREFIXES, row["prefixes"], "prefixes")
    scope_keys = parse_scope_keys(row["scope_key"])
    for where, name, _ in scope_keys:
        if where == "path" and name not in parameters:
            raise BadRow(f"scope key p:{name} is not in the path")
    artifact_service = row["path"].startswith("/2.0/mlflow-artifacts/")
    return {
        "prefixes": prefixes,
        "method": choose(METHODS, row["method"], "method"),
        "path": row["path"],
        "segments": segments,
        "slash": row["path"] != "/" and row["path"].endswith("/"),
        "suffix": suffixes[-1] if suffixes else "",
        "parameters": parameters,
        "operation": row["operation"],
        "access": choose(CLASSES, row["access"], "access"),
        "resource": row["resource"],
        "impl": row["impl"],
        "scope_keys": scope_keys,
        "is_artifact_path": artifact_service and "artifact_path" in parameters,
        "is_data": row["operation"] in DATA_OPERATIONS,
        "is_artifact_service": artifact_service,
        "is_multipart": row["path"].startswith("/2.0/mlflow-artifacts/mpu/"),
        "is_answered_here": row["operation"] in ANSWERED_HERE,
    }


def read_table(path):
    """The rows that are served; of two for the same address the first, if they agree."""
    endpoints = []
    served = {}
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != COLUMNS:
            raise BadRow(f"the columns are not {','.join(COLUMNS)}")
        for row in reader:
            try:
                endpoint = read_row(row)
                if re.search(r"\b[Dd]eny( this spelling)?$", row["notes"]):
                    continue
                shape = tuple(s if isinstance(s, str) else s[0] for s in endpoint["segments"])
                shape += (endpoint["slash"], endpoint["suffix"])
                earlier = [
                    served[key]
                    for bit in (1, 2, 4)
                    if (key := (bit, endpoint["method"], shape)) in served
                    and endpoint["prefixes"] & bit
                ]
                for other in earlier:
                    if any(other[k] != endpoint[k] for k in ("operation", "access", "resource")):
                        raise BadRow(f"contradicts the earlier row {other['operation']}")
                if earlier:
                    continue
                for bit in (1, 2, 4):
                    if endpoint["prefixes"] & bit:
                        served[(bit, endpoint["method"], shape)] = endpoint
                endpoints.append(endpoint)
            except BadRow as problem:
                raise BadRow(f"{path}:{reader.line_num}: {problem}") from None
    missing = (ANSWERED_HERE | DATA_OPERATIONS) - {e["operation"] for e in endpoints}
    if missing:
        raise BadRow(f"{path}: no row for {', '.join(sorted(missing))}")
    return endpoints


class Node:
    def __init__(self):
        self.literals = {}
        self.parameter = None
        self.rest = None
        self.routes = []


def build_trie(endpoints):
    nodes = [Node()]

    def child(existing):
        if existing is not None:
            return existing
        nodes.append(Node())
        return len(nodes) - 1

    for number, endpoint in enumerate(endpoints):
        at = nodes[0]
        for segment in endpoint["segments"]:
            if isinstance(segment, str):
                index = at.literals[segment] = child(at.literals.get(segment))
            elif segment[0] == "one":
                index = at.parameter = child(at.parameter)
            else:
                index = at.rest = child(at.rest)
            at = nodes[index]
        at.routes.append((number, endpoint))
    for node in nodes:
        # The longer suffix is tried first.
        node.routes.sort(key=lambda route: -len(route[1]["suffix"]))
        if node.rest is not None and nodes[node.rest].parameter is not None:
            raise BadRow("a parameter directly after one for several segments can be read two ways")
    return nodes


def segment_key(segment):
    """As trie::segment_key."""
    text = segment.encode()
    return len(text) & 0xFF | text[0] << 8 | text[-1] << 16 | text[len(text) // 2] << 24


def hash_children(literals):
    """(bits, multiplier, [segment or None per slot]); collisions go to the next free slot."""
    if not literals:
        return 0, 0, []
    bits = (2 * len(literals) - 1).bit_length()
    best = None
    multiplier = 0x9E3779B1
    for _ in range(4000):
        multiplier = (multiplier * 1664525 + 1013904223) & 0xFFFFFFFF | 1
        slots = [None] * (1 << bits)
        steps = 0
        for segment in literals:
            slot = (segment_key(segment) * multiplier & 0xFFFFFFFF) >> (32 - bits) if bits else 0
            while slots[slot] is not None:
                slot = (slot + 1) % len(slots)
                steps += 1
            slots[slot] = segment
        if best is None or steps < best[0]:
            best = (steps, multiplier, slots)
        if steps == 0:
            break
    # A free slot ends an unsuccessful search.
    assert bits == 0 or None in best[2]
    return bits, best[1], best[2]


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def flag(value):
    return "true" if value else "false"


def write_table(endpoints, nodes, out):
    keys, rows = [], []
    for e in endpoints:
        scope = (
            f"std::span<const ScopeKey>(kKeys).subspan({len(keys)}, {len(e['scope_keys'])})"
            if e["scope_keys"]
            else "std::span<const ScopeKey>()"
        )
        keys += [
            f"{{ScopeKey::Where::{where}, {quoted(name)}, {flag(repeated)}}}"
            for where, name, repeated in e["scope_keys"]
        ]
        flags = ", ".join(
            flag(e[name])
            for name in (
                "is_artifact_path", "is_data", "is_artifact_service", "is_multipart",
                "is_answered_here",
            )
        )  # fmt: skip
        rows.append(
            f"{{{quoted(e['operation'])}, {quoted(e['path'])}, {quoted(e['resource'])}, "
            f"{quoted(e['impl'])}, {scope}, http::Method::{e['method']}, "
            f"Class::{e['access']}, {flags}}}"
        )
    routes, slots, node_rows = [], [], []
    for node in nodes:
        bits, multiplier, table = hash_children(node.literals)
        node_rows.append(
            f"{{{len(slots)}, {bits}, {flag(table)}, {multiplier}u, {node.parameter or 0}, "
            f"{node.rest or 0}, {len(routes)}, {len(node.routes)}}}"
        )
        for segment in table:
            target = 0 if segment is None else node.literals[segment]
            slots.append(f"{{{quoted(segment or '')}, {target}}}")
        for number, e in node.routes:
            names = e["parameters"] + [""] * (MAX_PARAMETERS - len(e["parameters"]))
            names = ", ".join(quoted(name) for name in names)
            routes.append(
                f"{{{number}, http::Method::{e['method']}, {e['prefixes']}, "
                f"{flag(e['slash'])}, {quoted(e['suffix'])}, {{{{{names}}}}}}}"
            )
    if max(len(slots), len(routes), len(nodes)) > 0xFFFF:
        raise BadRow("the table is too large for 16-bit indexes")

    out.write('#include "access/endpoint_trie.h"\n\n')
    out.write("// Written by src/access/make_endpoint_table.py.\n")
    out.write("namespace signet::access::trie {\n\nnamespace {\n\n")
    for kind, name, lines in (
        ("ScopeKey", "kKeys", keys),
        ("Endpoint", "kEndpointRows", rows),
        ("Route", "kRouteRows", routes),
        ("Slot", "kSlotRows", slots),
        ("Node", "kNodeRows", node_rows),
    ):
        body = "".join(f"    {line},\n" for line in lines)
        out.write(f"constexpr {kind} {name}[] = {{\n{body}}};\n\n")
    out.write("}  // namespace\n\n")
    out.write("constinit const std::span<const Endpoint> kEndpoints = kEndpointRows;\n")
    out.write("constinit const std::span<const Route> kRoutes = kRouteRows;\n")
    out.write("constinit const std::span<const Slot> kSlots = kSlotRows;\n")
    out.write("constinit const std::span<const Node> kNodes = kNodeRows;\n\n")
    out.write("}  // namespace signet::access::trie\n")


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: make_endpoint_table.py TABLE.csv OUT.cpp")
    table, target = Path(sys.argv[1]), Path(sys.argv[2])
    try:
        endpoints = read_table(table)
        nodes = build_trie(endpoints)
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as out:
            write_table(endpoints, nodes, out)
        fresh.replace(target)
    except BadRow as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
