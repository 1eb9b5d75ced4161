"""The planner's arithmetic against what llama.cpp prints, and its plans against what the mission says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.models.catalogue import Catalogue, load_catalogue
from engine.models.hardware import GIB, MIB, Gpu, Machine, imagine
from engine.models.plan import Fit, Plan
from engine.models.planner import cache_bytes, plan
from engine.models.speed import gpu_bandwidth, ram_bandwidth, tokens_a_second
from engine.models.wording import gb, mb, pace, tokens

CATALOGUE = load_catalogue()
OWNERS = imagine(vram=8, ram=32)
"""The machine of the mission: 8 GB VRAM, 32 GB RAM."""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return CATALOGUE


def planned(name: str, quantization: str, machine: Machine = OWNERS, context: int | None = None) -> Plan:
    model = CATALOGUE.find(name)
    return plan(model.shape, model.weights(quantization), machine, context)


# ---------------------------------------------------------------------------------------------- memory


@pytest.mark.parametrize(
    ("name", "context", "mebibytes"),
    [
        ("llama-3.1-8b", 8192, 1024),  # 32 layers x 8192 tokens x 8 KV heads x 128 numbers x 2 x 2 bytes
        ("llama-3.3-70b", 8192, 2560),
        ("mistral-nemo-12b", 8192, 1280),
        ("qwen2.5-7b", 32_768, 1792),
        ("phi-3-mini", 4096, 1536),
    ],
)
def test_the_kv_cache_of_well_known_models(catalogue: Catalogue, name: str, context: int, mebibytes: int) -> None:
    assert cache_bytes(catalogue.find(name).shape, context) == mebibytes * MIB


def test_eight_bits_take_a_little_over_half(catalogue: Catalogue) -> None:
    shape = catalogue.find("llama-3.1-8b").shape
    assert cache_bytes(shape, 8192, "q8_0") / cache_bytes(shape, 8192) == pytest.approx(34 / 64)


def test_cells_come_in_steps_of_256(catalogue: Catalogue) -> None:
    shape = catalogue.find("llama-3.1-8b").shape
    assert cache_bytes(shape, 1) == cache_bytes(shape, 256) < cache_bytes(shape, 257) == cache_bytes(shape, 512)


def test_gemmas_windows_save_a_part(catalogue: Catalogue) -> None:
    shape = catalogue.find("gemma-2-9b").shape
    whole = replace(shape, kv=tuple(replace(layer, window=None) for layer in shape.kv if layer is not None))
    half = (4096 + 512) / 8192
    assert cache_bytes(shape, 8192) / cache_bytes(whole, 8192) == pytest.approx((1 + half) / 2)


@pytest.mark.parametrize("name", ["falcon-mamba-7b", "mamba-2.8b", "rwkv7-2.9b"])
def test_recurrent_models_do_not_grow(catalogue: Catalogue, name: str) -> None:
    shape = catalogue.find(name).shape
    assert cache_bytes(shape, 256) == cache_bytes(shape, 1 << 20) == shape.state_bytes < 50e6


# ---------------------------------------------------------------------------------------------- the set-ups


def test_pine_just_fits(catalogue: Catalogue) -> None:
    """松: "just fits 8 GB VRAM; context 8k-16k is comfortable; the overflow of a longer one goes to RAM"."""
    found = planned("mistral-nemo-12b", "Q4_K_M")
    assert found.comfortable == (8192, 16_384)
    assert found.context == 8192
    assert found.need.layers >= 39
    assert found.need.gpu > 0.9 * found.gpu_budget
    assert "just fits" in found.summary
    assert "8k-16k tokens comfortable" in found.summary
    assert "goes to RAM and slows it down" in " ".join(found.why)
    assert planned("mistral-nemo-12b", "Q4_K_M", context=2048).fit is Fit.GPU
    longer = planned("mistral-nemo-12b", "Q4_K_M", context=32_768)
    assert longer.fit is Fit.SPLIT
    assert longer.need.layers < found.need.layers
    assert longer.speed[0] < 0.5 * planned("mistral-nemo-12b", "Q4_K_M", context=2048).speed[0]


@pytest.mark.parametrize("quantization", ["Q5_K_M", "Q6_K"])
def test_bamboo_has_room_for_32k(catalogue: Catalogue, quantization: str) -> None:
    """竹: "room left for a 32k context"."""
    found = planned("qwen2.5-7b", quantization)
    assert found.fit is Fit.GPU
    assert found.context == 32_768
    assert found.comfortable == (32_768, 32_768)
    assert found.need.gpu <= found.gpu_budget <= 8 * GIB


def test_gemma_ends_at_8k(catalogue: Catalogue) -> None:
    found = planned("gemma-2-9b", "Q5_K_M")
    assert found.comfortable[1] == 8192
    assert "all it was trained for" in found.summary
    beyond = planned("gemma-2-9b", "Q5_K_M", context=32_768)
    assert "trained for 8k tokens" in " ".join(beyond.why)


@pytest.mark.parametrize("quantization", ["IQ2_XS", "IQ3_XXS"])
def test_plum_is_split_and_slow(catalogue: Catalogue, quantization: str) -> None:
    """梅: "as many layers as fit on the GPU, the rest in RAM; a few characters a second"."""
    found = planned("llama-3.3-70b", quantization)
    assert found.fit is Fit.SPLIT
    assert 15 <= found.need.layers <= 40
    assert "the rest in RAM" in found.summary
    assert "a few characters a second" in found.summary
    low, high = found.speed
    assert 0.3 < low < high < 6


def test_a_giant_that_is_too_large_says_what_is_missing(catalogue: Catalogue) -> None:
    found = planned("llama-3.3-70b", "Q4_K_M")
    assert found.fit is Fit.NO
    assert found.comfortable == (0, 0)
    assert "more than there are to give" in " ".join(found.why)
    assert "does not fit" in found.summary
    assert planned("llama-3.3-70b", "Q4_K_M", imagine(vram=8, ram=64)).fit is Fit.SPLIT
    assert planned("llama-3.3-70b", "Q4_K_M", imagine(vram=48, ram=16)).fit is Fit.GPU


# ---------------------------------------------------------------------------------------------- placement


def test_one_layer_more_would_not_fit(catalogue: Catalogue) -> None:
    found = planned("llama-3.3-70b", "IQ2_XS", context=8192)
    model = catalogue.find("llama-3.3-70b")
    layer = max(model.weights("IQ2_XS").layers) + cache_bytes(model.shape, 8192, "q8_0") // model.shape.layers
    assert found.gpu_budget - layer < found.need.gpu <= found.gpu_budget


def test_settings_are_what_llama_cpp_takes() -> None:
    whole = planned("qwen2.5-7b", "Q5_K_M")
    assert whole.settings["n_gpu_layers"] == 29, "28 layers and the output"
    assert whole.settings["n_ctx"] == 32_768
    assert whole.settings["type_k"] == whole.settings["type_v"] == "f16"
    split = planned("mistral-nemo-12b", "Q4_K_M")
    assert split.settings["n_gpu_layers"] == split.need.layers + 1
    assert split.settings["type_k"] == "q8_0"
    assert split.settings["flash_attn"] is True, "a cache of 8 bits needs it"
    assert planned("qwen2.5-7b", "Q5_K_M", imagine(vram=0, ram=16)).settings["n_gpu_layers"] == 0


def test_without_a_card_all_is_in_ram() -> None:
    found = planned("llama-3.1-8b", "Q4_K_M", imagine(vram=0, ram=16))
    assert (found.fit, found.need.gpu, found.need.layers) == (Fit.RAM, 0, 0)
    assert found.cache_type == "f16"
    assert "no GPU" in " ".join(found.why)
    assert planned("llama-3.1-8b", "Q4_K_M", imagine(vram=0, ram=8)).fit is Fit.NO


def test_ternary_formats_are_computed_on_the_processor() -> None:
    found = planned("falcon3-10b-1.58bit", "TQ2_0")
    assert (found.fit, found.settings["n_gpu_layers"]) == (Fit.RAM, 0)
    assert "ternary formats on the processor" in " ".join(found.why)


def test_unknown_ram_is_unknown() -> None:
    nothing = Machine()
    assert planned("llama-3.1-8b", "Q4_K_M", nothing).fit is Fit.UNKNOWN
    card = Machine(gpus=(Gpu("", "", 24 * GIB),))
    assert planned("llama-3.1-8b", "Q4_K_M", card).fit is Fit.GPU


def test_memory_that_others_use_does_not_count() -> None:
    busy = Machine(ram=32 * GIB, ram_available=4 * GIB, gpus=(Gpu("RTX 4060", "nvidia", 8 * GIB, 1 * GIB),))
    assert planned("llama-3.1-8b", "Q4_K_M", busy).fit is Fit.NO
    free = replace(busy, ram_available=20 * GIB, gpus=(Gpu("RTX 4060", "nvidia", 8 * GIB, 7 * GIB),))
    assert planned("llama-3.1-8b", "Q4_K_M", free, context=8192).fit is Fit.GPU


def test_two_cards_hold_more_than_one() -> None:
    two = Machine(ram=32 * GIB, gpus=(Gpu("", "", 8 * GIB), Gpu("", "", 8 * GIB)))
    assert planned("mistral-nemo-12b", "Q6_K", two, context=8192).fit is Fit.GPU
    assert planned("mistral-nemo-12b", "Q6_K", OWNERS, context=8192).fit is Fit.SPLIT


def test_unified_memory_is_counted_once() -> None:
    def mac(ram: int) -> Machine:
        return Machine(ram=ram * GIB, gpus=(Gpu("Apple M2", "apple", ram * GIB * 2 // 3, unified=True),))

    assert planned("llama-3.1-8b", "Q4_K_M", mac(16), context=8192).fit is Fit.GPU
    small = planned("llama-3.1-8b", "Q8_0", mac(8), context=8192)
    assert small.fit is Fit.NO, "what does not fit on the GPU has no second memory to go to"


def test_what_the_giant_needs_at_least() -> None:
    assert planned("llama-3.3-70b", "IQ2_XS", imagine(vram=0, ram=32)).fit is Fit.RAM
    assert planned("llama-3.3-70b", "IQ2_XS", imagine(vram=8, ram=12)).fit is Fit.NO


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([model.id for model in CATALOGUE.models]),
    st.floats(0, 96),
    st.floats(1, 256),
    st.one_of(st.none(), st.integers(1, 1 << 20)),
    st.integers(0, 3),
)
def test_any_machine_gets_a_plan_that_holds(
    name: str, vram: float, ram: float, context: int | None, which: int
) -> None:
    model = CATALOGUE.find(name)
    quantization = model.quantizations[which % len(model.quantizations)]
    machine = imagine(vram=vram, ram=ram)
    found = planned(name, quantization, machine, context)
    assert found.need.gpu <= found.gpu_budget <= vram * GIB
    assert 0 <= found.need.layers <= model.shape.layers
    assert 0 < found.speed[0] <= found.speed[1]
    assert found.comfortable[0] <= found.comfortable[1] <= model.shape.context
    if found.fit is not Fit.NO:
        assert found.ram_budget is not None
        assert found.need.ram <= found.ram_budget <= ram * GIB
    assert all(sentence.endswith(".") for sentence in found.why)
    assert found.summary
    # Twice the memory is never worse.
    double = planned(name, quantization, imagine(vram=2 * vram, ram=2 * ram), context or found.context)
    same = planned(name, quantization, machine, context or found.context)
    assert double.need.layers >= same.need.layers
    assert not (double.fit is Fit.NO and same.fit is not Fit.NO)


# ---------------------------------------------------------------------------------------------- speed


def test_a_known_card_is_taken_by_its_name() -> None:
    known = gpu_bandwidth(Gpu("NVIDIA GeForce RTX 4060", "nvidia", 8 * GIB))
    unknown = gpu_bandwidth(Gpu("", "", 8 * GIB))
    assert known[0] == pytest.approx(0.6 * 272e9)
    assert known[1] == pytest.approx(0.85 * 272e9)
    assert unknown[0] < known[0] < known[1] < unknown[1]
    assert gpu_bandwidth(Gpu("NVIDIA GeForce RTX 4060 Ti", "nvidia", 16 * GIB))[1] == pytest.approx(0.85 * 288e9)
    assert gpu_bandwidth(Gpu("NVIDIA H100 80GB HBM3", "nvidia", 80 * GIB))[1] == pytest.approx(0.85 * 3350e9)
    assert gpu_bandwidth(Gpu("NVIDIA H100 PCIe", "nvidia", 80 * GIB))[1] == pytest.approx(0.85 * 2000e9)


@pytest.mark.parametrize(
    ("name", "maker", "peak"),
    [
        ("NVIDIA RTX A1000", "nvidia", None),
        ("NVIDIA A100-SXM4-80GB", "nvidia", 2039),
        ("NVIDIA A100-PCIE-40GB", "nvidia", 1555),
        ("Quadro M4000", "nvidia", None),
        ("Tesla T4", "nvidia", 320),
        ("NVIDIA GeForce GTX 1080 Ti", "nvidia", 484),
        ("NVIDIA GeForce RTX 4070 Ti SUPER", "nvidia", 672),
        ("NVIDIA GeForce RTX 4070 Laptop GPU", "nvidia", 504),
        ("AMD Radeon RX 7900 XTX", "amd", 960),
        ("Apple M2 Pro", "apple", 200),
        ("Apple M4", "apple", 120),
        ("Apple M9", "apple", None),
    ],
)
def test_names_of_cards(name: str, maker: str, peak: float | None) -> None:
    low, high = gpu_bandwidth(Gpu(name, maker, 8 * GIB))
    if peak is None:
        assert (low, high) == gpu_bandwidth(Gpu("", "", 8 * GIB)), "as any card of its size"
    else:
        assert high == pytest.approx(0.85 * peak * 1e9)


def test_few_cores_do_not_get_at_all_of_the_bandwidth() -> None:
    assert ram_bandwidth(Machine(usable_cores=2)) < ram_bandwidth(Machine(usable_cores=16)) == ram_bandwidth(Machine())


def test_documented_speeds_lie_in_the_range() -> None:
    """llama.cpp's table of Llama 3.1 8B (tools/quantize/README.md): which card is not said, so an RTX 4080's bandwidth,
    which its F16 row asks for (29.2 tokens of 15 GiB are 469 GB/s: 64 % of 736)."""
    card = Machine(ram=64 * GIB, gpus=(Gpu("RTX 4080", "nvidia", 24 * GIB),))
    for quantization, measured in (("F16", 29.17), ("Q8_0", 50.93), ("Q6_K", 58.67), ("Q4_K_M", 71.93)):
        low, high = planned("llama-3.1-8b", quantization, card, context=2048).speed
        assert 0.75 * low < measured < 1.25 * high, quantization


def test_reading_less_is_faster() -> None:
    def speed(gpu: int, ram: int, *, code_book: bool = False) -> tuple[float, float]:
        return tokens_a_second(
            OWNERS, layers=32, gpu_weights=gpu, ram_weights=ram, gpu_cache=0, ram_cache=0, code_book=code_book
        )

    whole, half, book = speed(4 * GIB, 0), speed(2 * GIB, 2 * GIB), speed(2 * GIB, 2 * GIB, code_book=True)
    for index in (0, 1):
        assert book[index] < half[index] < whole[index]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (gb(7.47e9), "7.5 GB"),
        (gb(0.8e9), "800 MB"),
        (mb(9.2e6), "9.2 MB"),
        (tokens(8192), "8k"),
        (tokens(131_072), "128k"),
        (tokens(1000), "1,000"),
        (pace(0.68), "0.7"),
        (pace(48.6), "49"),
        (pace(512.0), "510"),
    ],
)
def test_figures_as_people_read_them(text: str, expected: str) -> None:
    assert text == expected
