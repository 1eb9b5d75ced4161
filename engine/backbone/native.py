"""The llama.cpp binding, made quiet and complete for our use.

Quiet: llama.cpp and ggml write what they think to stderr; here it goes to the Python logger `engine.llama`, warnings
and errors as such, everything else as DEBUG. Complete: the binding declares no ggml functions, and the taps need three
of them. They are stable C functions of ggml's public headers.
"""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import llama_cpp
from llama_cpp import llama_cpp as llama

__all__ = ["ggml_get_name", "ggml_nelements", "gpu_offload", "llama", "redirect_log", "tensor_get"]

logger = logging.getLogger("engine.llama")

# enum ggml_log_level. CONT (5) continues the line before.
_LEVELS: Final = {1: logging.DEBUG, 2: logging.DEBUG, 3: logging.WARNING, 4: logging.ERROR}
_CONTINUED: Final = 5


class _LogLines:
    """Joins what llama.cpp says piece by piece into lines, one log record each."""

    def __init__(self) -> None:
        self._level = logging.DEBUG
        self._pending = ""

    def __call__(self, level: int, text: bytes, _user_data: object) -> None:
        if level != _CONTINUED:
            self._level = _LEVELS.get(level, logging.DEBUG)
        if not logger.isEnabledFor(self._level):
            return
        *lines, self._pending = (self._pending + text.decode("utf-8", "replace")).split("\n")
        for line in lines:
            if line.strip(" ."):
                logger.log(self._level, "%s", line)


# Module-level on purpose: llama.cpp keeps the pointer until the process ends.
_log_callback: Final = llama.llama_log_callback(_LogLines())


def redirect_log() -> None:
    """Sends llama.cpp's log to the logger `engine.llama` (the binding itself prints errors to stderr)."""
    llama.llama_log_set(_log_callback, ctypes.c_void_p(0))


def gpu_offload() -> bool:
    """Whether this llama.cpp was built with code for a GPU."""
    return bool(llama.llama_supports_gpu_offload())


def _libraries() -> list[ctypes.CDLL]:
    """llama.cpp's own libraries. On Windows a symbol is found only in the library that holds it, hence all three."""
    found: list[ctypes.CDLL] = [llama._lib]
    folder = Path(llama_cpp.__file__).parent / "lib"
    for stem in ("ggml-base", "ggml"):
        for name in (f"lib{stem}.so", f"lib{stem}.dylib", f"{stem}.dll", f"lib{stem}.dll"):
            if (folder / name).exists():
                found.append(ctypes.CDLL(str(folder / name)))
    return found


def _function(name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
    for library in _libraries():
        try:
            function = getattr(library, name)
        except AttributeError:
            continue
        function.restype = result
        function.argtypes = list(arguments)
        return function  # type: ignore[no-any-return]
    raise ImportError(f"llama.cpp's libraries hold no {name}; the taps need it")


ggml_get_name: Final = _function("ggml_get_name", ctypes.c_char_p, ctypes.c_void_p)
ggml_nelements: Final = _function("ggml_nelements", ctypes.c_int64, ctypes.c_void_p)
tensor_get: Final = _function(
    "ggml_backend_tensor_get", None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t
)
