"""`techo bench ternary`: what of it is arithmetic, and its way from a file to F16."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from engine.backbone import Backbone
from engine.cli import main
from engine.cli.benchmark.ternary.contenders import Contender
from engine.cli.benchmark.ternary.corpora import FILES, Corpora, arithmetic, final_number, solution, spread
from engine.cli.benchmark.ternary.floats import write_f16
from engine.cli.benchmark.ternary.jobs import run_job
from engine.cli.benchmark.ternary.operations import (
    PICOJOULES,
    PRODUCTS,
    Dimensions,
    count_operations,
    operations_of,
    picojoules,
    product,
)
from engine.cli.benchmark.ternary.rapl import Rapl
from engine.cli.benchmark.ternary.report import ternary_text
from engine.cli.benchmark.ternary.run import _middle
from engine.cli.benchmark.ternary.talk import degenerate, looping_unit, page, repeated_share, summarise_replies, words
from engine.cli.benchmark.ternary.worker import cut, likeliest
from engine.errors import BackboneError
from engine.models.formats import BY_NAME
from engine.models.gguf import Tensor, read_container

# ------------------------------------------------------------------------------------------ loops


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("a luxury, luxury, luxury, luxury, luxury flat", "luxury ,"),
        ("No no no no.", "no"),
        ("Look: " + 40 * "\N{SPARKLES}", 8 * "\N{SPARKLES}"),
        ("I am sure. I am sure. I am sure. I am sure.", "i am sure ."),
        ("It's on the hill by the sea, " * 4, "it's on the hill by the sea ,"),
    ],
)
def test_the_same_words_four_times_in_a_row_are_a_loop(text: str, unit: str) -> None:
    assert looping_unit(text) == unit
    assert degenerate(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No no no.",
        "I am sure. I am sure. I am sure.",
        "Wait!!!! What........ is that?",
        "One two three four five six seven eight nine. " * 4,  # ten words and marks: longer than what is looked for
    ],
)
def test_less_than_that_is_none(text: str) -> None:
    assert looping_unit(text) is None


def test_a_long_sentence_said_again_and_again_is_found_by_its_grams() -> None:
    sentence = "One option is a flat in the old town by the river with a view of the hills. "
    assert repeated_share(sentence) == 0.0
    grams = len(words(sentence * 3)) - 3
    new = len(words(sentence)) + 3 - 3  # those inside the sentence, and those across its end
    assert repeated_share(sentence * 3) == pytest.approx(1 - new / grams)
    assert degenerate(sentence * 3)
    assert not degenerate(sentence * 2)


def test_a_short_reply_is_not_judged_by_its_grams() -> None:
    assert repeated_share("so it is so it is so it is") == 0.0


def test_replies_are_counted_together() -> None:
    found = summarise_replies(["Yes, yes.", "", "no no no no"])
    assert (found["replies"], found["degenerate"], found["empty"]) == (3, 1, 1)
    assert found["loops"] == ["no no no no"]
    assert found["distinct_1"] == round(4 / 8, 4)  # yes , . no
    assert found["distinct_2"] == round(4 / 6, 4)
    assert summarise_replies([])["distinct_1"] == 0


def test_the_page_keeps_its_table_whatever_is_said() -> None:
    text = page([["a | b", "c"]], {"ternary": [["x\ny", "<b>"]], "q4_1": [["1", "2"]]})
    assert "| user | ternary | q4_1 |" in text
    assert "| a \\| b | x<br>y | 1 |" in text
    assert "| c | &lt;b> | 2 |" in text


# ------------------------------------------------------------------------------------------ operations


def matrix(name: str, columns: int, rows: int, kind: str) -> Tensor:
    known = BY_NAME[kind]
    return Tensor(name, (columns, rows), known, 0, known.size(columns * rows))


def test_a_ternary_product_is_additions() -> None:
    found = product(512, 3, "TQ2_0")
    # 3 rows of 2 blocks: 256 activations added or left out, 16 sums taken away; a scale, which is one product of two
    # and one multiplication. And 512 activations to int8: scaled, compared, summed.
    assert found["int8 mult"] == found["int32 mult"] == 0
    assert found["int32 add"] == 3 * 2 * (256 + 16) + 512
    assert found["fp32 mult"] == 3 * 2 * 2 + 512
    assert found["fp32 add"] == 3 * 2 * 1 + 512


def test_a_four_bit_product_multiplies_every_weight() -> None:
    found = product(64, 5, "Q4_1")
    assert found["int8 mult"] == 5 * 64
    assert found["int32 add"] == 5 * 64 + 64
    assert found["fp32 mult"] == 5 * 2 * 3 + 64
    assert found["fp32 add"] == 5 * 2 * 2 + 64


def test_a_whole_token_by_hand() -> None:
    """One layer, 256 wide, 4 heads of 64, 2 of keys, 512 hidden, ten words, three tokens in the window."""
    shapes = {"attn_q": (256, 256), "attn_k": (256, 128), "attn_v": (256, 128), "attn_output": (256, 256)}
    shapes |= {"ffn_gate": (256, 512), "ffn_up": (256, 512), "ffn_down": (512, 256)}
    blocks = [matrix(f"blk.0.{name}.weight", *shape, "TQ2_0") for name, shape in shapes.items()]
    head = matrix("token_embd.weight", 256, 10, "F16")
    found = count_operations([*blocks, head], Dimensions(1, 256, 4, 2, 64, 512), 3)
    rows_of_blocks = 256 + 128 + 128 + 256 + 512 + 512 + 2 * 256
    activations = 6 * 256 + 512
    assert found["int32 add"] == rows_of_blocks * (256 + 16) + activations
    norms = 3 * 3 * 256
    rotary = 2 * (4 + 2) * 64
    attention = 4 * 3 * 2 * 64 + 4 * 3 + 4 * 64
    assert found["fp32 mult"] == rows_of_blocks * 2 + activations + 10 * 256 + norms + rotary + attention + 512
    assert found["fp32 add"] == (
        rows_of_blocks + activations + 10 * 256 + 3 * 256 + 6 * 64 + (4 * 3 * 2 * 64 + 4 * 3 * 3) + 512 + 2 * 256
    )
    assert found["int8 mult"] == 0


def test_energy_is_the_price_list() -> None:
    assert PICOJOULES["int8 mult"] == 0.2
    cost = product(256, 1, "Q6_K")
    by_hand = 256 * 0.2 + (256 + 32 + 256) * 0.1 + 32 * 3.1 + (2 + 256) * 3.7 + (1 + 256) * 0.9
    assert picojoules(cost) == pytest.approx(by_hand)


@pytest.mark.parametrize("kind", PRODUCTS)
def test_every_known_product_fits_the_formats_blocks(kind: str) -> None:
    assert PRODUCTS[kind].block == BY_NAME[kind].block


def test_the_bundled_models_operations(model_path: Path) -> None:
    found = operations_of(model_path, 64)
    weights = 30 * (2 * 576 * 576 + 2 * 576 * 192 + 3 * 576 * 1536)
    assert found["of_blocks"]["int8 mult"] == weights
    assert found["operations"]["int8 mult"] == weights + 49152 * 576
    assert found["dram_bytes"] == pytest.approx(model_path.stat().st_size + 30 * 64 * 2 * 192 * 2, rel=0.03)
    more = operations_of(model_path, 65)
    assert more["multiplications"] - found["multiplications"] == 30 * 9 * (2 * 64 + 1)


def test_joules_are_read_where_there_are_some(tmp_path: Path) -> None:
    assert Rapl(tmp_path).reason == f"{tmp_path} has no RAPL counter"
    assert Rapl(tmp_path).joules() is None
    for name, count in (("intel-rapl:0", 5_000_000), ("intel-rapl:0:0", 1_000_000), ("intel-rapl:1", 500_000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "energy_uj").write_text(f"{count}\n")
    assert Rapl(tmp_path).joules() == 5.5


# ------------------------------------------------------------------------------------------ F16


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.gguf"
    dice = np.random.default_rng(3)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_file_type(3)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_block_count(1)
    writer.add_context_length(64)
    writer.add_embedding_length(64)
    writer.add_feed_forward_length(128)
    writer.add_head_count(1)
    writer.add_array("tokenizer.ggml.tokens", ["a", "b\u00e9"])
    writer.add_array("tokenizer.ggml.token_type", [1, 3])
    writer.add_bool("tokenizer.ggml.add_bos_token", False)
    kind = gguf.GGMLQuantizationType.Q4_1
    rows = dice.standard_normal((8, 64)).astype(np.float32)
    table = dice.standard_normal((2, 64)).astype(np.float32)
    writer.add_tensor("token_embd.weight", gguf.quantize(table, kind), raw_dtype=kind)
    writer.add_tensor("blk.0.attn_q.weight", gguf.quantize(rows, kind), raw_dtype=kind)
    writer.add_tensor("output_norm.weight", dice.standard_normal(64).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_the_f16_file_has_the_same_weights_and_metadata(tiny: Path, tmp_path: Path) -> None:
    out = tmp_path / "f16.gguf"
    write_f16(tiny, out)
    before, after = gguf.GGUFReader(tiny), gguf.GGUFReader(out)
    for old, new in zip(before.tensors, after.tensors, strict=True):
        assert (old.name, list(old.shape)) == (new.name, list(new.shape))
        assert new.tensor_type.name == ("F16" if len(new.shape) > 1 else "F32")
        wanted = gguf.dequantize(old.data, old.tensor_type)
        assert np.allclose(gguf.dequantize(new.data, new.tensor_type), wanted, rtol=2**-11, atol=1e-7)
    said = {key: field.contents() for key, field in before.fields.items() if not key.startswith("GGUF.")}
    said["general.file_type"] = 1
    assert {key: field.contents() for key, field in after.fields.items() if not key.startswith("GGUF.")} == said
    assert [list(field.types) for key, field in after.fields.items() if key.startswith("tokenizer.")] == [
        list(field.types) for key, field in before.fields.items() if key.startswith("tokenizer.")
    ]
    assert {tensor.format.name for tensor in read_container(out).tensors} == {"F16", "F32"}


# ------------------------------------------------------------------------------------------ texts and tasks


def test_numbers() -> None:
    assert final_number("That is 3 + 4 = 7.") == 7
    assert final_number("She owes $1,250.50 in all") == 1250.5
    assert final_number("none") is None
    assert solution("1+1=2\n5 * $30 = $1,150 minutes in 1 week") == 1150
    assert solution("It is 7.") is None
    assert solution("1 + 1 = 2\nSo there are 2.") is None


def test_spread_takes_equal_distances() -> None:
    assert spread(range(10), 3) == [0, 3, 6]
    assert spread("ab", 5) == ["a", "b"]
    assert spread("ab", None) == ["a", "b"]


def test_sums_are_right() -> None:
    for item in arithmetic():
        task = item.prompt.splitlines()[-1].removesuffix(" =")
        assert item.choices[item.right] == f" {int(eval(task))}\n"
        assert task not in item.prompt.splitlines()[:-1]


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    personas, tasks, wikitext, problems, stories = (tmp_path / name for name in FILES)
    talks = [
        "User 1: Hi!\nUser 2: Hello.\nUser 1: What do you do for work?\nUser 2: I bake.",
        "User 1: Hi, I'm [User 1's name] from Kent.\nUser 2: Hello.\nUser 1: Do you like dogs at all?\nUser 2: Yes.",
    ]
    personas.write_text(
        'user 1 personas,Best Generated Conversation\n"x","' + '"\n"x","'.join(talks) + '"\n', encoding="utf-8"
    )
    turns = [["U", "Find me a table for two."], ["S", "Where?"], ["U", "In Kent."], ["S", "Done."]]
    tasks.write_text(json.dumps({"t": turns}) + "\n" + json.dumps({"t": turns}) + "\n", encoding="utf-8")
    wikitext.write_text("Some text.", encoding="utf-8")
    items = [{"instruction": f"Problem {n}", "input": "", "output": f"{n} + 1 = {n + 1}"} for n in range(310)]
    problems.write_text(json.dumps(items), encoding="utf-8")
    stories.write_text(
        "1 Mary is in the park.\n2 Is Mary in the park? \tyes\t1\n3 Mary went to the office.\n"
        "4 Where is Mary? \toffice\t3\n1 Bill sat down.\n2 Is Bill up? \tno\t1\n",
        encoding="utf-8",
    )
    return tmp_path


def test_what_is_asked_and_what_is_held_out(corpora: Path) -> None:
    found = Corpora(corpora)
    assert found.asked(4, 1) == [
        ["What do you do for work?"],
        ["Find me a table for two."],
        ["Do you like dogs at all?"],
    ]
    assert found.asked(4, 2) == [["Find me a table for two.", "In Kent."]]
    assert found.problems(2) == [("Problem 10", 11.0), ("Problem 160", 161.0)]
    stories = {item.prompt: item.choices[item.right] for item in found.stories(9, 1)}
    assert stories == {
        "Mary is in the park.\nIs Mary in the park?": " yes.",
        "Mary is in the park.\nIs Mary in the park? yes.\nMary went to the office.\nWhere is Mary?": " office.",
        "Bill sat down.\nIs Bill up?": " no.",
    }


def test_a_person_who_writes_twice_in_a_row_has_one_turn(corpora: Path) -> None:
    assert Corpora(corpora).foreign_talk() == []
    lines = [("Emi", "Hey!"), ("Emi", "How are you?"), ("elise", " "), ("elise", "Good.")]
    session = [{"speaker": speaker, "clean_text": text} for speaker, text in lines]
    (corpora / "realtalk").mkdir()
    chat = {"session_1": session, "events_session_1": {}, "session_1_date_time": "today", "session_2": []}
    (corpora / "realtalk" / "Chat_1.json").write_text(json.dumps(chat), encoding="utf-8")
    assert Corpora(corpora).foreign_talk() == [["Hey! How are you?", "Good."]]


def test_missing_corpora_are_named(corpora: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (corpora / FILES[2]).unlink()
    assert main(["bench", "ternary", "--only", "perplexity", "--corpora", str(corpora)]) == 2
    assert FILES[2] in capsys.readouterr().err
    assert main(["bench", "ternary", "--only", "perplexity"]) == 2
    assert "--corpora DIR" in capsys.readouterr().err


def test_wrong_files_are_refused_before_anything_is_measured(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["bench", "ternary", "--only", "energy", "--ternary", str(tiny), "--memory"]
    assert main(["bench", "ternary", "--only", "energy"]) == 2
    assert "--ternary FILE.gguf" in capsys.readouterr().err
    assert main([*arguments, str(tiny)]) == 2
    assert "holds no weights of the memory" in capsys.readouterr().err
    assert main([*arguments, str(tmp_path / "nowhere")]) == 1
    assert "nowhere" in capsys.readouterr().err
    assert main(["bench", "ternary", "--only", "magic"]) == 2
    assert "no part magic" in capsys.readouterr().err


# ------------------------------------------------------------------------------------------ the model


def test_windows_are_spread_over_the_text() -> None:
    assert cut(range(11), 2, 2) == [[0, 1], [4, 5]]
    assert cut(range(3), 2, 9) == [[0, 1]]


def test_the_likeliest_choice_is_that_of_all_likelihoods(backbone: Backbone) -> None:
    prompt = "The capital of France is the city of"
    choices = [" Rome.", " Paris.", " Pisa, Italy.", " Paris, Texas."]
    before = backbone.tokenize(prompt)
    scores = []
    for choice in choices:
        backbone.clear()
        scores.append(float(backbone.log_likelihoods([*before, *backbone.tokenize(choice)], len(before)).sum()))
    assert likeliest(backbone, prompt, choices) == int(np.argmax(scores))
    assert likeliest(backbone, prompt, choices[2:]) == int(np.argmax(scores[2:]))
    with pytest.raises(ValueError, match="begins another"):
        likeliest(backbone, prompt, [" Paris", " Paris."])


def test_a_job_runs_in_a_process_of_its_own(model_path: Path, tiny: Path) -> None:
    one = Contender("q4_1", model_path)
    found = run_job("answer", one, 1, prompts=["What is the capital of France?"], tokens=12)
    assert "Paris" in found["replies"][0]
    with pytest.raises(BackboneError, match=r"cannot load tiny\.gguf"):
        run_job("answer", Contender("tiny", tiny), 1, prompts=[], tokens=1)
    with pytest.raises(BackboneError, match="measurement of answer"):
        run_job("answer", one, 1, nonsense=1)


# ------------------------------------------------------------------------------------------ the table


def test_ratios_are_taken_within_a_round() -> None:
    def rounds(*rates: float) -> list[dict[str, Any]]:
        return [{"prefill": rate, "decode": 2 * rate, "joules": None} for rate in rates]

    found = _middle(rounds(20, 10, 4), rounds(10, 10, 1))
    assert (found["prefill"], found["decode"]) == (10, 20)
    assert found["decode_ratios"] == [2, 1, 4]
    assert found["decode_ratio"] == 2
    assert found["joules"] is None


def test_the_table_states_ratios_and_what_is_wanted() -> None:
    results = {
        "quick": True,
        "models": {"ternary": {"file": "t", "bytes": 50}, "q4_1": {"file": "q", "bytes": 100}},
        "perplexity": {
            "ternary": {"dialogue": {"perplexity": 6.0}, "wikitext": {"perplexity": 90.0}},
            "q4_1": {"dialogue": {"perplexity": 4.0}, "wikitext": {"perplexity": 30.0}},
        },
        "reasoning": {
            name: {task: {"right": 0, "asked": 5} for task in ("gsm8k", "babi", "arithmetic")}
            for name in ("ternary", "q4_1")
        },
    }
    lines = {line[:34].strip(): line.split() for line in ternary_text(results).splitlines()}
    assert lines["perplexity, held-out dialogue"][-5:] == ["6.00", "4.00", "1.500", "<=", "1.5"]
    assert lines["perplexity, WikiText-2 test"][-3:] == ["3.000", "<=", "2.5"]
    assert lines["GSM8K, exact final number"][-1] == "n/a"
    assert any(line.startswith("Quick") for line in ternary_text(results).splitlines())
