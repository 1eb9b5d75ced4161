"""Sizes by quantization: against llama.cpp's documentation, published files, and the bundled file."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.models.catalogue import Catalogue, load_catalogue
from engine.models.header import read_header
from engine.models.weights import BASE, Blueprint, Matrix, ideal_ternary, size_in


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


BITS_OF_8B = {
    "IQ2_XXS": 2.3824, "IQ2_XS": 2.5882, "IQ2_S": 2.7403, "IQ2_M": 2.9294, "IQ3_XXS": 3.2548, "IQ3_XS": 3.4977,
    "IQ3_S": 3.6606, "IQ3_M": 3.7628, "Q2_K_S": 2.9697, "Q2_K": 3.1593, "Q3_K_S": 3.6429, "Q3_K_L": 4.2979,
    "Q4_K_S": 4.6672, "Q4_K_M": 4.8944, "Q5_K_S": 5.5704, "Q5_K_M": 5.7036, "Q6_K": 6.5633, "Q8_0": 8.5008,
    "F16": 16.0005,
}  # fmt: skip
"""Bits a weight of Llama 3.1 8B: the table in llama.cpp's tools/quantize/README.md. (Its rows of IQ4_XS and IQ4_NL were
made without an importance matrix, which published files are not.)"""

SIZES_OF_70B = {
    "IQ2_XS": 21.14, "IQ2_M": 24.12, "IQ3_XXS": 27.47, "IQ3_M": 31.94, "Q3_K_S": 30.91, "Q3_K_M": 34.27,
    "Q3_K_L": 37.14, "IQ4_XS": 37.90, "Q4_K_S": 40.35, "Q4_K_M": 42.52, "Q5_K_M": 49.95, "Q6_K": 57.89, "Q8_0": 74.98,
}  # fmt: skip
"""Sizes in GB of published files of Llama 3.1 and 3.3 70B, which are alike."""


@pytest.mark.parametrize("quantization", BITS_OF_8B)
def test_bits_of_8b_are_those_that_llama_cpp_documents(catalogue: Catalogue, quantization: str) -> None:
    found = catalogue.find("llama-3.1-8b").weights(quantization)
    assert found.bits == pytest.approx(BITS_OF_8B[quantization], abs=1e-4)


@pytest.mark.parametrize("quantization", ["IQ4_XS", "IQ4_NL"])
def test_the_rest_of_that_table_within_a_hundredth(catalogue: Catalogue, quantization: str) -> None:
    documented = {"IQ4_XS": 4.4597, "IQ4_NL": 4.6818}[quantization]
    assert catalogue.find("llama-3.1-8b").weights(quantization).bits == pytest.approx(documented, rel=0.01)


@pytest.mark.parametrize("quantization", SIZES_OF_70B)
def test_sizes_of_70b_are_those_of_published_files(catalogue: Catalogue, quantization: str) -> None:
    found = catalogue.find("llama-3.3-70b").weights(quantization).file / 1e9
    assert found == pytest.approx(SIZES_OF_70B[quantization], abs=0.015)


def test_the_bundled_file_to_the_byte(catalogue: Catalogue, model_path: Path) -> None:
    computed = catalogue.find("smollm2-135m").weights("Q4_1")
    real = read_header(model_path).weights()
    assert computed.parameters == real.parameters
    assert (computed.embedding, computed.layers, computed.output) == (real.embedding, real.layers, real.output)
    assert computed.shared == real.shared == real.embedding
    assert computed.file == real.file == model_path.stat().st_size, "the catalogue knows the size of this file"
    estimated = size_in(catalogue.find("smollm2-135m").blueprint, "Q4_1")
    assert estimated.file == pytest.approx(real.file, rel=0.01), "without that, the header is estimated"


def test_the_table_of_the_mission(catalogue: Catalogue) -> None:
    """Mission.md: 70B: FP16 140 GB, INT4 40 GB, 1.58-bit 14-16 GB; 8B: 16 / 5 / 2-3 GB."""
    eight, seventy = catalogue.find("llama-3.1-8b"), catalogue.find("llama-3.3-70b")

    def gigabytes(size: float) -> float:
        return size / 1e9

    assert gigabytes(eight.weights("F16").file) == pytest.approx(16, rel=0.02)
    assert gigabytes(seventy.weights("F16").file) == pytest.approx(140, rel=0.02)
    assert round(gigabytes(eight.weights("Q4_0").file)) == 5
    assert round(gigabytes(seventy.weights("Q4_0").file)) == 40
    # 1.58 bits: from the information alone up to what a file packs them into, embeddings and output included.
    assert round(gigabytes(ideal_ternary(seventy.blueprint.parameters))) == 14
    assert round(gigabytes(seventy.weights("TQ1_0").file)) == 16
    assert round(gigabytes(ideal_ternary(eight.blueprint.parameters))) == 2
    assert 2 <= gigabytes(eight.weights("TQ1_0").file) <= gigabytes(eight.weights("TQ2_0").file) <= 3


def test_the_set_ups_have_the_sizes_of_the_mission(catalogue: Catalogue) -> None:
    """About 7.5 GB; 4.5-6 GB; 20-25 GB (of the smaller one of the two quantizations that are named)."""
    pine, bamboo, plum = catalogue.setups
    sizes = [
        [model.weights(quantization).file / 1e9 for model, quantization in setup.choices]
        for setup in (pine, bamboo, plum)
    ]
    assert sizes[0][0] == pytest.approx(7.5, abs=0.05)
    assert 4.5 <= sizes[1][0] <= 6
    assert 20 <= sizes[2][0] <= 25


@pytest.mark.parametrize("quantization", BASE)
def test_better_quantizations_are_larger(catalogue: Catalogue, quantization: str) -> None:
    smaller = catalogue.find("llama-3.1-8b").weights("TQ1_0").file
    assert smaller <= catalogue.find("llama-3.1-8b").weights(quantization).file <= 16.1e9


def test_rows_that_are_not_whole_blocks_fall_back() -> None:
    layer = (Matrix("q", 96, 96), Matrix("down", 40, 96), Matrix("plain", 96, 1))
    blueprint = Blueprint(Matrix("embedding", 96, 10), Matrix("output", 96, 10), 1, layer)
    # 96 = 3 blocks of 32 (Q4_K -> Q5_0); 40 fits no block at all (-> F16); the norm stays in 32 bits.
    assert size_in(blueprint, "Q4_K_S").layers == (96 * 3 * 22 + 40 * 96 * 2 + 96 * 4,)
    assert size_in(blueprint, "TQ1_0").embedding == 10 * 3 * 22, "asked for Q4_K"


def test_an_unknown_quantization(catalogue: Catalogue) -> None:
    with pytest.raises(KeyError):
        catalogue.find("llama-3.1-8b").weights("Q9_X")
