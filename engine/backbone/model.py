"""The backbone in its KV window: prefill, decoding, and the layer outputs that the memory reads.

One sequence lives in the window. A prompt that begins like what the window holds is computed from the first
difference on. When the window is full while decoding, the older half of what follows the system prompt is dropped
and the rest moved down (its positions shifted), so that talk goes on in constant memory.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.backbone.native import llama, redirect_log
from engine.backbone.taps import Features, LayerTaps
from engine.backbone.template import PLAIN, ChatMessage, ChatTemplate, RenderedPrompt
from engine.backbone.vocabulary import Vocabulary
from engine.errors import BackboneError, Cancelled, ErrorCode
from engine.models import file_digest
from engine.models.locate import require_model
from engine.protocol import BackboneInfo
from engine.reasons import Reason, because

_CHUNK: Final = 128
"""Tokens computed between two looks at the cancel flag while a prompt is read."""

_SEQUENCE: Final = 0


class Prefill(NamedTuple):
    """What reading a prompt gave."""

    logits: NDArray[np.float32]
    """(V,) of the token after the prompt."""
    last: Features
    """(d,) per tap: the prompt's last token, the last layer's output included."""
    taps: Features
    """(need[1] - need[0], d) per tap: the tokens of `need`. Without the last layer, which has rows only for tokens
    with logits. Empty when nothing was needed."""
    cached: int
    """Tokens of the prompt that the window held already."""
    computed: int


class Step(NamedTuple):
    """What decoding one token gave."""

    logits: NDArray[np.float32]
    """(V,) of the next token."""
    taps: Features
    """(d,) per tap."""


class Backbone:
    """A frozen GGUF model on the CPU, with one KV window. Not thread-safe: one worker owns it."""

    def __init__(
        self,
        model_path: Path,
        *,
        window: int = 2048,
        threads: int | None = None,
        taps: Sequence[str] = (),
        digest_cache: Path | None = None,
    ) -> None:
        """Loads the model.

        Args:
            model_path: The GGUF file.
            window: Tokens in the KV window, at least 64.
            threads: CPU threads; None for one a CPU that this process may use, four at most.
            taps: Names of the layer outputs to read: `embd`, `l_out-0` ... `l_out-<layers - 1>`.
            digest_cache: Folder in which the file's digest is kept between starts.

        Raises:
            BackboneError: BACKBONE_MISSING or BACKBONE_FAILED.
        """
        if window < 64:
            raise BackboneError(f"A KV window of {window} tokens is too small.", "Use 64 tokens or more.")
        require_model(model_path)
        redirect_log()
        llama.llama_backend_init()
        self._context: Any = None
        self._batch: Any = None
        self._model: Any = self._load(model_path)
        try:
            self.vocabulary = Vocabulary(self._model)
            self.info: Final = self._describe(model_path, window, digest_cache)
            self._taps = LayerTaps(taps, self.info.width)
            self._last_layer = f"l_out-{self.info.layers - 1}"
            self.threads: Final = threads or _default_threads()
            self._context = self._open_window(window, self.threads)
            self._memory = llama.llama_get_memory(self._context)
            self._batch = llama.llama_batch_init(_CHUNK, 0, 1)
            for place in range(_CHUNK):
                self._batch.n_seq_id[place] = 1
                self._batch.seq_id[place][0] = _SEQUENCE
            source = self._metadata("tokenizer.chat_template")
            self.plain: Final = source is None and not self._knows_chatml()
            """A base model: it only goes on with a text, and is read by lines."""
            self._template = ChatTemplate(
                PLAIN if self.plain else source,
                lambda text, special: self.vocabulary.tokenize(text, special=special),
                bos=self.vocabulary.bos,
                eos=self.vocabulary.eos,
            )
            self._held: list[int] = []  # the tokens in the window, in order
            self._keep = 0
            self._check_taps()
        except BaseException:
            self.close()
            raise

    # ------------------------------------------------------------------------------------------ text and tokens

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Tokens of `text`; see `Vocabulary.tokenize`."""
        return self.vocabulary.tokenize(text, special=special)

    def detokenize(self, tokens: Sequence[int]) -> bytes:
        """The bytes of some tokens in a row."""
        return self.vocabulary.detokenize(tokens)

    def piece(self, token: int) -> bytes:
        """The bytes of one token: possibly a part of a character."""
        return self.vocabulary.piece(token)

    def pieces(self) -> list[bytes]:
        """The bytes of every token, by number."""
        return self.vocabulary.pieces()

    def is_end(self, token: int) -> bool:
        """Whether the token ends a reply. That of a base model ends with its line."""
        return self.vocabulary.is_end(token) or (self.plain and b"\n" in self.piece(token))

    def render(self, messages: Sequence[ChatMessage], *, add_generation_prompt: bool = True) -> RenderedPrompt:
        """The conversation through the model's own chat template; see `ChatTemplate.render`."""
        return self._template.render(messages, add_generation_prompt=add_generation_prompt)

    # ------------------------------------------------------------------------------------------ computing

    def prefill(
        self,
        tokens: Sequence[int],
        *,
        keep: int = 0,
        need: tuple[int, int] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Prefill:
        """Reads a prompt. The longest beginning that the window holds already is not computed again.

        Args:
            tokens: The whole prompt, not empty and at most a window long.
            keep: Tokens at its beginning that stay when the window slides (the system prompt).
            need: Token range whose taps are wanted; computed (again) also where the window holds it.
            cancelled: Asked before every 128 tokens.

        Raises:
            BackboneError: PROMPT_TOO_LONG, or llama.cpp failed.
            Cancelled: What was computed so far stays in the window and is not lost.
        """
        tokens = list(tokens)
        if not tokens:
            raise ValueError("an empty prompt")
        if len(tokens) > self.info.window:
            raise BackboneError(
                f"The prompt has {len(tokens)} tokens, the KV window {self.info.window}.",
                "Send a shorter message.",
                code=ErrorCode.PROMPT_TOO_LONG,
            )
        start = min(_common(self._held, tokens), len(tokens) - 1)
        if need is not None:
            start = min(start, need[0])
        start = self._truncate(start)
        self._keep = min(keep, len(tokens) - 1)
        blocks: list[Features] = []
        rows: Features = {}
        for first in range(start, len(tokens), _CHUNK):
            if cancelled is not None and cancelled():
                raise Cancelled("The turn was stopped while the prompt was read.")
            chunk = tokens[first : first + _CHUNK]
            final = first + len(chunk) == len(tokens)
            inside = need is not None and first < need[1] and need[0] < first + len(chunk)
            self._taps.begin_named(on=inside or final)
            self._decode(chunk, outputs=1 if final else 0)
            if inside or final:
                rows = self._taps.rows()
            if inside and need is not None:
                low, high = max(need[0] - first, 0), min(need[1] - first, len(chunk))
                blocks.append({name: rows[name][low:high] for name in self._per_token()})
        taps = {name: np.concatenate([block[name] for block in blocks]) for name in self._per_token()} if blocks else {}
        last = {name: values[-1].copy() for name, values in rows.items()}
        return Prefill(self._logits(), last, taps, start, len(tokens) - start)

    def decode(self, *tokens: int, tapped: bool = True) -> Step:
        """Appends a token, or several that are known already: together they cost little more than one.

        A full window slides first.

        Args:
            tokens: The tokens.
            tapped: Whether the layer outputs of the last one are wanted.

        Raises:
            BackboneError: llama.cpp failed.
        """
        *before, token = tokens
        if before and len(self._held) + len(tokens) <= self.info.window and len(tokens) <= _CHUNK:
            self._taps.begin_named(on=tapped)
            self._decode(tokens, outputs=1)
            return Step(self._logits(), {name: rows[-1] for name, rows in self._taps.rows().items()})
        for earlier in before:
            self.decode(earlier, tapped=False)
        slid = len(self._held) >= self.info.window
        if slid:
            self._slide()
        self._taps.begin_token(by_name=slid, on=tapped)
        self._decode([token], outputs=1)
        if not tapped:
            return Step(self._logits(), {})
        if self._taps.names and self._taps.missing():
            # Another graph than the plan was made for: once more, by name.
            self._truncate(len(self._held) - 1)
            self._taps.begin_token(by_name=True)
            self._decode([token], outputs=1)
            if self._taps.missing():
                raise BackboneError(f"The model gives no {', '.join(self._taps.absent())}.")
        return Step(self._logits(), self._taps.token())

    def features(self, tokens: Sequence[int]) -> Features:
        """(T, d) of *every* tap for all tokens, read from an empty window (for training and tests).

        The window holds these tokens afterwards.
        """
        self._truncate(0)
        self._keep = 0
        blocks = []
        for first in range(0, len(tokens), _CHUNK):
            chunk = list(tokens[first : first + _CHUNK])
            self._taps.begin_named()
            self._decode(chunk, outputs=len(chunk))
            blocks.append(self._taps.rows())
        return {name: np.concatenate([block[name] for block in blocks]) for name in self._taps.names}

    def log_likelihoods(self, tokens: Sequence[int], start: int = 1) -> NDArray[np.float32]:
        """(T - start,) natural log of the probability of each of `tokens[start:]`, given all tokens before it.

        A beginning that the window holds already is not computed again; the last token is not computed at all.
        """
        tokens = list(tokens)
        if not 1 <= start < len(tokens) <= self.info.window:
            raise ValueError(f"likelihoods from token {start} of {len(tokens)} in a window of {self.info.window}")
        held = min(_common(self._held, tokens), start - 1)
        self._truncate(held)
        self._keep = 0
        found = []
        for first in range(held, len(tokens) - 1, _CHUNK):
            chunk = tokens[first : min(first + _CHUNK, len(tokens) - 1)]
            outputs = max(0, min(len(chunk), first + len(chunk) - start + 1))
            self._taps.begin_named(on=False)
            self._decode(chunk, outputs=outputs)
            if outputs:
                end = first + len(chunk) + 1
                logits = self._logits(outputs)
                highest = logits.max(-1, keepdims=True)
                total = np.log(np.exp(logits - highest).sum(-1)) + highest[:, 0]
                found.append(logits[np.arange(outputs), tokens[end - outputs : end]] - total)
        return np.concatenate(found)

    @property
    def native_model(self) -> Any:
        """llama.cpp's model, for another window over the same weights."""
        return self._model

    @property
    def held(self) -> int:
        """Tokens in the KV window."""
        return len(self._held)

    def clear(self) -> None:
        """Empties the window."""
        self._truncate(0)

    def close(self) -> None:
        """Frees the model; nothing else may be called afterwards. Closing twice does nothing."""
        if self._batch is not None:
            llama.llama_batch_free(self._batch)
            self._batch = None
        if self._context is not None:
            llama.llama_free(self._context)
            self._context = None
        if self._model is not None:
            llama.llama_model_free(self._model)
            self._model = None

    # ------------------------------------------------------------------------------------------ inside

    def _load(self, path: Path) -> Any:
        parameters = llama.llama_model_default_params()
        # The memory's features must be those it was trained with: one kind of device, the one every machine has.
        parameters.n_gpu_layers = 0
        model = llama.llama_model_load_from_file(os.fsencode(path), parameters)
        if not model:
            raise BackboneError(
                f"llama.cpp cannot load {path.name}.",
                "The file may be cut short or of an unknown kind; see the log.",
                because=because(Reason.MODEL_NOT_LOADED, file=path.name),
            )
        return model

    def _open_window(self, window: int, threads: int) -> Any:
        parameters = llama.llama_context_default_params()
        parameters.n_ctx = window
        parameters.n_batch = parameters.n_ubatch = _CHUNK
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.no_perf = True
        if self._taps.names:
            parameters.cb_eval = self._taps.callback
        context = llama.llama_init_from_model(self._model, parameters)
        if not context:
            raise BackboneError(f"There is no memory for a KV window of {window} tokens.", "Choose a smaller --window.")
        return context

    def _describe(self, path: Path, window: int, digest_cache: Path | None) -> BackboneInfo:
        return BackboneInfo(
            name=path.stem,
            digest=file_digest(path, digest_cache),
            layers=llama.llama_model_n_layer(self._model),
            width=llama.llama_model_n_embd(self._model),
            vocabulary=self.vocabulary.size,
            window=window,
            cache=self._cache_bytes(),
            path=str(path),
        )

    def _cache_bytes(self) -> int:
        """A key and a value a layer and KV head, two bytes a number."""
        model, info = self._model, llama
        head = info.llama_model_n_embd(model) // max(1, info.llama_model_n_head(model))
        return 4 * int(info.llama_model_n_layer(model) * info.llama_model_n_head_kv(model) * head)

    def _knows_chatml(self) -> bool:
        return len(self.vocabulary.tokenize("<|im_start|>", special=True)) == 1

    def _check_taps(self) -> None:
        """Computes one token, so that a name this llama.cpp does not know is refused at the start and not in a turn."""
        if self._taps.names:
            self.decode(0)
            self._truncate(0)

    def _per_token(self) -> list[str]:
        return [name for name in self._taps.names if name != self._last_layer]

    def _metadata(self, key: str) -> str | None:
        room = 1 << 16
        buffer = ctypes.create_string_buffer(room)
        length = llama.llama_model_meta_val_str(self._model, key.encode(), buffer, room)
        if length < 0:
            return None
        if length >= room:
            raise BackboneError(f"The model's {key} is longer than {room} bytes.")
        return buffer.value.decode("utf-8", "replace")

    def _decode(self, tokens: Sequence[int], *, outputs: int) -> None:
        """Appends tokens to the window; the last `outputs` of them get logits."""
        batch, count, position = self._batch, len(tokens), len(self._held)
        batch.n_tokens = count
        for place, token in enumerate(tokens):
            batch.token[place] = token
            batch.pos[place] = position + place
            batch.logits[place] = place >= count - outputs
        status = llama.llama_decode(self._context, batch)
        if status != 0:
            # What llama.cpp kept of the batch is unknown: begin anew with the next prompt.
            llama.llama_memory_clear(self._memory, True)
            self._held = []
            raise BackboneError(f"llama.cpp failed to compute ({status}).", "Send the message again.")
        self._held += tokens

    def _logits(self, rows: int | None = None) -> NDArray[np.float32]:
        """A copy of the last token's logits (V,), or of those of the last decode's outputs, of which there are `rows`.

        A copy, since llama.cpp writes the next ones to the same place.
        """
        if rows is None:
            shape: tuple[int, ...] = (self.vocabulary.size,)
            pointer = llama.llama_get_logits_ith(self._context, -1)
        else:
            shape = (rows, self.vocabulary.size)
            pointer = llama.llama_get_logits(self._context)
        address = ctypes.cast(pointer, ctypes.c_void_p).value
        if not address:
            raise BackboneError("llama.cpp gave no logits.")
        logits: NDArray[np.float32] = np.empty(shape, dtype=np.float32)
        ctypes.memmove(logits.ctypes.data, address, logits.nbytes)
        return logits

    def _truncate(self, length: int) -> int:
        """Keeps the first `length` tokens of the window -> how many it holds now.

        A recurrent model's state cannot go back: of it all is dropped, or nothing.
        """
        if length < len(self._held):
            if llama.llama_memory_seq_rm(self._memory, _SEQUENCE, length, -1):
                del self._held[length:]
            else:
                llama.llama_memory_clear(self._memory, True)
                self._held = []
        return len(self._held)

    def _slide(self) -> None:
        """Drops the older half of what follows the first `keep` tokens and moves the rest down.

        A recurrent model's state has no room that runs out: it keeps what it made of the dropped tokens.
        """
        keep = min(self._keep, self.info.window // 2)
        drop = max((len(self._held) - keep) // 2, 1)
        left = self._held[:keep] + self._held[keep + drop :]
        if llama.llama_memory_can_shift(self._memory) and llama.llama_memory_seq_rm(
            self._memory, _SEQUENCE, keep, keep + drop
        ):
            llama.llama_memory_seq_add(self._memory, _SEQUENCE, keep + drop, -1, -drop)
            self._held = left
            return
        # Positions that cannot be moved: read what is left anew.
        llama.llama_memory_clear(self._memory, True)
        self._held = []
        for first in range(0, len(left), _CHUNK):
            self._taps.begin_named(on=False)
            self._decode(left[first : first + _CHUNK], outputs=0)


def _common(held: Sequence[int], tokens: Sequence[int]) -> int:
    """Length of the longest common beginning."""
    for place, (left, right) in enumerate(zip(held, tokens, strict=False)):
        if left != right:
            return place
    return min(len(held), len(tokens))


def _default_threads() -> int:
    """One thread a CPU this process may run on; beyond four, a small model gains nothing."""
    try:
        usable = len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows and macOS
        usable = os.cpu_count() or 1
    return min(usable, 4)
