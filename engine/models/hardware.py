"""What this machine has: memory, processor, graphics cards, free disk.

Asked of the operating system and of the drivers' own tools; nothing is installed for it and nothing is guessed: what
nobody says is None or empty. `detect` never fails - a machine without `nvidia-smi`, a container without /sys and a
driver that hangs all give an answer with less in it. Where a container is given less than its machine has (cgroups, CPU
affinity), the smaller figure counts.
"""

from __future__ import annotations

import csv
import math
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

GIB: Final = 1 << 30
MIB: Final = 1 << 20
_SECONDS: Final = 5.0

FEATURES: Final = {
    # as Linux (or macOS) names it: as people do
    "sse4_2": "SSE4.2",
    "avx": "AVX",
    "avx2": "AVX2",
    "f16c": "F16C",
    "fma": "FMA",
    "bmi2": "BMI2",
    "avx_vnni": "AVX-VNNI",
    "avx512f": "AVX-512",
    "avx512_vnni": "AVX-512 VNNI",
    "avx512_bf16": "AVX-512 BF16",
    "amx_tile": "AMX",
    "amx_int8": "AMX INT8",
    "asimd": "NEON",
    "neon": "NEON",
    "asimddp": "DotProd",
    "i8mm": "I8MM",
    "sve": "SVE",
    "sve2": "SVE2",
    "sme": "SME",
}
_DARWIN_INTEL: Final = {
    "SSE4.2": "sse4_2",
    "AVX1.0": "avx",
    "AVX2": "avx2",
    "F16C": "f16c",
    "FMA": "fma",
    "BMI2": "bmi2",
    "AVX512F": "avx512f",
}
_DARWIN_ARM: Final = {
    "hw.optional.AdvSIMD": "asimd",
    "hw.optional.arm.FEAT_DotProd": "asimddp",
    "hw.optional.arm.FEAT_I8MM": "i8mm",
    "hw.optional.arm.FEAT_SME": "sme",
}
_WINDOWS: Final = {38: "sse4_2", 39: "avx", 40: "avx2", 41: "avx512f", 19: "asimd", 43: "asimddp"}
"""Numbers of IsProcessorFeaturePresent (winnt.h)."""

_AMD: Final = "0x1002"
_INTEL: Final = "0x8086"
_SHARED_BELOW: Final = 2 * GIB
"""An AMD chip with less memory of its own than this is a graphics unit inside the processor, which borrows RAM."""


@dataclass(frozen=True)
class Gpu:
    """A graphics card.

    Attributes:
        name: As the driver calls it.
        maker: "nvidia", "amd", "intel", "apple", or "" for an imagined one.
        memory: Bytes of its memory (on Apple's, the part of the RAM that Metal may use).
        free: Bytes that nobody uses now; None when unknown.
        unified: Whether its memory is the RAM.
    """

    name: str
    maker: str
    memory: int
    free: int | None = None
    unified: bool = False


@dataclass(frozen=True)
class Machine:
    """A computer, found or imagined. None is "unknown".

    Attributes:
        ram: Bytes of RAM that this program could get at most.
        ram_available: Bytes of it that are not needed by others now.
        cores: Physical cores.
        usable_cores: Cores this program may use at once (affinity, cgroup), at most `cores`.
        processor: Its name.
        architecture: "x86_64", "arm64", ...
        features: Instruction sets that matter here, by their usual names.
        gpus: Graphics cards with memory of a known size.
        other_gpus: Names of graphics units that were seen but whose memory is unknown or borrowed from the RAM.
        disk_free: Bytes free where models are kept.
        imagined: Whether this is a machine somebody thinks of.
    """

    ram: int | None = None
    ram_available: int | None = None
    cores: int | None = None
    usable_cores: int | None = None
    processor: str = ""
    architecture: str = ""
    features: tuple[str, ...] = ()
    gpus: tuple[Gpu, ...] = ()
    other_gpus: tuple[str, ...] = field(default=())
    disk_free: int | None = None
    imagined: bool = False

    @property
    def unified(self) -> bool:
        """Whether the graphics memory is the RAM."""
        return any(gpu.unified for gpu in self.gpus)


def imagine(*, vram: float, ram: float) -> Machine:
    """A desktop computer that one thinks of: `vram` and `ram` in GiB, as "8 GB" of memory is sold. 0 VRAM: no card."""
    gpus = (Gpu(f"a graphics card with {vram:g} GB", "", round(vram * GIB)),) if vram > 0 else ()
    return Machine(ram=round(ram * GIB), gpus=gpus, imagined=True)


