"""Another GGUF file than the memory's own: the profile, and what was learned, goes with the person."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.client import EngineClient
from engine.errors import EngineError, ErrorCode
from engine.models import find_bundled_model
from engine.protocol import PROTOCOL_VERSION, Initialize, Initialized, Sampling, TurnAnswer, TurnAsk, TurnDone, TurnFeed
from tests.engine.conftest import StartEngine
from tests.engine.models import gguf_bytes

WAIT = 110.0


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled model under another name, which makes it another file: the smallest that can talk."""
    path = tmp_path_factory.mktemp("models") / "another.gguf"
    data = bytearray(find_bundled_model().read_bytes())
    place = data.index(b"general.name") + len(b"general.name") + 4 + 8
    data[place : place + 7] = b"Another"
    path.write_bytes(data)
    return path


@pytest.mark.timeout(300)
def test_what_was_learned_is_known_to_every_model(start_engine: StartEngine, another: Path) -> None:
    engine, hello = start_engine("Mika", "--model", str(another))
    assert hello.backbone.name == "another"
    assert hello.backbone.path == str(another)
    assert hello.hippocampus is not None
    assert hello.hippocampus.path == str(find_bundled_model())
    told = engine.call("turn.feed", TurnFeed(user="We have a cat, her name is Miso."), TurnDone, timeout=WAIT)
    assert told.learned is not None
    assert told.learned.entry is not None
    question = TurnAsk(text="What is my cat called?", sampling=Sampling(max_tokens=8))
    answer = engine.call("turn.ask", question, TurnAnswer, timeout=WAIT)
    assert answer.recalled == [told.learned.entry]
    engine.close()

    engine, hello = start_engine()
    assert hello.hippocampus is None
    assert hello.notices == []
    assert "Miso" in engine.call("turn.ask", question, TurnAnswer, timeout=WAIT).reply
    engine.close()


def test_a_hostile_file_is_refused_before_it_is_loaded(
    bare_engine: Callable[..., EngineClient], tmp_path: Path
) -> None:
    path = tmp_path / "hostile.gguf"
    path.write_bytes(gguf_bytes.model({"llama.attention.layer_norm_rms_epsilon": -1.0}))
    engine = bare_engine("--model", str(path))
    with pytest.raises(EngineError, match="epsilon") as caught:
        engine.call("initialize", Initialize(protocol=PROTOCOL_VERSION), Initialized, timeout=WAIT)
    assert caught.value.code is ErrorCode.MODEL_REFUSED
