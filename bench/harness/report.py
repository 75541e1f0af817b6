"""The results as a Markdown text."""

from typing import Any


def ratio(value: dict[str, float]) -> str:
    return f"{value['median']:.2f} ({value['low']:.2f}–{value['high']:.2f})"


def text(results: dict[str, Any]) -> str:
    machine = results["machine"]
    lines = [
        f"Machine: {machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}. "
        f"{results['rounds']} interleaved rounds; median (95 % interval). "
        "Whoever sends a session or a token is compared with an nginx that is sent the same.",
        "",
    ]
    if "work" in results:
        lines += [
            "| case | proxy | µs of its core per request | work per core, nginx = 1 |",
            "|---|---|---|---|",
        ]
        for case, proxies in results["work"].items():
            for name, row in proxies.items():
                cost, work = row["microseconds"], ratio(row["work_per_core"])
                lines.append(f"| {case} | {name} | {cost:.1f} | {work} |")
        lines.append("")
    if "latency" in results:
        lines += [
            "| load | proxy | p99 of 100 ms, µs | to nginx's | p99 of all, µs | to nginx's |",
            "|---|---|---|---|---|---|",
        ]
        for shape, proxies in results["latency"].items():
            for name, row in proxies.items():
                cells = [
                    f"{figure['median']:.0f} | {ratio(figure['ratio'])}"
                    for figure in (row["p99_window_us"], row["p99_us"])
                ]
                lines.append(f"| {shape} | {name} | {' | '.join(cells)} |")
        lines.append("")
    if "idle" in results:
        idle = results["idle"]
        lines.append(f"Idle connection: {idle['bytes_per_connection']:.0f} bytes "
                     f"({idle['connections']:.0f} connections).")  # fmt: skip
    if "memory" in results:
        for name, value in results["memory"].items():
            lines.append(f"{name}: {value:.1f}")
    return "\n".join(lines)