class System:
    """Where the figures come from. A test puts files in a folder and answers in a dictionary instead."""

    def __init__(self, root: Path = Path("/"), platform_name: str = sys.platform) -> None:
        self.root = root
        self.platform = platform_name

    def run(self, *command: str) -> str:
        """What a command prints; nothing when it is not there, fails or takes longer than five seconds."""
        path = shutil.which(command[0])
        if path is None:
            return ""
        try:
            done = subprocess.run(
                [path, *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=_SECONDS,
                check=False,
                env={**os.environ, "LC_ALL": "C"},
            )
        except (OSError, subprocess.SubprocessError):
            return ""
        return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""

    def read(self, path: str) -> str:
        """The text of a small file under the root; nothing when it cannot be read."""
        try:
            with (self.root / path.lstrip("/")).open("rb") as file:
                return file.read(1 << 20).decode("utf-8", "replace")
        except OSError:
            return ""

    def paths(self, folder: str, pattern: str) -> list[Path]:
        """What matches in a folder under the root, sorted."""
        try:
            return sorted((self.root / folder.lstrip("/")).glob(pattern))
        except OSError:
            return []

    def memory(self) -> tuple[int, int] | None:
        """Bytes of RAM: (all, available)."""
        try:
            found = psutil.virtual_memory()
        except (OSError, RuntimeError):
            return None
        return int(found.total), int(found.available)

    def cores(self) -> tuple[int | None, int | None]:
        """(physical, usable by affinity)."""
        try:
            physical = psutil.cpu_count(logical=False)
        except (OSError, RuntimeError):
            physical = None
        if hasattr(os, "sched_getaffinity"):
            return physical, len(os.sched_getaffinity(0))
        return physical, os.cpu_count()

    def disk_free(self, folder: Path) -> int | None:
        """Bytes free where `folder` is, or is going to be."""
        for place in (folder, *folder.parents):
            try:
                return shutil.disk_usage(place).free
            except OSError:
                continue
        return None

    def windows_feature(self, number: int) -> bool:
        """What IsProcessorFeaturePresent says."""
        if sys.platform == "win32":
            import ctypes

            return bool(ctypes.windll.kernel32.IsProcessorFeaturePresent(number))
        return False

    def architecture(self) -> str:
        """The kind of processor, in one spelling."""
        name = platform.machine().lower()
        return {"amd64": "x86_64", "aarch64": "arm64"}.get(name, name)


def detect(models_folder: Path | None = None, system: System | None = None) -> Machine:
    """This machine. `models_folder` is where the free disk is asked for."""
    system = system or System()
    memory = system.memory()
    ram, available = memory if memory is not None else (None, None)
    limit = _cgroup_memory(system)
    if limit is not None and (ram is None or limit[0] < ram):
        ram = limit[0]
        available = limit[1] if available is None else min(available, limit[1])
    physical, usable = system.cores()
    share = _cgroup_cpus(system)
    if share is not None:
        usable = share if usable is None else min(usable, share)
    if physical is not None and usable is not None:
        usable = min(physical, usable)
    gpus, others = _gpus(system, ram)
    return Machine(
        ram=ram,
        ram_available=available,
        cores=physical,
        usable_cores=usable if usable is not None else physical,
        processor=_processor(system),
        architecture=system.architecture(),
        features=_features(system),
        gpus=tuple(gpus),
        other_gpus=tuple(others),
        disk_free=system.disk_free(models_folder) if models_folder is not None else None,
    )


# ---------------------------------------------------------------------------------------------- containers


def _cgroup_memory(system: System) -> tuple[int, int] | None:
    """(limit, what is left of it), version 2 then 1. "max" and the kernel's huge number mean no limit."""
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ):
        most = _integer(system.read(limit))
        if most is not None and 0 < most < 1 << 50:
            return most, max(0, most - (_integer(system.read(used)) or 0))
    return None


def _cgroup_cpus(system: System) -> int | None:
    words = system.read("/sys/fs/cgroup/cpu.max").split()
    if len(words) != 2:
        words = [
            system.read("/sys/fs/cgroup/cpu/cpu.cfs_quota_us").strip(),
            system.read("/sys/fs/cgroup/cpu/cpu.cfs_period_us").strip(),
        ]
    quota, period = _integer(words[0]), _integer(words[1])
    return max(1, math.ceil(quota / period)) if quota and period and quota > 0 and period > 0 else None


# ---------------------------------------------------------------------------------------------- processor


def _processor(system: System) -> str:
    if system.platform == "darwin":
        return system.run("sysctl", "-n", "machdep.cpu.brand_string").strip()
    found = re.search(r"^(?:model name|Model)[ \t]*:[ \t]*(.+)$", system.read("/proc/cpuinfo"), re.M)
    return found[1].strip() if found else platform.processor()


