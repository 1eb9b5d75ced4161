"""What is detected, from the files and answers of many machines; and that nothing makes it fail."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.models.hardware import GIB, MIB, Gpu, Machine, System, detect, imagine

SMI = ("nvidia-smi", "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits")


class Made(System):
    """A machine made of a folder and a dictionary of answers."""

    def __init__(self, root: Path, platform: str = "linux", **given_: object) -> None:
        super().__init__(root, platform)
        self.answers: dict[tuple[str, ...], str] = {}
        self.ram: tuple[int, int] | None = (32 * GIB, 20 * GIB)
        self.counted: tuple[int | None, int | None] = (8, 16)
        self.features: set[int] = set()

    def run(self, *command: str) -> str:
        return self.answers.get(command, "")

    def memory(self) -> tuple[int, int] | None:
        return self.ram

    def cores(self) -> tuple[int | None, int | None]:
        return self.counted

    def windows_feature(self, number: int) -> bool:
        return number in self.features

    def put(self, path: str, text: str) -> None:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


def test_this_machine_has_something() -> None:
    found = detect(Path.cwd())
    assert found.ram is not None
    assert found.ram > 256 * MIB
    assert found.ram_available is not None
    assert 0 < found.ram_available <= found.ram
    assert found.usable_cores is not None
    assert found.usable_cores >= 1
    assert found.disk_free is not None
    assert found.architecture
    assert not found.imagined
    if sys.platform == "linux" and found.architecture == "x86_64":
        flags = Path("/proc/cpuinfo").read_text()
        assert ("AVX2" in found.features) == (" avx2 " in flags)


def test_an_empty_machine_is_unknown_and_no_error(made: Made) -> None:
    made.ram, made.counted = None, (None, None)
    found = detect(None, made)
    assert (found.ram, found.ram_available, found.cores, found.usable_cores) == (None, None, None, None)
    assert (found.features, found.gpus, found.other_gpus, found.disk_free) == ((), (), (), None)


def test_free_disk_is_asked_where_the_folder_will_be(tmp_path: Path) -> None:
    assert detect(tmp_path / "not" / "yet" / "there").disk_free == pytest.approx(System().disk_free(tmp_path), rel=0.2)


# ---------------------------------------------------------------------------------------------- containers


@pytest.mark.parametrize(
    ("limit", "used", "ram", "available"),
    [
        (str(8 * GIB), str(GIB), 8 * GIB, 7 * GIB),
        ("max", str(GIB), 32 * GIB, 20 * GIB),
        (str(64 * GIB), "0", 32 * GIB, 20 * GIB),
        ("", "", 32 * GIB, 20 * GIB),
        (str(8 * GIB), "", 8 * GIB, 8 * GIB),
        ("nonsense", "nonsense", 32 * GIB, 20 * GIB),
    ],
)
def test_memory_of_a_container(made: Made, limit: str, used: str, ram: int, available: int) -> None:
    made.put("/sys/fs/cgroup/memory.max", limit)
    made.put("/sys/fs/cgroup/memory.current", used)
    found = detect(None, made)
    assert (found.ram, found.ram_available) == (ram, available)


def test_memory_of_an_old_container(made: Made) -> None:
    made.put("/sys/fs/cgroup/memory/memory.limit_in_bytes", str(4 * GIB))
    assert detect(None, made).ram == 4 * GIB
    made.put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712")
    assert detect(None, made).ram == 32 * GIB


@pytest.mark.parametrize(
    ("quota", "usable"),
    [("200000 100000", 2), ("150000 100000", 2), ("50000 100000", 1), ("max 100000", 8), ("", 8), ("0 0", 8)],
)
def test_cores_of_a_container(made: Made, quota: str, usable: int) -> None:
    made.put("/sys/fs/cgroup/cpu.max", quota)
    assert detect(None, made).usable_cores == usable


def test_threads_of_one_core_do_not_count_twice(made: Made) -> None:
    found = detect(None, made)
    assert (found.cores, found.usable_cores) == (8, 8)


# ---------------------------------------------------------------------------------------------- processors


def test_features_of_an_intel_or_amd(made: Made) -> None:
    made.put(
        "/proc/cpuinfo", "processor : 0\nmodel name\t: Some CPU @ 3 GHz\nflags\t\t: fpu avx avx2 amx_tile avx512f\n"
    )
    found = detect(None, made)
    assert found.features == ("AVX", "AVX2", "AVX-512", "AMX")
    assert found.processor == "Some CPU @ 3 GHz"


def test_features_that_only_the_big_cores_have_do_not_count(made: Made) -> None:
    made.put("/proc/cpuinfo", "Features : fp asimd asimddp sve\n\nFeatures : fp asimd asimddp\n")
    assert detect(None, made).features == ("NEON", "DotProd")


def test_features_of_macs(tmp_path: Path) -> None:
    arm = Made(tmp_path, "darwin")
    arm.answers = {("sysctl", "-n", "hw.optional.AdvSIMD"): "1\n", ("sysctl", "-n", "hw.optional.arm.FEAT_I8MM"): "0\n"}
    assert detect(None, arm).features == ("NEON",)
    intel = Made(tmp_path, "darwin")
    intel.answers = {
        ("sysctl", "-n", "machdep.cpu.features"): "FPU SSE4.2 AVX1.0 FMA",
        ("sysctl", "-n", "machdep.cpu.leaf7_features"): "AVX2 BMI2",
    }
    assert detect(None, intel).features == ("SSE4.2", "AVX", "AVX2", "FMA", "BMI2")


def test_features_of_windows(tmp_path: Path) -> None:
    made = Made(tmp_path, "win32")
    made.features = {38, 39, 40}
    assert detect(None, made).features == ("SSE4.2", "AVX", "AVX2")


# ---------------------------------------------------------------------------------------------- graphics


def test_nvidia(made: Made) -> None:
    made.answers[SMI] = "NVIDIA GeForce RTX 4060, 8188, 7400\nNVIDIA RTX A2000, 6138, [N/A]\n"
    assert detect(None, made).gpus == (
        Gpu("NVIDIA GeForce RTX 4060", "nvidia", 8188 * MIB, 7400 * MIB),
        Gpu("NVIDIA RTX A2000", "nvidia", 6138 * MIB, None),
    )


def test_nvidia_whose_memory_is_the_processors(made: Made) -> None:
    made.answers[SMI] = "NVIDIA GB10, [N/A], [N/A]\n"
    found = detect(None, made)
    assert (found.gpus, found.other_gpus) == ((), ("NVIDIA GB10",))


@pytest.mark.parametrize(
    "text", ["", "No devices were found\n", "a,b\n", '"unclosed', "\0\0", "NVIDIA-SMI has failed because ...\n", ",,\n"]
)
def test_nvidia_smi_that_talks_nonsense(made: Made, text: str) -> None:
    made.answers[SMI] = text
    assert detect(None, made).gpus == ()


def amd(made: Made, card: str, total: int, used: int | None, name: str = "") -> None:
    base = f"/sys/class/drm/{card}/device"
    made.put(f"{base}/vendor", "0x1002\n")
    made.put(f"{base}/mem_info_vram_total", f"{total}\n")
    if used is not None:
        made.put(f"{base}/mem_info_vram_used", f"{used}\n")
    if name:
        made.put(f"{base}/product_name", f"{name}\n")


def test_amd(made: Made) -> None:
    amd(made, "card1", 8 * GIB, GIB, "Radeon RX 7600")
    amd(made, "card2", 16 * GIB, None)
    amd(made, "card0", 512 * MIB, 0, "Radeon 780M")
    made.put("/sys/class/drm/card1-HDMI-A-1/device/vendor", "0x1002")
    found = detect(None, made)
    assert found.gpus == (
        Gpu("Radeon RX 7600", "amd", 8 * GIB, 7 * GIB),
        Gpu("AMD graphics", "amd", 16 * GIB, None),
    )
    assert found.other_gpus == ("Radeon 780M",), "it borrows RAM"


def test_intel(made: Made) -> None:
    made.put("/sys/class/drm/card0/device/vendor", "0x8086")
    made.put("/sys/class/drm/card1/device/vendor", "0x8086")
    made.put("/sys/class/drm/card1/lmem_total_bytes", str(16 * GIB))
    made.put("/sys/class/drm/card2/device/vendor", "0x8086")
    made.put("/sys/class/drm/card2/device/tile0/physical_vram_size_bytes", hex(12 * GIB))
    found = detect(None, made)
    assert [gpu.memory for gpu in found.gpus] == [16 * GIB, 12 * GIB]
    assert found.other_gpus == ("Intel graphics",)


@pytest.mark.parametrize(("ram", "share"), [(16, 2 / 3), (64, 3 / 4)])
def test_apple(tmp_path: Path, ram: int, share: float) -> None:
    made = Made(tmp_path, "darwin")
    made.ram = (ram * GIB, 8 * GIB)
    made.answers[("sysctl", "-n", "machdep.cpu.brand_string")] = "Apple M2 Pro\n"
    found = detect(None, made)
    assert found.gpus == (Gpu("Apple M2 Pro", "apple", int(ram * GIB * share), unified=True),)
    assert found.unified


def test_an_intel_mac_has_none_that_helps(tmp_path: Path) -> None:
    made = Made(tmp_path, "darwin")
    made.answers[("sysctl", "-n", "machdep.cpu.brand_string")] = "Intel(R) Core(TM) i7"
    assert detect(None, made).gpus == ()


# ---------------------------------------------------------------------------------------------- never fails


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_nonsense_in_every_file(tmp_path: Path, noise: bytes) -> None:
    made = Made(tmp_path)
    amd(made, "card0", 1, 1)
    device = "sys/class/drm/card0/device"
    groups = "sys/fs/cgroup"
    for path in (
        *("proc/cpuinfo", f"{device}/mem_info_vram_total", f"{device}/mem_info_vram_used"),
        *(f"{groups}/memory.max", f"{groups}/memory.current", f"{groups}/cpu.max"),
    ):
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(noise)
    made.answers[SMI] = noise.decode("utf-8", "replace")
    assert isinstance(detect(None, made), Machine)


@pytest.mark.skipif(os.name != "posix", reason="the tools are shell scripts")
@pytest.mark.parametrize(
    "script",
    [
        "#!/bin/sh\nexit 9\n",
        "#!/bin/sh\nkill -9 $$\n",
        "#!/nowhere\n",
        "not a program",
        "#!/bin/sh\nprintf '\\377\\376'\n",
    ],
)
def test_a_broken_nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text(script)
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert System().run("nvidia-smi") in ("", "\ufffd\ufffd")
    assert detect().gpus == ()


@pytest.mark.skipif(os.name != "posix", reason="the tools are shell scripts")
def test_a_tool_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\nexec sleep 60\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("engine.models.hardware._SECONDS", 0.2)
    assert System().run("nvidia-smi") == ""


def test_an_imagined_machine() -> None:
    found = imagine(vram=8, ram=32)
    assert (found.ram, [gpu.memory for gpu in found.gpus], found.imagined) == (32 * GIB, [8 * GIB], True)
    assert imagine(vram=0, ram=16).gpus == ()
