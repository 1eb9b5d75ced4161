"""The slow weights in PyTorch: writer, reader and gate, all BitLinear (BitNet b1.58) with straight-through estimators.

The numpy twin that runs in the engine is `engine.bit_ttt.slow_weights`; names and shapes are the same, and
tests/engine/training/test_model.py holds the two equal.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn

from engine.bit_ttt.slow_weights import REACH

INT8 = 127.0
DROPOUT = 0.1
MOMENTUM = 0.05
"""Of the running mean of `Centred`."""


@dataclass(frozen=True)
class MemoryConfig:
    """Sizes of the slow weights. All widths are in numbers of units.

    The reader is narrower than the writer: it runs at every token of a reply, and its weights come from memory anew
    each time, because the backbone's have driven them out of the processor's caches.
    """

    width: int = 384
    heads: int = 6
    head_width: int = 32
    hidden: int = 768
    reader_width: int = 256
    reader_hidden: int = 512
    input: int = 2304
    key_trits: int = 256
    semantic_trits: int = 256
    phrases: int = 512
    shortlist: int = 32
    candidates: int = 4

    def asdict(self) -> dict[str, int]:
        """As plain integers, for the weights file."""
        return asdict(self)


def ternary_weight(w: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """BitNet b1.58's absmean quantization with a straight-through gradient: trits and one scale."""
    scale = w.detach().abs().mean().clamp(min=1e-6)
    trits = (w.detach() / scale).round().clamp(-1, 1)
    return w / scale + (trits - w / scale).detach(), scale


def int8_activation(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Per-vector absmax quantization to int8 with a straight-through gradient: integers and their unit."""
    unit = x.detach().abs().amax(-1, keepdim=True).clamp(min=1e-6) / INT8
    y = x / unit
    return y + (y.detach().round() - y.detach()), unit


class BitLinear(nn.Module):
    """y = (W_t . x_int8) * scale + bias, W_t ternary; the input is RMS-normalised first."""

    def __init__(self, inputs: int, outputs: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) * inputs**-0.5)
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self._trits: tuple[torch.Tensor, torch.Tensor] | None = None

    def quantize(self) -> None:
        """Makes the step's ternary weights once; a step uses them for many batches of turns."""
        trits, scale = ternary_weight(self.weight)
        self._trits = trits.bfloat16(), scale

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(..., inputs) -> (..., outputs), float32."""
        x = x.float()
        x = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)
        ints, unit = int8_activation(x)
        return self.integer(ints.bfloat16(), unit)

    def integer(self, ints: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:
        """The product for an input that is quantized already: (..., inputs) integers and their (..., 1) unit."""
        if self._trits is None:
            self.quantize()
        assert self._trits is not None
        trits, scale = self._trits
        y = F.linear(ints.to(trits.dtype), trits).float() * (unit * scale)
        return y if self.bias is None else y + self.bias


class Centred(BitLinear):
    """A BitLinear whose outputs are centred over the batch, so that no address or key can become the same for all.

    A softmax over turns or tokens does not feel what all of them have in common; left free, that common part grows
    until nothing else is left after the threshold. The bias is minus the running mean, not trained. Nothing else
    holds the weights back from drifting along the inputs' mean, where they spend trits in vain, so `drift`, the mean
    square of what is taken away, is a loss.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        assert self.bias is not None
        self.bias.requires_grad_(False)
        self.drift = torch.zeros(())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, inputs) -> (n, outputs)."""
        y = super().forward(x)
        if not self.training:
            self.drift = y.new_zeros(())
            return y
        assert self.bias is not None
        y = y - self.bias
        mean = y.mean(0)
        self.drift = mean.pow(2).mean()
        self.bias.lerp_(-mean.detach(), MOMENTUM)
        return y - mean


def ternarize(x: torch.Tensor) -> torch.Tensor:
    """Vectors to trits: zero below 0.7 of the mean magnitude (TWN, arXiv 1605.04711); gradient clipped at 1.5."""
    x = x / x.detach().abs().mean(-1, keepdim=True).clamp(min=1e-6)
    trits = torch.where(x.detach().abs() > 0.7, x.detach().sign(), torch.zeros_like(x))
    soft = x.clamp(-1.5, 1.5)
    return soft + (trits - soft).detach()


def rms(x: torch.Tensor) -> torch.Tensor:
    """RMS normalisation without a gain."""
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


class Writer(nn.Module):
    """A user's turn -> local keys, salience, and the turn's addresses. One attention over the turn, one MLP."""

    def __init__(self, c: MemoryConfig) -> None:
        super().__init__()
        self.heads, self.head_width = c.heads, c.head_width
        inner = c.heads * c.head_width
        self.input = BitLinear(c.input, c.width)
        self.qkv = BitLinear(c.width, 3 * inner)
        self.out = BitLinear(inner, c.width)
        self.up = BitLinear(c.width, c.hidden)
        self.down = BitLinear(c.hidden, c.width)
        self.key = Centred(c.width, c.key_trits)
        self.salience = nn.Linear(c.width, 1)
        # From the backbone's features, which carry over to new words, and from what the writer makes of them.
        self.tell_address = Centred(3 * (c.input + c.width), c.semantic_trits)
        self.ask_address = Centred(3 * (c.input + c.width), c.semantic_trits)
        self.gist = BitLinear(3 * c.width, c.reader_width)
        self.probe = Centred(c.width, c.key_trits)
        self.probe_weight = nn.Linear(c.width, 1)
        nn.init.constant_(self.probe_weight.bias, 1.0)
        self.word_weight = nn.Linear(c.width, 1)
        # Question and telling begin as one: what is alike for the backbone is alike from the first step on.
        self.ask_address.weight.data.copy_(self.tell_address.weight.data)
        self.probe.weight.data.copy_(self.key.weight.data)

    def forward(
        self, ints: torch.Tensor, unit: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """One pass over n turns.

        Args:
            ints: (n, T, input) quantized features.
            unit: (n, T, 1) their units.
            mask: (n, T) which tokens are there.

        Returns:
            (n, T, width) tokens; (n, 3 width) the turns; (n, 3 (input + width)) what their addresses are made from.
        """
        n, t, _ = ints.shape
        h = F.dropout(self.input.integer(ints, unit), DROPOUT, self.training)
        q, k, v = self.qkv(h).view(n, t, 3, self.heads, self.head_width).permute(2, 0, 3, 1, 4)
        o = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :])
        h = h + self.out(o.transpose(1, 2).reshape(n, t, -1))
        h = rms(h + self.down(F.dropout(F.relu(self.up(h)), DROPOUT, self.training)))
        pooled = pool(h, mask)
        with torch.no_grad():
            features = F.dropout(rms(pool(ints.float() * unit, mask)), DROPOUT, self.training)
        return h, pooled, torch.cat((features, pooled), -1)


def pool(x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """(n, T, k) tokens, (n, T) mask -> (n, 3 k): mean, maximum and last."""
    there = mask[..., None]
    mean = (x * there).sum(1) / there.sum(1)
    last = x[torch.arange(len(x), device=x.device), mask.sum(1) - 1]
    return torch.cat((mean, x.masked_fill(~there, -1e4).amax(1), last), -1)


class Reader(nn.Module):
    """A position of the reply -> the query, the gate's logits, the phrase head, the weight of the predecessor."""

    def __init__(self, c: MemoryConfig) -> None:
        super().__init__()
        self.input = BitLinear(c.input, c.reader_width)
        self.up = BitLinear(c.reader_width, c.reader_hidden)
        self.down = BitLinear(c.reader_hidden, c.reader_width)
        self.query = Centred(c.reader_width, c.key_trits)
        self.phrase = BitLinear(c.reader_width, c.phrases)
        self.gate = nn.Linear(c.reader_width, 3)
        self.predecessor = nn.Linear(c.reader_width, 1)

    def forward(self, ints: torch.Tensor, unit: torch.Tensor, gist: torch.Tensor) -> torch.Tensor:
        """(n, input) quantized features, (n, 1) units, (n, width) the question's gist -> (n, width)."""
        h = F.dropout(self.input.integer(ints, unit), DROPOUT, self.training) + gist
        return rms(h + self.down(F.dropout(F.relu(self.up(h)), DROPOUT, self.training)))


