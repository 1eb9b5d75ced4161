"""Nothing is compiled in that the processor does not have, whatever it has."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher import cpu

HASWELL = frozenset({"fpu", "sse", "sse2", "ssse3", "sse4_1", "sse4_2", "avx", "f16c", "fma", "avx2", "bmi1", "bmi2"})
FEATURES = st.frozensets(
    st.sampled_from(sorted(HASWELL | {"avx512f", "avx_vnni", "asimd", "asimddp", "asimdhp", "fphp"}))
)


def switched(flags: str) -> dict[str, str]:
    """The -D options as a dictionary."""
    return dict(re.findall(r"-D([A-Za-z0-9_.]+)=(\S+)", flags))


def test_a_modern_x86_gets_everything_up_to_avx2_and_nothing_beyond() -> None:
    flags = switched(cpu.flags_for(HASWELL | {"avx512f", "avx512bw", "avx_vnni"}, "x86_64"))
    assert flags["GGML_NATIVE"] == "OFF"
    assert {name for name, value in flags.items() if value == "ON"} == {
        "GGML_SSE42",
        "GGML_AVX",
        "GGML_F16C",
        "GGML_FMA",
        "GGML_AVX2",
        "GGML_BMI2",
    }


@pytest.mark.parametrize(
    ("lacking", "options"),
    [
        ("avx2", {"GGML_AVX2"}),
        ("bmi2", {"GGML_BMI2"}),
        ("fma", {"GGML_FMA"}),
        ("f16c", {"GGML_F16C"}),
        # The compiler switches AVX on along with each of these, so none may stand without it.
        ("avx", {"GGML_AVX", "GGML_AVX2", "GGML_FMA", "GGML_F16C"}),
        ("sse4_2", {"GGML_SSE42", "GGML_AVX"}),
    ],
)
def test_what_is_missing_is_switched_off_by_name(lacking: str, options: set[str]) -> None:
    """ggml takes all of them for granted on x86, so silence would mean ON."""
    flags = switched(cpu.flags_for(HASWELL - {lacking}, "x86_64"))
    assert {name for name, value in flags.items() if value == "OFF" and name in dict.fromkeys(_options())} == options


def _options() -> list[str]:
    return [option for option, _, _ in cpu.X86_OPTIONS]


@given(features=FEATURES, machine=st.sampled_from(["x86_64", "amd64", "i686"]))
def test_no_x86_option_is_on_without_its_feature_and_none_is_left_to_ggml(
    features: frozenset[str], machine: str
) -> None:
    flags = switched(cpu.flags_for(features, machine))
    for option, feature, _ in cpu.X86_OPTIONS:
        assert flags[option] in {"ON", "OFF"}
        assert flags[option] == "OFF" or feature in features
    assert "GGML_CPU_ARM_ARCH" not in flags


@given(features=FEATURES, machine=st.sampled_from(["x86_64", "aarch64", "arm64", "armv7l", "riscv64"]))
def test_the_baseline_is_never_more_than_any_processor_has(features: frozenset[str], machine: str) -> None:
    baseline = switched(cpu.flags_for(frozenset(), machine))
    assert "ON" not in baseline.values()
    assert baseline["GGML_NATIVE"] == switched(cpu.flags_for(features, machine))["GGML_NATIVE"] == "OFF"
    if machine in {"aarch64", "arm64"}:
        assert baseline["GGML_CPU_ARM_ARCH"] == "armv8-a"


@pytest.mark.parametrize(
    ("features", "arch"),
    [
        ("fp asimd crc32", "armv8-a"),  # Raspberry Pi 4
        ("fp asimd asimddp crc32", "armv8.2-a+dotprod"),
        ("fp asimd asimddp asimdhp fphp", "armv8.2-a+dotprod+fp16"),  # Raspberry Pi 5, Apple M1
        ("fp asimd asimdhp fphp", "armv8-a"),
    ],
)
def test_arm(features: str, arch: str) -> None:
    flags = switched(cpu.flags_for(frozenset(features.split()), "aarch64"))
    assert flags["GGML_CPU_ARM_ARCH"] == arch
    assert not any(option in flags for option in _options())


def test_cpuinfo_of_unlike_cores_is_what_all_of_them_have() -> None:
    text = "processor\t: 0\nFeatures\t: fp asimd asimddp\n\nprocessor\t: 1\nFeatures\t: fp asimd\n"
    assert cpu.parse_cpuinfo(text) == {"fp", "asimd"}


def test_cpuinfo_without_features_means_the_baseline() -> None:
    assert cpu.parse_cpuinfo("processor : 0\nhart : 1\nisa : rv64imafdc\n") == frozenset()


def test_this_machine_is_read() -> None:
    """Every x86-64 has sse2, every 64-bit ARM asimd."""
    features = cpu.detect_features()
    if cpu.is_x86(cpu.machine()):
        assert "sse2" in features
    elif cpu.is_arm64(cpu.machine()):
        assert features


def test_sysctl_of_an_intel_mac() -> None:
    text = (
        "machdep.cpu.features: FPU VME SSE3 SSE4.1 SSE4.2 FMA AVX1.0 F16C\n"
        "machdep.cpu.leaf7_features: RDWRFSGS BMI1 AVX2 BMI2\n"
    )
    assert cpu.parse_sysctl(text) == {"sse4_2", "fma", "avx", "f16c", "avx2", "bmi2"}


def test_sysctl_of_an_apple_silicon_mac() -> None:
    text = "hw.optional.arm.FEAT_DotProd: 1\nhw.optional.arm.FEAT_FP16: 0\n"
    assert cpu.parse_sysctl(text) == {"asimddp"}
