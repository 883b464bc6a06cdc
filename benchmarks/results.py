"""All numbers of one run, and the machine they were made on."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.clustered_years import CheckedYears, ClusteredYears
from benchmarks.clusters import Clustered
from benchmarks.many_models import PerModel
from benchmarks.oracle import Best
from benchmarks.peers.compare import Peer
from benchmarks.peers.two_sample_tests import General
from benchmarks.process_time import ProcessTime
from benchmarks.rates import Rate
from benchmarks.real_feeds.measure import FeedRate
from benchmarks.seasons import Seasonal
from benchmarks.segments import SegmentRate
from benchmarks.single import Detection, FalseAlarms
from benchmarks.speed import Timing
from benchmarks.subgroups import Named
from benchmarks.wide import WideAlarms
from benchmarks.years import Delay, NullYears


@dataclass
class Results:
    """What was measured; a part that was not asked for stays empty."""

    machine: dict[str, str]
    scale: float
    false_alarms: list[FalseAlarms] = field(default_factory=list)
    detection: list[Detection] = field(default_factory=list)
    held_out: list[Detection] = field(default_factory=list)
    random_changes: list[Detection] = field(default_factory=list)
    oracle: list[Best] = field(default_factory=list)
    two_sample_tests: list[General] = field(default_factory=list)
    years: list[NullYears] = field(default_factory=list)
    delays: list[Delay] = field(default_factory=list)
    clusters: list[Clustered] = field(default_factory=list)
    clustered_years: list[ClusteredYears] = field(default_factory=list)
    checked_years: list[CheckedYears] = field(default_factory=list)
    seasons: list[Seasonal] = field(default_factory=list)
    season_coverage: list[Seasonal] = field(default_factory=list)
    clustered_seasons: list[Seasonal] = field(default_factory=list)
    speed: list[Timing] = field(default_factory=list)
    cold_start: list[ProcessTime] = field(default_factory=list)
    loop: list[ProcessTime] = field(default_factory=list)
    unchanged_feeds: list[FeedRate] = field(default_factory=list)
    broken_feeds: list[FeedRate] = field(default_factory=list)
    wide_alarms: list[WideAlarms] = field(default_factory=list)
    many_models: list[PerModel] = field(default_factory=list)
    subgroups: list[Named] = field(default_factory=list)
    segments: list[SegmentRate] = field(default_factory=list)
    peers: list[Peer] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


def machine() -> dict[str, str]:
    """What the numbers depend on."""
    model = platform.processor() or platform.machine()
    described = Path("/proc/cpuinfo")
    if described.exists():
        names = [line.split(":", 1)[1].strip() for line in described.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "pyarrow"))
    return {
        "processor": f"{model}, {os.cpu_count()} cores",
        "load when it started": load,
        "system": platform.platform(terse=True),
        "python": f"{platform.python_version()}, {libraries}",
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
    }


def percent(rate: Rate | None) -> str:
    """A rate without its interval; a dash where there is none."""
    return "–" if rate is None else f"{100 * rate.value:.1f} %"