def _features(system: System) -> tuple[str, ...]:
    if system.platform == "darwin":
        raw = _darwin_features(system)
    elif system.platform == "win32":
        raw = {name for number, name in _WINDOWS.items() if system.windows_feature(number)}
    else:
        # Big and little cores may differ: what all of them have counts.
        pattern = re.compile(r"^(?:flags|Features)[ \t]*:[ \t]*(.*)$", re.M)
        cores = [set(line.split()) for line in pattern.findall(system.read("/proc/cpuinfo"))]
        raw = set.intersection(*cores) if cores else set()
    return tuple(dict.fromkeys(name for key, name in FEATURES.items() if key in raw))


def _darwin_features(system: System) -> set[str]:
    found: set[str] = set()
    keys = ("machdep.cpu.features", "machdep.cpu.leaf7_features", *_DARWIN_ARM)
    for key in keys:  # one by one: a key that this kind of Mac lacks makes sysctl fail
        value = system.run("sysctl", "-n", key).strip()
        if key in _DARWIN_ARM:
            found |= {_DARWIN_ARM[key]} if value == "1" else set()
        else:
            found |= {_DARWIN_INTEL[word] for word in value.upper().split() if word in _DARWIN_INTEL}
    return found


# ---------------------------------------------------------------------------------------------- graphics


def _gpus(system: System, ram: int | None) -> tuple[list[Gpu], list[str]]:
    if system.platform == "darwin":
        return _apple(system, ram)
    gpus, others = _nvidia(system)
    for more, unknown in (_amd(system), _intel(system)):
        gpus += more
        others += unknown
    return gpus, others


def _nvidia(system: System) -> tuple[list[Gpu], list[str]]:
    text = system.run("nvidia-smi", "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits")
    gpus: list[Gpu] = []
    others: list[str] = []
    for row in csv.reader(text.splitlines(), skipinitialspace=True):
        if len(row) != 3:
            continue
        total, free = _integer(row[1]), _integer(row[2])
        if total:  # "[N/A]" where the memory is shared with the processor
            gpus.append(Gpu(row[0], "nvidia", total * MIB, free * MIB if free is not None else None))
        else:
            others.append(row[0])
    return gpus, others


def _cards(system: System, vendor: str) -> list[Path]:
    """/sys/class/drm/cardN/device of one maker (connectors, such as card0-HDMI-A-1, left out)."""
    found = []
    for card in system.paths("/sys/class/drm", "card*"):
        if (
            re.fullmatch(r"card\d+", card.name)
            and system.read(_under(system, card / "device/vendor")).strip() == vendor
        ):
            found.append(card)
    return found


def _under(system: System, path: Path) -> str:
    return "/" + path.relative_to(system.root).as_posix()


def _amd(system: System) -> tuple[list[Gpu], list[str]]:
    gpus: list[Gpu] = []
    others: list[str] = []
    for card in _cards(system, _AMD):
        device = card / "device"
        name = system.read(_under(system, device / "product_name")).strip() or "AMD graphics"
        total = _integer(system.read(_under(system, device / "mem_info_vram_total")))
        used = _integer(system.read(_under(system, device / "mem_info_vram_used")))
        if total is None or total < _SHARED_BELOW:
            others.append(name)
        else:
            gpus.append(Gpu(name, "amd", total, max(0, total - used) if used is not None else None))
    return gpus, others


def _intel(system: System) -> tuple[list[Gpu], list[str]]:
    gpus: list[Gpu] = []
    others: list[str] = []
    for card in _cards(system, _INTEL):
        # i915 on a discrete card; xe. An integrated unit has neither file.
        for place in ("lmem_total_bytes", "device/tile0/physical_vram_size_bytes"):
            total = _integer(system.read(_under(system, card / place)))
            if total:
                gpus.append(Gpu("Intel Arc", "intel", total))
                break
        else:
            others.append("Intel graphics")
    return gpus, others


def _apple(system: System, ram: int | None) -> tuple[list[Gpu], list[str]]:
    chip = system.run("sysctl", "-n", "machdep.cpu.brand_string").strip()
    if not chip.startswith("Apple"):
        return [], []
    if ram is None:
        return [], [chip]
    # Metal's recommended working set: two thirds of the RAM up to 36 GB, three quarters above.
    share = 2 / 3 if ram <= 36 * GIB else 3 / 4
    return [Gpu(chip, "apple", int(ram * share), unified=True)], []


def _integer(text: str) -> int | None:
    """The whole number that a text starts with."""
    found = re.match(r"\s*(?:0x([0-9a-fA-F]{1,16})|(-?\d{1,20}))", text)
    if found is None:
        return None
    return int(found[1], 16) if found[1] else int(found[2])
