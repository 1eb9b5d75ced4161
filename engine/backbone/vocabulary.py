"""Text to tokens and back, by the model's own vocabulary."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from typing import Any

from engine.backbone.native import llama
from engine.errors import BackboneError


class Vocabulary:
    """The tokenizer of a loaded model. Lives no longer than the model."""

    def __init__(self, model: Any) -> None:
        self._vocab = llama.llama_model_get_vocab(model)
        if not self._vocab:
            raise BackboneError("The model file has no vocabulary.")
        self.size: int = llama.llama_vocab_n_tokens(self._vocab)
        self._token_buffer = (llama.llama_token * 4096)()
        self._piece_buffer = ctypes.create_string_buffer(256)

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Tokens of `text`. With `special`, the names of control tokens in it become control tokens.

        Nothing is added at either end. Lone surrogates, which UTF-8 has no bytes for, become question marks.
        """
        data = text.encode("utf-8", "replace")
        if not data:
            return []
        if len(data) > len(self._token_buffer):  # no text has more tokens than bytes
            self._token_buffer = (llama.llama_token * len(data))()
        buffer = self._token_buffer
        count = llama.llama_tokenize(self._vocab, data, len(data), buffer, len(buffer), False, special)
        if count < 0:
            raise BackboneError(f"The text cannot be tokenized ({count}).")
        return list(buffer[:count])

    def piece(self, token: int) -> bytes:
        """The bytes of one token: possibly a part of a character. Control tokens have none."""
        if not 0 <= token < self.size:
            raise ValueError(f"no token {token} in a vocabulary of {self.size}")
        length = llama.llama_token_to_piece(self._vocab, token, self._piece_buffer, len(self._piece_buffer), 0, False)
        if length < 0:
            self._piece_buffer = ctypes.create_string_buffer(-length)
            length = llama.llama_token_to_piece(self._vocab, token, self._piece_buffer, -length, 0, False)
        return self._piece_buffer.raw[:length]

    def detokenize(self, tokens: Iterable[int]) -> bytes:
        """The bytes of some tokens in a row."""
        return b"".join(map(self.piece, tokens))

    def pieces(self) -> list[bytes]:
        """The bytes of every token, by number."""
        return [self.piece(token) for token in range(self.size)]

    def name(self, token: int) -> str:
        """The token's name in the vocabulary, also of a control token; empty for -1 (there is none)."""
        if token < 0:
            return ""
        found: bytes | None = llama.llama_vocab_get_text(self._vocab, token)
        return (found or b"").decode("utf-8", "replace")

    @property
    def bos(self) -> str:
        """Name of the token that begins a sequence."""
        return self.name(llama.llama_vocab_bos(self._vocab))

    @property
    def eos(self) -> str:
        """Name of the token that ends a sequence."""
        return self.name(llama.llama_vocab_eos(self._vocab))

    def is_end(self, token: int) -> bool:
        """Whether the token ends a reply: end of turn, end of text, or any other control token."""
        # A control token that is no end of generation (<|im_start|>) has no place in a reply either.
        return bool(llama.llama_vocab_is_eog(self._vocab, token) or llama.llama_vocab_is_control(self._vocab, token))
