"""How many processor cores this process may keep busy."""

import math
import os
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")


def available(cgroups: Path = _CGROUPS) -> int:
    """The cores of the machine, less what the CPU affinity or the container's quota withholds; at least 1.

    In a container the machine's own count is often many times what the quota allows. The quota is read from `cgroups`,
    version 2 (cpu.max) or 1 (cpu/cpu.cfs_quota_us): https://docs.kernel.org/admin-guide/cgroup-v2.html
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota(cgroups)
    return allowed if quota is None else max(1, min(allowed, math.ceil(quota)))


def _quota(cgroups: Path) -> float | None:
    """Cores' worth of time the container may use; None where there is no limit."""
    try:
        time, period = (cgroups / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            time = (cgroups / "cpu/cpu.cfs_quota_us").read_text().strip()
            period = (cgroups / "cpu/cpu.cfs_period_us").read_text()
        except OSError:
            return None
    return None if time in ("max", "-1") else int(time) / int(period)
