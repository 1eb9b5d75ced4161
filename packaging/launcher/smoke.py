"""Run in the new environment, in a process of its own: does the compiled llama.cpp compute on this processor?

`python -P smoke.py MODEL` loads the model and lets it go on with a sentence. A library compiled for another processor
dies here (SIGILL), and a miscompiled one says something else, instead of in somebody's conversation. Prints the word.
"""

from __future__ import annotations

import sys

SENTENCE = b"The capital of France is"
EXPECTED = b"Paris"
TOKENS = 3


def main(model: str) -> int:
    """0 when the model answers as it should."""
    from llama_cpp import Llama

    llama = Llama(model, n_ctx=64, n_batch=64, n_gpu_layers=0, n_threads=1, verbose=False)
    llama.eval(llama.tokenize(SENTENCE))
    said = b""
    for _ in range(TOKENS):
        token = llama.sample(temp=0.0)
        said += llama.detokenize([token])
        llama.eval([token])
    print(said.decode("utf-8", "replace").strip())
    if EXPECTED not in said:
        print(f"expected {EXPECTED.decode()} after {SENTENCE.decode()!r}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
