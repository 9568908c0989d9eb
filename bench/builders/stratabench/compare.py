"""Compares two results by what does not depend on the machine: the ratio of a build's time to its floor."""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import Any

#: Slower than before by more than this is marked; machines are noisy.
MARKED = 1.25


def _ratios(results: dict[str, Any], builder: str) -> dict[str, tuple[float, float]]:
    """Median seconds and their ratio to the floor, by workload."""
    walls: dict[str, list[float]] = defaultdict(list)
    for record in results["records"]:
        if record["ok"] and record["builder"] == builder:
            walls[record["key"]].append(record["wall"])
    floors = results["floors"]
    return {key: (median(values), median(values) / floors[key]) for key, values in walls.items() if floors.get(key)}


def render(now: dict[str, Any], before: dict[str, Any], builder: str = "strata") -> str:
    """A markdown table: seconds, times the floor now and before, and the change between these."""
    new, old = _ratios(now, builder), _ratios(before, builder)
    lines = ["| workload | seconds | times the floor | before | change |", "|---|---|---|---|---|"]
    for key, (seconds, ratio) in new.items():
        if key not in old:
            lines.append(f"| {key} | {seconds:.2f} | {ratio:.1f} | | |")
            continue
        change = ratio / old[key][1]
        mark = " slower" if change > MARKED else ""
        lines.append(f"| {key} | {seconds:.2f} | {ratio:.1f} | {old[key][1]:.1f} | {change:.2f}{mark} |")
    missing = sorted(set(old) - set(new))
    if missing:
        lines.append(f"\nNot measured now, or failed: {', '.join(missing)}")
    return "\n".join(lines)
