"""Meta-training: learning to write and to read, with the telling out of the context.

The inner loop (what the user's turns do to the fast weights) is differentiable here as an attention over the stored
tokens; at run time the same scores pick integer neurons. The loss is taken on the reply alone.

    total = NLL of the fused reply (values weigh three times) + address loss (which turn answers?)
          + abstention + leave-the-model-alone + acknowledgement + salience (which tokens are worth a neuron?)
"""

from __future__ import annotations

import json
import math
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from engine.bit_ttt.lexicon import LEXICAL_UNIT
from engine.bit_ttt.memory import REFRACTORY
from engine.bit_ttt.slow_weights import CLOSE, CROSSED, PROBES, REACH, TRITS_NORM
from engine.training.cache import Reply
from engine.training.dataset import Batch, Dataset, draw
from engine.training.features import TAPS
from engine.training.model import MemoryConfig, MemoryModel, ternarize
from engine.training.values import scene_of

UNLIKELY = -12.0
"""The backbone's log-probability of what it could only guess."""
FIRST_WORD = 3.0
"""Weight of an abstention's first token: it decides whether something is made up."""


FORCED = 200
"""Steps for which the turn that answers is put among the candidates even when the address did not pick it. Later such
questions teach the address alone: a value in a turn of low score would teach the read not to trust the score."""

LARGE, LARGE_SHARE = 6, 0.12
"""After that, so many times larger is so large a share of the memories: what is not meant must not be found in them.
Of these, the turns that no question asks for are not learned from themselves, which would take three times as long."""
TAUGHT = 300
"""Turns up to which a memory counts as not so large."""
COARSE, MEANING, PROBES_ALONE = 0.5, 0.3, 0.3
"""Weights, beside the whole address, of what makes the shortlist and of two of its parts by themselves: beside words
that are shared, meaning alone would have little left to explain."""
STRETCH, WIDE_STRETCH = 1.4, 4.0
"""Turns whose lengths differ by no more than this go through the writer together; more on a device with cores to spare,
where the number of passes costs more than the padding."""
DRIFT = 0.1
"""Weight of `MemoryModel.drift`: without it keys and probes lose their meaning after some hundred steps."""
SCENES_FROM = 100
"""Steps after which messages that tell several things at once come in: which of them, only reading tells."""
SCALARS = 4.0
"""Times the learning rate for `MemoryModel.scalars`."""


@dataclass
class Outcome:
    """Losses and figures of one batch."""

    loss: torch.Tensor
    exact: float
    first_turn: float
    in_candidates: float
    false_memory: float
    abstained: float
    quiet: float


