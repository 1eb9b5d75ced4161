"""The Bit-TTT memory of one profile: slow weights that know how to write and read, fast weights that hold the facts.

    write   turn -> keys, salience, addresses -> inner loop on the fast weights
    read    question -> addresses make a shortlist of turns; the question's probes into their keys, and its words one
            by one, pick a few;
            position of the reply -> query; the picked turns' neurons compete;
            p = g0 p_LM + g1 p_memory + g2 p_phrase

Multiplications that are left, by number for a read of one token with W winners of C picked neurons (all the rest is
sums, comparisons, ANDs and popcounts; matrix products are ternary):
    - centring and scaling of the tapped layers, and the unit of each BitLinear: one a channel;
    - the writer's one attention over the turn (once a turn);
    - the weights of the question's probes: one a probe and turn of the shortlist (once a question);
    - which of the picked turns say the same (once a question): a few for each pair of them;
    - how near each picked neuron is to what is asked for (once a question): two for each neuron within reach of it;
    - the scales of the score: 3 C; the softmax over the winners: W;
    - the gate: 3 x width, the predecessor's weight: width, and the softmax of the fused distribution: V.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.bit_ttt.codes import UNKNOWN, Codebook, predecessor_trits
from engine.bit_ttt.fast_weights import FREE, FastConfig, FastStats, FastWeights, LearnReport
from engine.bit_ttt.lexicon import LEXICAL_UNIT, holds, word_ends, word_places
from engine.bit_ttt.recital import Told, recite
from engine.bit_ttt.rereader import SecondLook
from engine.bit_ttt.slow_weights import CLOSE, CROSSED, REACH, TRITS_NORM, Encoded, Floats, SlowWeights
from engine.bit_ttt.tokens import SpaceTable
from engine.bit_ttt.trits import WORD, Planes, match, pack, size
from engine.bit_ttt.unspaced import is_unspaced, sentences, tells
from engine.bit_ttt.write_set import TurnWrite

MAX_PART: Final = 160
"""Tokens the writer reads at once; a longer turn is learned in parts, cut at sentence ends."""
MAX_KEPT: Final = 64
"""Tokens kept of one part. Where words have no spaces, all of those that tell: it takes two tokens a character."""
KEEP: Final = -12.0
"""Log-salience from which a token is kept."""
WORTHWHILE: Final = -3.0
"""Log-salience that at least one token of a turn must reach, or nothing of it is written."""
WINNERS: Final = 16
"""k of the k-winners-take-all among the neurons of the picked turns."""
SPOKEN: Final = 0.4
"""Share of the fused distribution from which a neuron's proposal counts as the memory's own word. After a second look,
which knows where the answer begins, so does the likeliest word of all: or "Miso" would be begun again and again."""
FAINT: Final = 1e-3
"""Share of the fused distribution below which a winner is left out."""
REFRACTORY: Final = 8.0
"""By so many nats a neuron that has spoken is held back for the rest of the reply, as a nerve cell is."""
QUIET: Final = 0.05
"""Share of memory and phrase together below which the model is left exactly as it is."""
UNHEARD: Final = 0.02
"""Share of phrases below which they are left out: their matrix is the largest of a read but one."""
UNRELATED: Final = 0.1
"""Share of the question's words in the best turn below which the memory must be surer of itself to speak."""
CAUTION: Final = 4.0
"""By so many nats, for the model: a question that shares no rare word with anything told is mostly about the world."""
WORTH_A_LOOK: Final = 0.05
"""Share of the memory from which a second look comes before it speaks. On kinds that were not trained on, the memory's
share at the first position of the reply is larger for 98 % of the questions about something told, and for 5 % of new
tellings, where only its phrases speak."""
LOOKED: Final = 1.0
"""What a second look says counts so much in the read, in nats a nat of its log-odds. On the kinds kept to develop with
(100 hand-written facts, 75 questions about scenes, free generation): 63 and 24 right without a look, 75 and 35 at 1, 66
and 39 at 2."""
UNLIKELY: Final = -20.0
"""Log-odds, against the best token, below which a second look tells tokens apart no more."""
DOUBT: Final = np.array([0.0, -0.5, 0.0], dtype=np.float32)
"""What each nat by which a second look finds no answer rather than one adds to the gate's logits. Twice as much left
two more of 27 near misses alone and lost two of the 100."""
SALIENCE_UNIT: Final = 8.0
"""Salience is stored in eighths of a nat."""
_SENTENCE_ENDS: Final = (b".", b"!", b"?", b"\n")
_UNSPACED_ENDS: Final = tuple(mark.encode() for mark in "。！？")
"""A token may be a part of such a character."""
UNTRAINED: Final = -1.0
"""Log-salience of a token that is kept because its sentence tells something: the writer cannot weigh it. Low enough to
be context (`fast_weights.CONTEXT`), so that only the very same words count as heard again."""
NOT_TOLD: Final = -15.0
"""The same of a token in a sentence that asks; not kept."""


