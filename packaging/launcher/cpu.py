"""Which instructions llama.cpp may be compiled for.

`GGML_NATIVE=OFF` keeps the compiler from tuning for one machine, but ggml then takes AVX2, FMA, F16C and BMI2 for
granted on x86. So every instruction set is named, on or off, by what this processor has, and nothing beyond AVX2 is
used: a wheel compiled here runs on any processor with the same handful of features, and the cache is keyed by them.
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

COMMON: Final = ("-DGGML_NATIVE=OFF", "-DLLAVA_BUILD=OFF", "-DLLAMA_OPENSSL=OFF")
"""Always: portable; without the image reader; without a library for a network that is never used."""

X86_OPTIONS: Final = (
    # ggml's option, the feature as Linux names it, and what the compiler switches on along with it
    ("GGML_SSE42", "sse4_2", ()),
    ("GGML_AVX", "avx", ("sse4_2",)),
    ("GGML_F16C", "f16c", ("avx",)),
    ("GGML_FMA", "fma", ("avx",)),
    ("GGML_AVX2", "avx2", ("avx",)),
    ("GGML_BMI2", "bmi2", ()),
)

_DARWIN_NAMES: Final = {
    "SSE4.2": "sse4_2",
    "AVX1.0": "avx",
    "F16C": "f16c",
    "FMA": "fma",
    "AVX2": "avx2",
    "BMI2": "bmi2",
}
_DARWIN_ARM: Final = {"hw.optional.arm.FEAT_DotProd": ("asimddp",), "hw.optional.arm.FEAT_FP16": ("asimdhp", "fphp")}


def is_x86(machine: str) -> bool:
    """Whether `machine` (as `uname -m` says it) is an Intel or AMD processor."""
    return machine.lower() in {"x86_64", "amd64", "i386", "i486", "i586", "i686"}


def is_arm64(machine: str) -> bool:
    """Whether `machine` is a 64-bit ARM processor."""
    return machine.lower() in {"aarch64", "arm64"}


def flags_for(features: frozenset[str], machine: str) -> str:
    """CMAKE_ARGS for a processor of type `machine` that has `features` (named as /proc/cpuinfo names them).

    With no features the result is the baseline of the architecture, which runs on every processor of it.
    """
    chosen = list(COMMON)
    if is_x86(machine):
        for option, feature, needs in X86_OPTIONS:
            on = feature in features and all(need in features for need in needs)
            chosen.append(f"-D{option}={'ON' if on else 'OFF'}")
    elif is_arm64(machine):
        arch = "armv8-a"
        if "asimddp" in features:
            arch = "armv8.2-a+dotprod"
            if {"asimdhp", "fphp"} <= features:
                arch += "+fp16"
        chosen.append(f"-DGGML_CPU_ARM_ARCH={arch}")
    return " ".join(chosen)


def parse_cpuinfo(text: str) -> frozenset[str]:
    """The features that *every* core of /proc/cpuinfo has (big and little cores may differ)."""
    cores = [frozenset(line.split()) for line in re.findall(r"^(?:flags|Features)[ \t]*:[ \t]*(.*)$", text, re.M)]
    return frozenset.intersection(*cores) if cores else frozenset()


def parse_sysctl(text: str) -> frozenset[str]:
    """The features in the output of macOS's `sysctl`, under their Linux names."""
    found: set[str] = set()
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key in _DARWIN_ARM and value.strip() == "1":
            found.update(_DARWIN_ARM[key])
        elif key in {"machdep.cpu.features", "machdep.cpu.leaf7_features"}:
            found.update(_DARWIN_NAMES[word] for word in value.upper().split() if word in _DARWIN_NAMES)
    return frozenset(found)


def detect_features() -> frozenset[str]:
    """What this processor has; empty when nobody says, which means the baseline."""
    try:
        if sys.platform == "darwin":
            keys = ["machdep.cpu.features", "machdep.cpu.leaf7_features", *_DARWIN_ARM]
            # Keys that this kind of Mac does not have are complained about on stderr; the others are printed.
            run = subprocess.run(["sysctl", *keys], capture_output=True, text=True, check=False, timeout=10)
            return parse_sysctl(run.stdout)
        return parse_cpuinfo(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
    except (OSError, subprocess.TimeoutExpired):
        return frozenset()


def machine() -> str:
    """The processor type of the running Python (a 32-bit Python on a 64-bit kernel compiles for 32 bits)."""
    name = platform.machine()
    if sys.maxsize <= 2**32:
        return {"x86_64": "i686", "amd64": "i686", "aarch64": "armv7l"}.get(name.lower(), name)
    return name
