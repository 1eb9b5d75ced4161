"""The lexical address: fixed for ever, and a sum of the words that two texts share."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from engine.bit_ttt import SlowWeights
from engine.bit_ttt.lexicon import (
    ADDRESS_TRITS,
    IDF_BUCKETS,
    TRITS_PER_WEIGHT,
    Lexicon,
    bucket,
    holds,
    word_code,
    word_ends,
    words,
)
from engine.bit_ttt.trits import match, pack
from engine.bit_ttt.unspaced import UNLISTED
from engine.cli.evaluation.episodes import load_episodes

DATA = Path(__file__).parents[2] / "data"
GOLDEN = "53408ba1eb087a4e"


@pytest.fixture
def lexicon() -> Lexicon:
    idf = np.full(IDF_BUCKETS, 10, dtype=np.uint8)
    idf[bucket("the")] = 0
    return Lexicon(idf)


def test_words_are_folded_stemmed_and_distinct() -> None:
    assert words("My sister\u2019s LOCKERS, my locker!") == ["my", "sister", "locker"]
    assert words("私の犬は「ポチ」") == ["私", "犬", "ポチ"]
    assert words("서울에서") == ["서울", "울에", "에서"]
    assert words("... !?") == []


def test_a_words_code_is_fixed_for_ever() -> None:
    # Golden values: a change would make every saved memory unreadable.
    places, signs = word_code("techo")
    assert len(places) == len(signs) == 32
    assert places[:6].tolist() == [347, 165, 569, 684, 672, 766]
    assert signs[:6].tolist() == [1, 1, -1, -1, -1, -1]


def test_words_of_no_weight_leave_no_trace(lexicon: Lexicon) -> None:
    assert not lexicon.address("the The THE").any()
    assert not lexicon.address("").any()


def test_a_match_adds_up_the_words_in_common_whatever_else_was_said(lexicon: Lexicon) -> None:
    rng = np.random.default_rng(0)
    filler = " ".join(f"word{n}" for n in rng.integers(0, 10**6, 12))
    telling = pack(lexicon.address(f"zalika plays the bassoon {filler}")[None])
    both, one, none = (
        int(match(telling, pack(lexicon.address(text)))[0]) for text in ("zalika bassoon", "zalika oboe", "hedda oboe")
    )
    word = TRITS_PER_WEIGHT * 10
    assert abs(both - 2 * word) < word / 2
    assert abs(one - word) < word / 2
    assert abs(none) < word / 2


def test_an_address_has_the_shape_of_the_fast_weights(lexicon: Lexicon) -> None:
    address = lexicon.address("a few words")
    assert address.shape == (ADDRESS_TRITS,)
    assert address.dtype == np.int8


def test_a_word_is_found_in_the_turns_that_say_it(lexicon: Lexicon) -> None:
    rng = np.random.default_rng(1)
    said = [[f"word{n}" for n in rng.integers(0, 10**6, 12)] for _ in range(60)]
    addresses = pack(np.stack([lexicon.address(" ".join(turn)) for turn in said]))
    found = np.array([holds(addresses, lexicon.code(turn[0])) for turn in said])
    assert found.diagonal().all()
    assert found.sum() - 60 <= 0.01 * 60 * 59  # a Bloom filter may rarely see a word that is not there
    assert not holds(addresses, lexicon.code("the")).any()


def test_english_has_the_addresses_that_it_always_had() -> None:
    """Golden, from before there were grams: what English-speaking people were told with must stay what it was."""
    lexicon = Lexicon((np.arange(IDF_BUCKETS) % 16).astype(np.uint8))
    digest = hashlib.blake2b(digest_size=8)
    for name in ("control", "small", "templated-100"):
        for episode in load_episodes(DATA / f"{name}.jsonl"):
            for text in [*episode.tellings(), *(question.q for question in episode.questions)]:
                digest.update(lexicon.address(text).tobytes())
    assert digest.hexdigest() == GOLDEN


def test_grams_weigh_by_their_table(slow: SlowWeights) -> None:
    weight = slow.lexicon.weight
    assert weight("です") <= 2 < weight("名前") < weight("額縁") == UNLISTED
    assert weight("どこ") < weight("病院"), "what asks says little"
    assert Lexicon(slow.lexicon.idf).weight("です") == UNLISTED, "without a table all weigh the same"
    assert weight("techo") == slow.lexicon.idf[bucket("techo")]


def test_a_japanese_turn_is_found_by_the_grams_that_it_shares(slow: SlowWeights) -> None:
    told = ["健康診断は６月１４日の朝９時からです。", "うちのインコはピースケっていうんだ。", "家賃が上がるらしい。"]
    addresses = pack(np.stack([slow.lexicon.address(text) for text in told]))
    for place, question in enumerate(("健康診断っていつだっけ？", "ｲﾝｺの名前は？", "家賃はいくらになる？")):
        matches = match(addresses, pack(slow.lexicon.address(question)))
        assert int(np.argmax(matches)) == place
        assert np.sort(matches)[1] < matches[place] / 3


def test_words_end_in_the_tokens_that_spell_them() -> None:
    pieces = [b" My", b" s", b"ist", b"er", b"'s", b" caf\xc3", b"\xa9", b",", b" my", b" s", b"ister", b"?"]
    assert word_ends(pieces) == {"my": 8, "sister": 10, "caf\u00e9": 6}
    assert word_ends([b"\xff", b" ?"]) == {}
    assert word_ends([]) == {}


def test_another_idf_table_is_refused() -> None:
    with pytest.raises(ValueError, match="idf table"):
        Lexicon(np.zeros(7, dtype=np.uint8))