class Trainer:
    """One model, one dataset."""

    def __init__(
        self,
        model: MemoryModel,
        data: Dataset,
        near_weight: float = 0.08,
        told_weight: float = 0.3,
        address_weight: float = 0.8,
    ) -> None:
        self.model, self.data = model, data
        self.near_weight, self.told_weight, self.address_weight = near_weight, told_weight, address_weight
        self.device = data.device
        self.stretch = STRETCH if self.device.type == "cpu" else WIDE_STRETCH
        self.phrases = self._tensor(data.phrases)
        self.phrase_of = torch.full((data.embedding.shape[0],), -1, device=self.device)
        self.phrase_of[self.phrases] = torch.arange(len(data.phrases), device=self.device)
        openings = Counter(r.targets[0] for r in data.replies if r.type == "near")
        self.abstention = openings.most_common(1)[0][0]

    def _tensor(self, values: Sequence[object]) -> torch.Tensor:
        """Made here and sent in one go: what fills a tensor on the device bit by bit costs a launch each time."""
        return torch.tensor(values).to(self.device, non_blocking=True)

    def _places(self, turns: Sequence[int], length: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The turns' rows in `Dataset.turn_side` (nobody's where a turn is shorter), and which are theirs, (n, T)."""
        side = self.data.turn_side
        lengths = self._tensor([side.length(t) for t in turns])
        place = torch.arange(length, device=self.device)[None]
        mask = place < lengths[:, None]
        rows = side.start[self._tensor(turns)][:, None] + place
        return torch.where(mask, rows, len(side.ints) - 1), mask

    def encode(
        self, turns: Sequence[int], taught: Sequence[bool]
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Turns in buckets of similar length -> (n, T, width), (n, T) mask, and the two pooled ones of `Writer`.

        Where not `taught`, the writer gets no gradient.
        """
        side, model = self.data.turn_side, self.model
        lengths = [side.length(t) for t in turns]
        order = sorted(range(len(turns)), key=lambda i: (taught[i], lengths[i]))
        longest = max(lengths)
        hidden: list[torch.Tensor] = []
        pooled: list[torch.Tensor] = []
        wide: list[torch.Tensor] = []
        at = 0
        while at < len(order):
            end = at
            teach = taught[order[at]]
            while (
                end < len(order)
                and lengths[order[end]] <= max(20, self.stretch * lengths[order[at]])
                and taught[order[end]] == teach
            ):
                end += 1
            rows, mask = self._places([turns[i] for i in order[at:end]], lengths[order[end - 1]])
            with torch.set_grad_enabled(teach and torch.is_grad_enabled()):
                h, p, w = model.writer(side.ints[rows].bfloat16(), side.unit[rows], mask)
            hidden.append(F.pad(h, (0, 0, 0, longest - h.shape[1])))
            pooled.append(p)
            wide.append(w)
            at = end
        back = torch.tensor(order).argsort().to(self.device)
        mask = torch.arange(longest, device=self.device)[None] < self._tensor(lengths)[:, None]
        return torch.cat(hidden)[back], mask, torch.cat(pooled)[back], torch.cat(wide)[back]

    def run(self, batch: Batch, *, teach: bool = False, everything: bool = False) -> Outcome:
        """Stores the batch's turns, asks its questions.

        Args:
            batch: turns and questions.
            teach: the turn that answers is always among the candidates, see `FORCED`.
            everything: a fact whose turn is not among them counts all the same (to measure with).
        """
        data, model, c = self.data, self.model, self.model.config
        model.quantize()
        replies = [data.replies[r] for r in batch.replies]
        writer, reader = model.writer, model.reader
        n_q, n_t = len(replies), len(batch.turns)
        asked_for = set(batch.answers)
        taught = [n_t <= TAUGHT or i in asked_for for i in range(n_t)]
        hidden, mask, pooled, wide = self.encode([*batch.turns, *(r.question for r in replies)], taught + [True] * n_q)
        asking_tokens, asking_mask, asking = hidden[n_t:], mask[n_t:], pooled[n_t:]
        hidden, mask = hidden[:n_t], mask[:n_t]
        answers = self._tensor(batch.answers)
        answerable = answers >= 0
        answered = self._tensor([i for i, answer in enumerate(batch.answers) if answer >= 0])
        turns = self._tensor(batch.turns)

        # Which turn? Lexical and semantic address make a shortlist, the question's probes rank it.
        tell = ternarize(writer.tell_address(wide[:n_t]))
        ask = ternarize(writer.ask_address(wide[n_t:]))
        asked, told = data.lexical[self._tensor([r.question for r in replies])].float(), data.lexical[turns].float()
        shared = asked @ told.T
        semantic = ask @ tell.T / (TRITS_NORM * 10)
        coarse = shared / LEXICAL_UNIT * model.address_scale[0] + semantic * model.address_scale[1]
        words, rows_of_words, weights, present = self._words(replies, asking_tokens, told)
        # The end token is never stored.
        length = hidden.shape[1]
        lengths = [data.turn_side.length(t) - 1 for t in batch.turns]
        stored = torch.arange(length, device=self.device)[None] < self._tensor(lengths)[:, None]
        flat_keys = (ternarize(writer.key(hidden[stored])) / TRITS_NORM).bfloat16()  # (N, K)
        # The keys are the read's: taught by both, keys and probes fall in with each other until one trit says it all.
        probes = self._probes(asking_tokens, asking_mask, flat_keys.detach())
        probed = self._probe(probes, n_q, self._tensor(lengths))
        address = coarse + probed + torch.zeros_like(coarse).index_add(0, words, weights * present)
        # A correction and what it corrects answer the same question: which of them is not the address's to say.
        fact = data.fact[turns]
        of = fact[answers.clamp(min=0)]
        same = (fact[None] == of[:, None]) & (of >= 0)[:, None]
        same.scatter_(1, answers.clamp(min=0)[:, None], False)
        address_loss = sum(
            share * F.cross_entropy(scores.masked_fill(same, -1e4)[answered], answers[answered])
            for share, scores in (
                (1.0, address),
                (COARSE, coarse),
                (MEANING, semantic * model.address_scale[1]),
                (PROBES_ALONE, probed),
            )
        )
        beyond = torch.ones_like(coarse, dtype=torch.bool)
        beyond.scatter_(1, coarse.detach().topk(min(c.shortlist, n_t), 1).indices, False)
        ranked = address.detach().masked_fill(beyond, -1e4).topk(c.candidates, 1).indices
        found = (ranked == answers[:, None]).any(1)
        if teach:
            ranked[:, -1] = torch.where(answerable & ~found, answers, ranked[:, -1])
        ranked, _ = ranked.sort(1)  # by age
        picked = address.gather(1, ranked)  # (Q, C)
        coverage = shared / (asked != 0).sum(1, keepdim=True).clamp(min=1)

        # Where in it: local keys of the candidate turns' tokens.
        salience = writer.salience(hidden)[..., 0].masked_fill(~mask, -30.0)
        rows, _ = self._places(batch.turns, length)
        tokens = data.tokens[rows].masked_fill(~stored, -1)
        before = F.pad(tokens[:, :-1], (1, 0), value=-2).masked_fill(~stored, -2)
        side = data.reply_side
        flat = self._tensor([row for r in batch.replies for row in range(side.offset[r], side.offset[r + 1])])
        which = self._tensor([i for i, r in enumerate(replies) for _ in r.targets])
        gist = writer.gist(asking)
        h = reader(side.ints[flat].bfloat16(), side.unit[flat], gist[which])
        query = ternarize(reader.query(h)) / TRITS_NORM
        last = self._tensor([t for r in replies for t in r.inputs])
        lm = data.lm[flat]
        target, is_value, counts, guessed = self._cross(batch, replies)
        lm[:, 0].masked_fill_(guessed, UNLIKELY)
        if not (teach or everything):
            counts &= ~(answerable & ~found)[which]

        # Every position against every key, then the candidates' columns: far cheaper than gathering the keys.
        column_of = (stored.flatten().cumsum(0) - 1).view_as(stored).masked_fill(~stored, 0)
        columns = column_of[ranked].flatten(1)  # (Q, C*T)
        match = (query.bfloat16() @ flat_keys.T).float().gather(1, columns[which])  # (n, C*T)
        near = self._near(rows, ranked, stored, columns, words, rows_of_words, weights, probes)  # (Q, C, T)
        candidate_tokens = tokens[ranked].flatten(1)[which]
        follows = (before[ranked].flatten(1)[which] == last[:, None]).float()
        usable = stored[ranked].flatten(1)[which]
        s = model.score_scale
        newness = torch.linspace(0, 1, c.candidates, device=self.device)[None, :, None].expand(n_q, -1, length)
        of_turn = s[1] * picked + s[6] * coverage.gather(1, ranked)
        of_turn = of_turn + s[7] * self._superseded(ranked, picked, tell, words, weights, present)
        bias = s[2] * F.logsigmoid(salience)[ranked] + of_turn[..., None] + s[3] * newness
        strength = F.softplus(reader.predecessor(h))
        score = s[0] * 2 * match + strength * follows + bias.flatten(1)[which]
        begun, succession, spoken = self._trail(batch, replies, ranked == answers[:, None], which, length)
        score = score + s[4] * begun + s[5] * succession - REFRACTORY * spoken + near.flatten(1)[which]
        score = score.masked_fill(~usable, -1e4)
        attention = score.softmax(-1)

        # The fusion.
        top2, turn = address.masked_fill(beyond, -1e4).topk(2, 1)
        covered = coverage.gather(1, turn[:, :1])[:, 0]
        best = match.masked_fill(~usable, -1e4).amax(-1)
        lead = top2[:, 0] - top2[:, 1]
        lacking = torch.zeros_like(address).index_add(0, words, weights * (1 - present)).gather(1, turn[:, :1])[:, 0]
        # A value that began goes on while the next token of its turn is worth keeping.
        goes_on = (succession * salience.sigmoid()[ranked].flatten(1)[which]).sum(-1)
        nearest = ((near * salience.sigmoid()[ranked]).amax(-1) * (ranked == turn[:, :1])).sum(1)
        evidence = torch.stack(
            (
                best * 4 - 1,
                top2[which, 0] / 8 - 1,
                lead[which] / 4,
                covered[which] * 4 - 1,
                lacking[which] / 2,
                begun.amax(-1),
                goes_on,
                nearest[which] / 4,
            ),
            -1,
        )
        empty = self._tensor(batch.empty)
        zero = torch.zeros(n_q, device=self.device)
        wanted = zero.index_add(0, words, weights[:, 0])
        nothing = torch.stack((zero - 1, zero - 1, zero, zero - 1, wanted / 2, zero, zero, zero), -1)
        evidence = torch.where(empty[which, None], nothing[which], evidence)
        opinion = reader.gate(h) + evidence @ model.gate_evidence.T  # LM, memory, phrase
        # A memory that was told nothing can only be silent or say a phrase.
        cannot = torch.stack((torch.zeros_like(empty), empty, torch.zeros_like(empty)), -1)[which]
        gate = opinion.masked_fill(cannot, -1e4).log_softmax(-1)
        memory = (attention * (candidate_tokens == target[:, None])).sum(-1)
        phrase_logits = reader.phrase(h).log_softmax(-1)
        column = self.phrase_of[target]
        phrase = phrase_logits.gather(1, column.clamp(min=0)[:, None])[:, 0].masked_fill(column < 0, -30.0)
        fused = torch.logsumexp(
            torch.stack((gate[:, 0] + lm[:, 0], gate[:, 1] + (memory + 1e-9).log(), gate[:, 2] + phrase), -1), -1
        )

        # Near misses are asked to measure with; in training they only teach how an abstention goes on (see `_cross`).
        types = {"fact": 0, "near": 3 if model.training else 1, "general": 2, "told": 3}
        pairs = zip(replies, batch.answers, strict=True)
        kind = self._tensor([1 if answer < 0 and r.type == "fact" else types[r.type] for r, answer in pairs])[which]
        fact, near, general, said_so = (kind == 0) & counts, (kind == 1) & counts, kind == 2, (kind == 3) & counts
        weight = torch.where(is_value, 3.0, 1.0)
        opening = self._tensor([FIRST_WORD if i == 0 else 1.0 for r in replies for i in range(len(r.targets))])
        loss = self.address_weight * address_loss
        if fact.any():
            loss = loss - (fused * weight)[fact].sum() / weight[fact].sum() * 2
        if near.any():
            loss = loss - self.near_weight * (fused * opening)[near].sum() / opening[near].sum()
        if general.any():
            loss = loss - 1.0 * gate[general, 0].mean()
        if said_so.any():
            loss = loss - self.told_weight * (fused * opening)[said_so].sum() / opening[said_so].sum()
        loss = loss + 0.15 * self._salience_loss(turns, salience, stored) + DRIFT * model.drift()

        with torch.no_grad():
            is_value = is_value & counts
            exact, false, abstained, quiet = self._figures(
                attention, candidate_tokens, gate, phrase_logits, lm, target, is_value, kind, counts, which, n_q
            )
            first = (address.argmax(1) == answers)[answered].float().mean().item()
        return Outcome(loss, exact, first, found[answered].float().mean().item(), false, abstained, quiet)

    def _probes(
        self, asking: torch.Tensor, asking_mask: torch.Tensor, keys: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The questions' tokens against all keys.

        Args:
            asking: (Q, T, width) the questions' tokens; the last `PROBES` of each probe.
            asking_mask: (Q, T) which of them are there.
            keys: (N, K) the stored keys of all turns, one turn after the other.

        Returns:
            For the P probes of all questions: (P,) their question, (P, 1) their weight, (N, P) their matches.
        """
        writer = self.model.writer
        place = torch.arange(asking_mask.shape[1], device=asking.device)[None]
        probing = asking_mask & (place >= asking_mask.sum(1, keepdim=True) - PROBES)
        tokens = asking[probing]  # (P, width)
        probes = (ternarize(writer.probe(tokens)) / TRITS_NORM).bfloat16()
        weight = F.softplus(writer.probe_weight(tokens))
        return probing.nonzero()[:, 0], weight, (keys @ probes.T).float()

    @staticmethod
    def _probe(
        probes: tuple[torch.Tensor, torch.Tensor, torch.Tensor], questions: int, lengths: torch.Tensor
    ) -> torch.Tensor:
        """Late interaction (ColBERT, arXiv 2004.12832): each token of a question probes all keys of a turn.

        Args:
            probes: see `_probes`.
            questions: Q.
            lengths: (n,) how many keys each turn has.

        Returns:
            (Q, n) the sum of the probes' best matches, each with its weight.
        """
        question, weight, matches = probes
        best = torch.segment_reduce(matches, "max", lengths=lengths, axis=0)  # (n, P)
        return best.new_zeros(questions, len(lengths)).index_add(0, question, best.T * weight)

    def _near(
        self,
        turns: torch.Tensor,
        ranked: torch.Tensor,
        stored: torch.Tensor,
        columns: torch.Tensor,
        words: torch.Tensor,
        rows: torch.Tensor,
        weights: torch.Tensor,
        probes: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    ) -> torch.Tensor:
        """How near each token of the candidates is to what is asked for; see `engine.bit_ttt.memory.nearness`.

        Args:
            turns: (n, T) the rows of the turns' tokens in `Dataset.placed`.
            ranked: (Q, C) the candidates.
            stored: (n, T) which tokens of the turns are.
            columns: (Q, C * T) the key of each token of the candidates.
            words: (w,) the question that each word is of; for this and the next two see `_words`.
            rows: (w,).
            weights: (w, 1).
            probes: see `_probes`.

        Returns:
            (Q, C, T)
        """
        placed = self.data.placed[turns].masked_fill(~stored, -1)
        crossed = self.data.crossed[turns].masked_fill(~stored, 0)
        shape = (*ranked.shape, stored.shape[1])
        said = (placed[ranked[words]].flatten(1) == rows[:, None]) * weights  # (w, C * T)
        question, weight, matches = probes
        found = F.relu(matches.T.gather(1, columns[question]) - CLOSE) * weight  # (P, C * T)
        empty = weights.new_zeros(columns.shape)
        here = stored[ranked]
        heats = [empty.index_add(0, to, heat).view(shape) * here for to, heat in ((words, said), (question, found))]
        around = (REACH, REACH)
        between = F.pad(crossed, around).unfold(-1, 2 * REACH + 1, 1) - crossed[..., None]
        between = between.abs().clamp(max=CROSSED)[ranked]  # (Q, C, T, 2 REACH + 1)
        near = weights.new_zeros(shape)
        for heat, kernel in zip(heats, self.model.nearness, strict=True):
            window = F.pad(heat, around).unfold(-1, 2 * REACH + 1, 1)
            for number, row in enumerate(kernel):
                near = near + (window * (between == number)) @ row
        return near * here

    def _words(
        self, replies: Sequence[Reply], asking: torch.Tensor, told: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """The questions' words, each with a learned weight, and which turns hold them (`lexicon.holds`).

        Args:
            replies: the questions.
            asking: (Q, T, width) their tokens.
            told: (n, 1024) the turns' lexical addresses.

        Returns:
            For the w words of all questions: (w,) their question, (w,) their row of `Dataset.codes`, (w, 1) their
            weight, (w, n) 1 where a turn has it.
        """
        of = [(i, end, row) for i, reply in enumerate(replies) for end, row in self.data.words[reply.question]]
        question, end, row = torch.tensor(of, dtype=torch.long).view(-1, 3).T.to(self.device)
        weight = F.softplus(self.model.writer.word_weight(asking[question, end]))
        return question, row, weight, self._holding(self.data.codes[row], told)

    @staticmethod
    def _holding(codes: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        """(w, 1024) codes of words, (n, 1024) addresses -> (w, n) 1 where the turn holds the word."""
        agree = codes.bfloat16() @ told.bfloat16().T
        return (2 * agree.float() > (codes != 0).sum(1, keepdim=True)).float()

    @staticmethod
    def _superseded(
        ranked: torch.Tensor,
        picked: torch.Tensor,
        tell: torch.Tensor,
        words: torch.Tensor,
        weights: torch.Tensor,
        present: torch.Tensor,
    ) -> torch.Tensor:
        """How far a newer candidate says what a candidate says; see `engine.bit_ttt.memory.superseded`.

        Args:
            ranked: (Q, C) the candidates, oldest first.
            picked: (Q, C) their addresses.
            tell: (n, S) semantic addresses of the turns.
            words: (w,) the question that each word is of; for this and the next two see `_words`.
            weights: (w, 1).
            present: (w, n).

        Returns:
            (Q, C), 0 to about 1.
        """
        n_q, c = ranked.shape
        here = present.gather(1, ranked[words])  # (w, C)
        both = weights.new_zeros(n_q, c, c).index_add(0, words, weights[..., None] * here[:, :, None] * here[:, None])
        own = weights.new_zeros(n_q, c).index_add(0, words, weights * here)
        share = both / (own[..., None] + 0.1)
        meaning = tell[ranked] @ tell[ranked].transpose(1, 2) / (TRITS_NORM * 10)
        rival = torch.sigmoid(picked[:, None] - picked[..., None] + 1)  # [q, i, j]: j answers about as well as i
        newer = weights.new_ones(c, c).triu(1)
        return (share * meaning.clamp(min=0) * rival * newer).amax(2)

    def _cross(
        self, batch: Batch, replies: Sequence[Reply]
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """The replies position by position; mended where a reply was computed for another telling.

        A crossed one counts up to the told value's first token; one to a fact never told has the first token of an
        abstention as its only target; one to a near miss counts from its second token on.

        Returns:
            Four (n,): the targets, which are the value's, which count, and which the backbone can only guess.
        """
        target = np.array([token for reply in replies for token in reply.targets])
        is_value = np.array([value for reply in replies for value in reply.is_value])
        counts, guessed = np.ones(len(target), dtype=bool), np.zeros(len(target), dtype=bool)
        at = 0
        for reply, answer, crossed in zip(replies, batch.answers, batch.crossed, strict=True):
            end = at + len(reply.targets)
            if crossed and True in reply.is_value:
                first = at + reply.is_value.index(True)
                told = self.data.turns[batch.turns[answer]]
                target[first] = told.tokens[told.value[0]]
                guessed[first] = True
                counts[first + 1 : end] = False
            elif answer < 0 and reply.type == "fact":
                target[at] = self.abstention
                guessed[at] = True
                is_value[at:end] = False
                counts[at + 1 : end] = False
            elif reply.type == "near" and self.model.training:
                counts[at] = False
            at = end
        made = (torch.from_numpy(array).to(self.device) for array in (target, is_value, counts, guessed))
        target_, is_value_, counts_, guessed_ = made
        return target_, is_value_, counts_, guessed_

    def _trail(
        self, batch: Batch, replies: Sequence[Reply], right: torch.Tensor, which: torch.Tensor, length: int
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What the engine knows of the value it is in the middle of; see `engine.bit_ttt.memory.Trail`.

        Args:
            batch: for its answers.
            replies: the questions.
            right: (Q, C) which candidate is the turn that answers.
            which: (n,) the question of each position.
            length: T.

        Returns:
            Three (n, C * T) masks: the turn in which the value began, the token after the one said last, and the
            tokens of the value that were said.
        """
        # How many of the value's tokens were said, that and all since the first, where the value stands in its turn.
        said, since, start = [], [], []
        for reply, answer in zip(replies, batch.answers, strict=True):
            told = answer >= 0 and True in reply.is_value
            first, size = (reply.is_value.index(True), sum(reply.is_value)) if told else (len(reply.targets), 0)
            for place in range(len(reply.targets)):
                since.append(max(0, place - first))
                said.append(min(since[-1], size))
                start.append(self.data.turns[batch.turns[answer]].value[0] if told else 0)
        said_, since_, start_ = self._tensor([said, since, start])[..., None, None]  # each (n, 1, 1)
        column = torch.arange(length, device=self.device)
        here = right[which][..., None] & (since_ > 0)  # (n, C, 1)
        begun = here.expand(-1, -1, length)
        succession = here & (since_ == said_) & (column == start_ + said_)
        spoken = here & (column >= start_) & (column < start_ + said_)
        return begun.flatten(1).float(), succession.flatten(1).float(), spoken.flatten(1).float()

    def _salience_loss(self, turns: torch.Tensor, salience: torch.Tensor, stored: torch.Tensor) -> torch.Tensor:
        place = torch.arange(salience.shape[1], device=self.device)[None]
        start, stop = self.data.value[turns][..., None].unbind(1)
        gold = ((place >= start) & (place < stop)).float()
        # A scene tells more than what is marked.
        alone = self.data.lone[turns]
        each = F.binary_cross_entropy_with_logits(salience, gold, reduction="none")
        return each[stored & (alone[:, None] | (gold > 0))].mean() * 8

    def _figures(
        self,
        attention: torch.Tensor,
        tokens: torch.Tensor,
        gate: torch.Tensor,
        phrase: torch.Tensor,
        lm: torch.Tensor,
        target: torch.Tensor,
        is_value: torch.Tensor,
        kind: torch.Tensor,
        counts: torch.Tensor,
        which: torch.Tensor,
        n_q: int,
    ) -> tuple[float, float, float, float]:
        """Shares of: values right to the last token, false memories and abstentions on near misses, silent generals."""
        pick = tokens.gather(1, attention.argmax(-1)[:, None])[:, 0]
        mass = (attention * (tokens == pick[:, None])).sum(-1).log() + gate[:, 1]
        said = torch.stack((gate[:, 0] + lm[:, 2], mass, gate[:, 2] + phrase.amax(-1)), -1).argmax(-1)
        phrase_token = self.phrases[phrase.argmax(-1)]
        word = torch.where(said == 1, pick, torch.where(said == 2, phrase_token, lm[:, 1].long()))
        right = (word == target) | ~is_value
        every = lm.new_ones(n_q).scatter_reduce(0, which, right.float(), "amin")
        kinds = kind.new_zeros(n_q).scatter(0, which, kind)
        near, general = (kind == 1) & counts, kind == 2
        false = (said[near] == 1).float().mean().item() if near.any() else 0.0
        abstained = (word == target)[near].float().mean().item() if near.any() else 0.0
        quiet = (gate[general, 0].exp() > 0.9).float().mean().item() if general.any() else 0.0
        return every[kinds == 0].mean().item(), false, abstained, quiet


def _mean(outcomes: Sequence[Outcome]) -> dict[str, float]:
    rows = [vars(outcome) | {"loss": outcome.loss.item()} for outcome in outcomes]
    return {name: round(sum(row[name] for row in rows) / len(rows), 3) for name in rows[0]}


def held_out_batch(data: Dataset, rng: random.Random, source: str, kinds: Mapping[str, list[int]]) -> Batch:
    """One fact of each of these kinds, as far as they are of a source, all in one memory with filler turns.

    Of a scene one fact: the others are told with other values.
    """
    told, scenes = [], set()
    for kind, rows in kinds.items():
        subject, scene = data.turns[data.replies[rows[0]].answers].subject, scene_of(kind)
        if source == ("scenes" if scene else "templated" if subject else "authored") and scene not in scenes:
            scenes |= {scene} - {""}
            good = [r for r in rows if not data.turns[data.replies[r].answers].update] or rows
            told.append(rng.choice(good))
    fillers = rng.sample(data.fillers, min(24, len(data.fillers)))
    turns = [data.replies[r].answers for r in told] + fillers
    near = [row for kind in kinds for row in data.near[kind]][:60]
    asked = told + near
    never = [False] * len(asked)
    return Batch(turns, asked, list(range(len(told))) + [-1] * len(near), never, never)


@torch.no_grad()
def measure(trainer: Trainer, kinds: Mapping[str, list[int]]) -> dict[str, dict[str, float]]:
    """Figures for kinds that were not trained on, teacher-forced: a table by source."""
    training, found = trainer.model.training, {}
    trainer.model.eval()
    for source in ("authored", "templated", "scenes"):
        batch = held_out_batch(trainer.data, random.Random(5), source, kinds)
        told = sum(answer >= 0 for answer in batch.answers)
        if told:
            found[source] = {"facts": told} | _mean([trainer.run(batch, everything=True)])
    trainer.model.train(training)
    return found


def train(
    data: Dataset,
    out: Path,
    *,
    steps: int,
    seed: int = 0,
    rate: float = 8e-4,
    facts: int = 150,
    resume: Path | None = None,
    until: int | None = None,
    log: Path | None = None,
    deadline: float = math.inf,
) -> MemoryModel:
    """Trains the slow weights where the data lies; checkpoints to `out` every 50 steps.

    The curriculum grows the memory: 32 facts, 80, then `facts`, now and then `LARGE` times as many.

    Args:
        data: what is told and asked.
        out: the checkpoint.
        steps: after so many the learning rate would be down to nearly nothing.
        seed: of all chance.
        rate: highest learning rate.
        facts: in one memory.
        resume: a checkpoint to go on from.
        until: stops after this step, as if interrupted.
        log: JSON lines are appended to it.
        deadline: `time.monotonic()` after which no step begins, as if interrupted.
    """
    torch.manual_seed(seed)
    config = MemoryConfig(input=len(TAPS) * data.embedding.shape[1], phrases=len(data.phrases))
    model = MemoryModel(config).to(data.device)
    print(
        f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters, {len(data.train)} kinds to train on, "
        f"{len(data.dev)} to develop with, {len(data.test)} held out",
        flush=True,
    )
    start = 0
    trainer = Trainer(model, data)
    scalars = {id(p) for p in model.scalars()}
    rest = [p for p in model.parameters() if id(p) not in scalars]
    groups = [
        {"params": [p for p in rest if p.dim() == 2 and p.shape[0] > 3], "weight_decay": 0.01},
        {"params": [p for p in rest if p.dim() != 2 or p.shape[0] <= 3], "weight_decay": 0.0},
        {"params": model.scalars(), "weight_decay": 0.0, "faster": SCALARS},
    ]
    optimizer = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98))
    if resume:
        saved = torch.load(resume, weights_only=True, map_location=data.device)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        start = saved["step"]
    began = time.time()
    spent = 0.0
    recent: list[Outcome] = []
    last = min(steps, until if until is not None else steps)
    for step in range(start, last):
        rate_now = rate * min(1.0, (step + 1) / 80) * (0.96 * 0.5 * (1 + math.cos(math.pi * step / steps)) + 0.04)
        for group in optimizer.param_groups:
            group["lr"] = rate_now * group.get("faster", 1.0)
        stepped = time.monotonic()
        # Chance depends on the step alone: a resumed run takes the way of an uninterrupted one.
        rng = random.Random(f"{seed}:{step}")
        torch.manual_seed(rng.getrandbits(60))
        size = next((n for limit, n in ((40, 32), (100, 80)) if step < limit), facts)
        told = LARGE * size if step >= FORCED and rng.random() < LARGE_SHARE else size
        kinds = data.train if step >= SCENES_FROM else data.alone
        outcome = trainer.run(draw(data, kinds, rng, told, told // 6, 16, size), teach=step < FORCED)
        optimizer.zero_grad()
        torch.autograd.backward(outcome.loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        recent.append(outcome)
        spent += time.monotonic() - stepped
        late = time.monotonic() > deadline
        if (step + 1) % 50 == 0 or step + 1 == last or late:
            line: dict[str, object] = {"step": step + 1, "seconds": round(time.time() - began)}
            line |= _mean(recent) | {"seconds_a_step": round(spent / len(recent), 3)}
            recent.clear()
            spent = 0.0
            line |= measure(trainer, data.dev)
            print(json.dumps(line), flush=True)
            if log:
                with log.open("a") as file:
                    file.write(json.dumps(line) + "\n")
            torch.save(
                {
                    "model": model.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "step": step + 1,
                    "config": model.config.asdict(),
                },
                out,
            )
        if late:
            break
    return model.eval()
