"""The backbone's own tokenizer, through llama.cpp, for the training scripts."""

from __future__ import annotations

from pathlib import Path

from gguf import GGUFReader


class Tokenizer:
    """Text to tokens and back. `pieces` holds the bytes of every token."""

    def __init__(self, path: Path) -> None:
        import llama_cpp

        self._llama = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
        self.pieces: list[bytes] = [self._llama.detokenize([i], special=True) for i in range(self._llama.n_vocab())]
        self.end = int(GGUFReader(path).fields["tokenizer.ggml.eos_token_id"].contents())

    def plain(self, text: str) -> list[int]:
        """Tokens of text in which nothing is special."""
        return list(self._llama.tokenize(text.encode(), add_bos=False, special=False))

    def special(self, text: str) -> list[int]:
        """Tokens of a piece of the chat template."""
        return list(self._llama.tokenize(text.encode(), add_bos=False, special=True))