class MemoryModel(nn.Module):
    """Writer, reader and the few scalars of the read."""

    def __init__(self, config: MemoryConfig) -> None:
        super().__init__()
        self.config = config
        self.writer = Writer(config)
        self.reader = Reader(config)
        # address = lexical * w[0] + semantic * w[1]; what the probes find is added to the shortlist's
        self.address_scale = nn.Parameter(torch.tensor([12.0, 6.0]))
        # local score = match * s[0] + address * s[1] + log-salience * s[2] + newness * s[3]
        #               + (turn that spoke last) * s[4] + (neuron after the one that spoke last) * s[5]
        #               + (share of the question's words in the turn) * s[6]
        #               + (how far a newer turn says the same, see `superseded`) * s[7]
        self.score_scale = nn.Parameter(torch.tensor([12.0, 0.8, 1.0, 0.5, 2.0, 3.0, 1.0, -2.0]))
        # gate logits += G . (best match, best address, its lead over the next, share of the question's words in it,
        #                     weight of the question's words that are not in it, whether a value was begun,
        #                     whether it goes on: the salience of the token after the one that was said,
        #                     the nearness of what is worth saying in the best turn to what is asked for)
        self.gate_evidence = nn.Parameter(
            torch.tensor([[0.0] * 8, [2.0, 2.0, 0.0, 0.5, -0.5, -1.0, 3.0, 0.0], [0.0] * 4 + [0.5, 0.0, 0.0, 0.0]])
        )
        # How much a word of the question (0) or what a probe finds (1) speaks for the tokens around it, by the number
        # of separators between the two and by their distance, -REACH (the token comes first) to REACH.
        distance = torch.arange(-REACH, REACH + 1)
        fading = torch.exp(-distance.abs() / 4) * torch.where(distance < 0, 0.6, 1.0)
        beyond = torch.tensor([1.0, 0.4, 0.2])
        self.nearness = nn.Parameter(torch.tensor([0.3, 0.3])[:, None, None] * beyond[:, None] * fading)

    def drift(self) -> torch.Tensor:
        """Of all centred layers, since their last forward pass."""
        return torch.stack([module.drift for module in self.modules() if isinstance(module, Centred)]).sum()

    def scalars(self) -> list[nn.Parameter]:
        """The few numbers that weigh one piece of evidence against another: far from 0, they need longer steps."""
        return [self.address_scale, self.score_scale, self.gate_evidence, self.nearness]

    def quantize(self) -> None:
        """Call once before each step: the optimizer has moved the weights behind the trits."""
        for module in self.modules():
            if isinstance(module, BitLinear):
                module.quantize()