@dataclass(frozen=True)
class Part:
    """A turn, or a stretch of a long one, as the writer sees it."""

    text: str
    tokens: list[int]
    encoded: Encoded
    lexical: Planes


@dataclass
class Trail:
    """Where the reply is in what it recalls: a value is followed to its end, in the turn where it began.

    Attributes:
        turn: the turn that spoke last, as index into `Recall.entries`.
        neuron: the neuron that spoke last, when the last token of the reply was its token.
        pending: token and neuron that the memory proposed for the next token.
        spoken: the neurons that had their say in this reply.
    """

    turn: int | None = None
    neuron: int | None = None
    pending: tuple[int, int] | None = None
    spoken: list[int] = field(default_factory=list)

    def heard(self, token: int, of_turn: NDArray[np.int64]) -> None:
        """The reply went on with `token`."""
        self.neuron = None
        if self.pending is not None and self.pending[0] == token and self.pending[1] >= 0:
            self.neuron = self.pending[1]
            self.turn = int(of_turn[self.neuron])
            self.spoken.append(self.neuron)
        self.pending = None


@dataclass(frozen=True)
class Recall:
    """The turns picked for a question, oldest first, and their neurons.

    Attributes:
        entries: journal ids of the picked turns; `scores`: (C,) how well each answers the question.
        best_address: the best turn's score; `lead` is by how much it leads the next.
        coverage: the share of the question's words, by rarity, that the best turn holds; `lacking`: the learned weight
            of those that it does not hold; `nearest`: how near what is worth saying in it is to what is asked for.
        opinion: (3,) what all this adds to the gate's logits; `closest`: the best match that any query can have.
        keys, predecessors: (n, 2, W) packed; tokens, bias: (n,); salience: (n,) log-probability of being
            worth keeping; of_turn: (n,) index into `entries`.
        linked: (n - 1,) whether the next neuron's token was told right after this one's, in the same turn.
        unfinished: (n,) whether the neuron's word goes on with the next one.
        looked: whether this is after the second look.
    """

    gist: Floats
    entries: list[int]
    scores: Floats
    best_address: float
    lead: float
    coverage: float
    lacking: float
    nearest: float
    opinion: Floats
    closest: float
    keys: Planes
    predecessors: Planes
    tokens: NDArray[np.int64]
    bias: Floats
    salience: Floats
    of_turn: NDArray[np.int64]
    linked: NDArray[np.bool_]
    unfinished: NDArray[np.bool_]
    looked: bool = False
    trail: Trail = field(default_factory=Trail)

    @property
    def empty(self) -> bool:
        """Nothing was ever learned: only phrases can be said ("you haven't told me that yet")."""
        return len(self.tokens) == 0

    def finishes(self, token: int) -> bool:
        """Whether `token`, said next, is of a word that the memory then says to its end, whatever the model thinks."""
        pending = self.trail.pending
        return pending is not None and pending[0] == token and pending[1] >= 0 and bool(self.unfinished[pending[1]])

    @property
    def after(self) -> int | None:
        """The neuron of the token that was told after the one said last, while the reply is in the middle of a turn."""
        said = self.trail.neuron
        return said + 1 if said is not None and said < len(self.linked) and self.linked[said] else None


@dataclass(frozen=True)
class Reading:
    """What the memory says at one position.

    Attributes:
        scores: (V,) fused log-probabilities, or the model's own logits, untouched, when the memory is silent.
        active: whether the memory has a say.
        gate: (3,) shares of model, memory and phrase; of a silent memory perhaps only a bound of them.
        entries: journal ids of the turns whose neurons fired.
    """

    scores: Floats
    active: bool
    gate: Floats
    entries: list[int] = field(default_factory=list)

    @property
    def worth_a_look(self) -> bool:
        """The memory is about to say something that was told."""
        return bool(self.active and self.gate[1] >= WORTH_A_LOOK)

    @property
    def outspoken(self) -> bool:
        """Memory and phrases together outweigh the model."""
        return bool(self.active and self.gate[0] < 0.5)


class Memory:
    """Slow and fast weights together.

    Args:
        slow: the trained weights.
        fast: one profile's fast weights.
        spaces: the backbone's token pieces.
    """

    def __init__(self, slow: SlowWeights, fast: FastWeights, spaces: SpaceTable) -> None:
        self.slow, self.fast, self.spaces = slow, fast, spaces
        # A semantic match counts as so many sixty-fourths of a lexical one: shifts and additions.
        lexical = float(slow.address_scale[0]) / LEXICAL_UNIT
        self._semantic_weight = round(64 * float(slow.address_scale[1]) / (TRITS_NORM * 10) / lexical)
        self._address_unit = lexical / 64
        self._local = slow.config["key_trits"] // WORD

    @classmethod
    def born(cls, slow: SlowWeights, pieces: Sequence[bytes], config: FastConfig | None = None) -> Memory:
        """A memory that has learned nothing. `pieces`: the bytes of each token of the backbone's vocabulary."""
        return cls(slow, FastWeights.birth(Codebook(len(pieces)), config), SpaceTable(pieces))

    def with_state(self, arrays: Mapping[str, NDArray[np.generic]] | None) -> Memory:
        """The same slow weights with other fast weights; None: newly born.

        Raises:
            ValueError: the arrays are not the state of such a memory.
        """
        config, codebook = self.fast.config, self.fast.codebook
        if arrays is None:
            # Copied below, so that every page of it is there from the first turn on and the process grows no more.
            arrays = FastWeights.birth(codebook, config).arrays()
        return Memory(self.slow, FastWeights.from_arrays(arrays, codebook, config), self.spaces)

    def stats(self) -> FastStats:
        """Sizes and use of the fast weights."""
        return self.fast.stats()

    # ------------------------------------------------------------------------------------------ write

    def encode(self, tokens: Sequence[int], taps: Mapping[str, Floats]) -> list[Part]:
        """The writer over a user's turn.

        Args:
            tokens: the T tokens of the message's content.
            taps: for each of `slow.taps` but the last, (T + 1, d): the content's tokens and the end token after them.

        Returns:
            One part, or several for a long turn; none for an empty one.
        """
        parts = []
        names = self.slow.taps
        stored = self.spaces.canonical(tokens)
        for start, end in self._cuts(tokens):
            # The last row of a part is the end token's for the last part, the next token's for the others.
            rows = slice(start, end + 1)
            encoded = self.slow.encode(*(taps[name][rows] for name in names[:3]))
            pieces = [self.spaces.pieces[t] for t in tokens[start:end]]
            text = b"".join(pieces).decode("utf-8", "replace")
            if is_unspaced(text):
                encoded = replace(encoded, salience=told_salience(pieces))
            lexical = pack(self.slow.lexicon.address(text))
            parts.append(Part(text.strip(), stored[start:end], encoded, lexical))
        return parts

    def _cuts(self, tokens: Sequence[int]) -> list[tuple[int, int]]:
        cuts, start = [], 0
        while start < len(tokens):
            end = min(start + MAX_PART, len(tokens))
            if end < len(tokens):
                ends = [i for i in range(start + MAX_PART // 2, end) if self._ends_sentence(tokens, i)]
                end = ends[-1] + 1 if ends else self._between_characters(tokens, end)
            cuts.append((start, end))
            start = end
        return cuts

    def _ends_sentence(self, tokens: Sequence[int], place: int) -> bool:
        pieces = self.spaces.pieces
        if pieces[tokens[place]].endswith(_SENTENCE_ENDS):
            return True
        return b"".join(pieces[t] for t in tokens[max(0, place - 2) : place + 1]).endswith(_UNSPACED_ENDS)

    def _between_characters(self, tokens: Sequence[int], place: int) -> int:
        """The next place at or before `place` that is not within a character."""
        cut = place
        while cut > place - 4 and 0x80 <= self.spaces.pieces[tokens[cut]][:1].ljust(1)[0] < 0xC0:
            cut -= 1
        return cut

    def write(self, part: Part) -> TurnWrite:
        """What the inner loop would be given: the tokens worth keeping, as integers. Empty when none is."""
        salience = part.encoded.salience
        kept = np.flatnonzero(salience > KEEP)
        if len(kept) == 0 or salience.max() < WORTHWHILE:
            kept = kept[:0]
        if len(kept) > MAX_KEPT and not is_unspaced(part.text):
            kept = np.sort(kept[np.argsort(-salience[kept], kind="stable")[:MAX_KEPT]])
        tokens = np.asarray(part.tokens, dtype=np.int32)
        before = np.concatenate((np.array([UNKNOWN], dtype=np.int32), tokens[:-1]))[: len(tokens)]
        trits = np.concatenate((part.encoded.keys[kept], predecessor_trits(before[kept])), axis=1)
        eighths = np.maximum(np.rint(salience[kept] * SALIENCE_UNIT), -127).astype(np.int8)
        return TurnWrite(part.lexical, pack(part.encoded.tell), pack(trits), tokens[kept], eighths)

    def learn(self, write: TurnWrite, entry: int) -> LearnReport:
        """The inner loop; see `FastWeights.learn`."""
        return self.fast.learn(write, entry)

    # ------------------------------------------------------------------------------------------ read

    def recall(self, parts: Sequence[Part], without: Sequence[int] = ()) -> Recall:
        """Stage one: which learned turns does this turn call up?

        By popcount over all addresses, which make a shortlist; the question's probes rank it.

        Args:
            parts: the turn.
            without: journal ids that are left aside: what this same turn has taught before.
        """
        fast, slow = self.fast, self.slow
        used = np.flatnonzero(fast.entry != FREE)
        if without:
            used = used[~np.isin(fast.entry[used], np.asarray(without))]
        # A long turn asks at its end.
        part = parts[-1]
        if len(used) == 0:
            return self._nothing_told(part)
        shared = match(fast.lexical[used], part.lexical)
        scores = shared * 64 + match(fast.semantic[used], pack(part.encoded.ask)) * self._semantic_weight
        shortlist = np.argsort(-scores, kind="stable")[: slow.config["shortlist"]]
        short = used[shortlist]
        address = scores[shortlist].astype(np.float32) * np.float32(self._address_unit)
        neurons = [fast.neurons_of(int(slot)) for slot in short]
        address += self._probe(part.encoded, neurons)
        words, present = self._words(part, fast.lexical[short])
        weights = np.fromiter(words.values(), np.float32)
        address += weights @ present
        best = np.argsort(-address, kind="stable")[: slow.config["candidates"]]
        lead = float(address[best[0]] - address[best[1]]) if len(best) > 1 else float(address[best[0]])
        coverage = shared[shortlist].astype(np.float32) / max(1, int(size(part.lexical)))
        by_age = best[np.argsort(fast.entry[short[best]], kind="stable")]
        of_turn = np.repeat(np.arange(len(by_age)), [len(neurons[i]) for i in by_age])
        flat = np.concatenate([neurons[i] for i in by_age])
        newness = np.linspace(0, 1, slow.config["candidates"], dtype=np.float32)[-len(by_age) :]
        scale = slow.score_scale
        bias = scale[1] * address[by_age] + scale[3] * newness + scale[6] * coverage[by_age]
        meaning = np.stack([match(fast.semantic[short[by_age]], fast.semantic[slot]) for slot in short[by_age]])
        bias += scale[7] * superseded(
            address[by_age], (meaning / (TRITS_NORM * 10)).astype(np.float32), weights, present[:, by_age]
        )
        tokens = fast.codebook.decode(fast.code_trits(flat))
        predecessors = np.ascontiguousarray(fast.keys[flat][:, :, self._local :])
        linked = (predecessors[1:] == pack(predecessor_trits(tokens[:-1]))).all((1, 2))
        linked &= of_turn[1:] == of_turn[:-1]
        salience = fast.salience[flat].astype(np.float32) / np.float32(SALIENCE_UNIT)
        keys = np.ascontiguousarray(fast.keys[flat][:, :, : self._local])
        near = self._near(part.encoded, words, tokens, keys, linked, of_turn)
        worth_saying = (near * np.exp(salience))[of_turn == np.flatnonzero(by_age == best[0])[0]]
        picked = (
            float(address[best[0]]),
            lead,
            float(coverage[best[0]]),
            float(weights @ (1 - present[:, best[0]])),
            float(worth_saying.max(initial=0)),
        )
        return Recall(
            part.encoded.gist,
            [int(e) for e in fast.entry[short[by_age]]],
            address[by_age],
            *picked,
            self._opinion(*picked),
            float(size(keys).max(initial=0)) / (TRITS_NORM * TRITS_NORM),
            keys,
            predecessors,
            tokens,
            (bias[of_turn] + scale[2] * salience + near).astype(np.float32),
            salience,
            of_turn,
            linked,
            self.spaces.unfinished(tokens, linked),
        )

    def recite(self, parts: Sequence[Part], without: Sequence[int] = ()) -> list[Told]:
        """What was told that answers this turn, in the words of the telling; see `recital`. Arguments as for `recall`.

        Only where the reader cannot read: of a turn in a script without spaces.
        """
        part = parts[-1]
        if not is_unspaced(part.text):
            return []
        return recite(self.fast, self.slow.lexicon, self.spaces, part.text, part.lexical, without)

    def _nothing_told(self, asking: Part) -> Recall:
        """No turn, no neuron: all words are lacking."""
        words, _ = self._words(asking, self.fast.lexical[:0])
        planes = np.zeros((0, 2, self._local), dtype=np.uint64)
        none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        lacking = sum(words.values())
        opinion = self._opinion(0.0, 0.0, 0.0, lacking, 0.0)
        opinion[1] = -np.inf
        return Recall(
            asking.encoded.gist, [], nothing, 0.0, 0.0, 0.0, lacking, 0.0, opinion, 0.0, planes, planes, none,
            nothing, nothing, none, none.astype(bool), none.astype(bool),
        )  # fmt: skip

    def _opinion(self, best_address: float, lead: float, coverage: float, lacking: float, nearest: float) -> Floats:
        """(3,) what the way the turns were picked adds to the gate's logits; see `Recall` for the five."""
        evidence = [0, best_address / 8 - 1, lead / 4, coverage * 4 - 1, lacking / 2, 0, 0, nearest / 4]
        opinion: Floats = self.slow.gate_evidence @ np.array(evidence, dtype=np.float32)
        if coverage < UNRELATED:
            opinion[0] += np.float32(CAUTION)
        return opinion

    def _probe(self, asking: Encoded, neurons: Sequence[NDArray[np.intp]]) -> Floats:
        """Late interaction (ColBERT, arXiv 2004.12832): each token of the question probes all keys of each turn.

        Returns:
            For each turn the sum of the probes' best matches, each with its weight.
        """
        flat = np.concatenate(neurons)
        starts = np.cumsum([0, *(len(n) for n in neurons[:-1])])
        keys = np.ascontiguousarray(self.fast.keys[flat][:, :, : self._local])
        found = np.zeros(len(neurons), dtype=np.float32)
        for probe, weight in zip(pack(asking.probes), asking.probe_weights, strict=True):
            best = np.maximum.reduceat(match(keys, probe), starts)
            found += best.astype(np.float32) * (weight / np.float32(TRITS_NORM * TRITS_NORM))
        return found

    def _words(self, asking: Part, addresses: Planes) -> tuple[dict[str, float], Floats]:
        """The question's w words with their learned weights, and (w, n) 1 where an address holds the word."""
        lexicon = self.slow.lexicon
        ends = word_ends([self.spaces.pieces[token] for token in asking.tokens])
        codes = {word: code for word in ends if np.any(code := lexicon.code(word))}
        present = np.zeros((len(codes), len(addresses)), dtype=np.float32)
        for row, code in zip(present, codes.values(), strict=True):
            row[:] = holds(addresses, code)
        return {word: float(asking.encoded.word_weights[ends[word]]) for word in codes}, present

    def _near(
        self,
        asking: Encoded,
        words: Mapping[str, float],
        tokens: NDArray[np.int64],
        keys: Planes,
        linked: NDArray[np.bool_],
        of_turn: NDArray[np.int64],
    ) -> Floats:
        """How near each picked neuron is to what is asked for: (n,), see `nearness`."""
        heat = np.zeros((2, len(tokens)), dtype=np.float32)
        for turn in range(int(of_turn[-1]) + 1):
            here = np.flatnonzero(of_turn == turn)
            for word, end in word_places([self.spaces.pieces[token] for token in tokens[here]]):
                heat[0, here[end]] += np.float32(words.get(word, 0.0))
        for probe, weight in zip(pack(asking.probes), asking.probe_weights, strict=True):
            found = match(keys, probe).astype(np.float32) / np.float32(TRITS_NORM * TRITS_NORM)
            heat[1] += np.maximum(found - np.float32(CLOSE), 0) * weight
        # Where tokens were not kept, there may have been a separator.
        crossed = self.spaces.separates[tokens].astype(np.int64)
        crossed[1:] += ~linked
        return nearness(self.slow.nearness, heat, of_turn, np.cumsum(crossed))

    def read(self, recall: Recall, last_token: int, taps: Mapping[str, Floats], logits: Floats) -> Reading:
        """Stage two, for one position of the reply: query, k winners, gate, fusion.

        Args:
            recall: the picked turns.
            last_token: the token just read.
            taps: for each of `slow.taps`, (d,) at that token; not looked at where the recall `finishes` it.
            logits: (V,) the backbone's; likewise, but for their number.
        """
        slow, trail = self.slow, recall.trail
        trail.heard(last_token, recall.of_turn)
        if trail.neuron is not None and recall.unfinished[trail.neuron]:
            return self._rest_of_word(recall, trail.neuron + 1, logits)
        embedding, first, second, last = (taps[name] for name in slow.taps)
        query = slow.query(embedding, first, second, last, recall.gist)
        opinion = query.gate + recall.opinion
        if trail.turn is not None:
            opinion += slow.gate_evidence[:, 5]
        after = recall.after
        if after is not None:
            opinion += slow.gate_evidence[:, 6] * np.exp(recall.salience[after])
        # The share of memory and phrase is a convex function of the best match: where it is small for none and for the
        # closest there can be, it is small for all between, and need not be looked for.
        extremes = self._gate(opinion, np.array([[0.0], [recall.closest]], dtype=np.float32))
        if 1.0 - extremes[:, 0].min() < QUIET:
            return Reading(logits, False, extremes[1])
        matches = match(recall.keys, pack(slow.wanted(query))).astype(np.float32)
        matches /= np.float32(TRITS_NORM * TRITS_NORM)
        gate = self._gate(opinion, matches.max(initial=0, keepdims=True))
        if 1.0 - gate[0] < QUIET:
            return Reading(logits, False, gate)
        follows = (recall.predecessors == _predecessor_code(last_token)).all((1, 2))
        score = slow.score_scale[0] * 2 * matches + recall.bias + slow.succession(query) * follows
        if trail.turn is not None:
            score[recall.of_turn == trail.turn] += slow.score_scale[4]
        if after is not None:
            score[after] += slow.score_scale[5]
        score[trail.spoken] -= REFRACTORY
        score[1:][recall.unfinished[:-1] & ~follows[1:]] -= REFRACTORY
        winners = np.argsort(-score, kind="stable")[:WINNERS]
        share = _softmax(score[winners]) * gate[1]
        heard = share > FAINT
        winners, share = winners[heard], share[heard]
        said = np.array([self._spaced(last_token, recall, int(w), bool(follows[w])) for w in winners], dtype=np.int64)
        said = said.reshape(-1, 2)
        scores = logits + (np.log(gate[0] + np.float32(1e-12)) - _log_sum_exp(logits))
        if gate[2] > UNHEARD:
            phrase = _softmax(slow.phrase(query)) * gate[2]
            scores[slow.phrases] = np.logaddexp(scores[slow.phrases], np.log(phrase + np.float32(1e-12)))
        for token, mass in zip(said[:, 0], share, strict=True):
            scores[token] = np.logaddexp(scores[token], np.log(mass))
        if len(said) and (share[0] > SPOKEN or (recall.looked and scores[said[0, 0]] == scores.max())):
            trail.pending = int(said[0, 0]), int(said[0, 1])
        fired = {recall.entries[t] for t in recall.of_turn[winners][share > 0.25]}
        return Reading(scores, True, gate, sorted(fired))

    def look_closer(self, recall: Recall, look: SecondLook) -> Recall:
        """The same turns, weighed once more by what reading them behind the question has shown."""
        start = np.maximum(look.start - look.told, np.float32(UNLIKELY))
        bias = (recall.bias + np.float32(LOOKED) * start).astype(np.float32)
        opinion = recall.opinion + DOUBT * np.float32(max(0.0, -look.told))
        return replace(recall, bias=bias, opinion=opinion, looked=True, trail=Trail())

    def _gate(self, opinion: Floats, best_match: Floats) -> Floats:
        """(..., 3) shares of model, memory and phrase, for each of the matches (..., 1)."""
        return _softmax(opinion + self.slow.gate_evidence[:, 0] * (best_match * 4 - 1))

    def _spaced(self, before: int, recall: Recall, neuron: int, follows: bool) -> tuple[int, int]:
        """Token and neuron with which `neuron` makes itself heard: a space first, where it would run into a word."""
        token = int(recall.tokens[neuron])
        if follows or self.spaces.space < 0 or not self.spaces.glued(before, token):
            return token, neuron
        return self.spaces.space, neuron - 1 if neuron and recall.tokens[neuron - 1] == self.spaces.space else -1

    @staticmethod
    def _rest_of_word(recall: Recall, neuron: int, logits: Floats) -> Reading:
        """A word is one thing: once begun it is said to its end."""
        token = int(recall.tokens[neuron])
        recall.trail.pending = token, neuron
        scores = np.full_like(logits, -np.inf)
        scores[token] = 0.0
        gate = np.array([0, 1, 0], dtype=np.float32)
        return Reading(scores, True, gate, [recall.entries[recall.of_turn[neuron]]])


def told_salience(pieces: Sequence[bytes]) -> Floats:
    """(T,) log-salience of the tokens of a text without spaces: whole sentences are kept, or not."""
    text = b"".join(pieces).decode("utf-8", "surrogateescape")
    spans = sentences(text)
    ends = np.cumsum([len(text[start:end].encode("utf-8", "surrogateescape")) for start, end in spans])
    begins = np.cumsum([0, *map(len, pieces)])[:-1]
    kept = np.array([tells(text[start:end]) for start, end in spans], dtype=bool)
    # A token that has no bytes may stand behind the last sentence.
    sentence = np.minimum(np.searchsorted(ends, begins, side="right"), len(spans) - 1)
    return np.where(kept[sentence], np.float32(UNTRAINED), np.float32(NOT_TOLD)).astype(np.float32)


def superseded(address: Floats, meaning: Floats, weights: Floats, present: Floats) -> Floats:
    """How far a newer turn says what a turn says, so that the newest wins: (C,) from 0 to about 1.

    A newer turn takes over where it holds the same of the question's words, is close in meaning, and answers the
    question about as well.

    Args:
        address: (C,) how well each turn answers the question, oldest turn first.
        meaning: (C, C) matches of the semantic addresses, in units of their norm.
        weights: (w,) of the question's words.
        present: (w, C) 1 where the turn holds the word.
    """
    both = (present * weights[:, None]).T @ present
    share = both / (np.diag(both)[:, None] + np.float32(0.1))
    rival = 1 / (1 + np.exp(np.clip(address[:, None] - address[None] - 1, -60, 60)))
    takes_over = np.triu(share * np.maximum(meaning, 0) * rival, 1)
    worst: Floats = takes_over.max(1).astype(np.float32)
    return worst


def nearness(kernel: Floats, heat: Floats, of_turn: NDArray[np.int64], crossed: NDArray[np.int64]) -> Floats:
    """How near each of n tokens is to what is asked for, (n,): of several values in a turn the one beside it is meant.

    Args:
        kernel: (2, CROSSED + 1, 2 REACH + 1) learned: how much the heat of a token speaks for another one, by the
            number of separators between them and by its place from the other.
        heat: (2, n) the weight of the question's word that a token is the end of, and what the probes find in it.
        of_turn: (n,) the turn of each token, in order.
        crossed: (n,) how many separators come up to and with each token.
    """
    place = np.arange(len(of_turn))
    offset = place[None] - place[:, None]
    within = (np.abs(offset) <= REACH) & (of_turn[None] == of_turn[:, None])
    between = np.minimum(np.abs(crossed[None] - crossed[:, None]), CROSSED)
    speaks = kernel[:, between, np.clip(offset, -REACH, REACH) + REACH] * within
    near: Floats = np.einsum("hij,hj->i", speaks, heat)
    return near


@lru_cache(1024)
def _predecessor_code(token: int) -> Planes:
    code: Planes = pack(predecessor_trits(np.array([token])))[0]
    return code


def _log_sum_exp(x: Floats) -> np.float32:
    peak = x.max()
    shifted = x - peak
    return np.float32(peak + np.log(np.exp(shifted, out=shifted).sum()))


def _softmax(x: Floats) -> Floats:
    """Over the last axis."""
    e = np.exp(x - x.max(-1, keepdims=True, initial=-np.inf))
    y: Floats = e / e.sum(-1, keepdims=True)
    return y
