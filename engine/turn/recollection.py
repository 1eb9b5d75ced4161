"""What the memory recalls in words, and how another model is told of it.

A model that was trained to talk gets it beside what the user said, in a sentence that says what it is. A *base* model,
which only goes on with a text, is shown by a few examples how one answers from it, and that one may not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.bit_ttt import Told
from engine.bit_ttt.unspaced import is_unspaced
from engine.protocol import TurnMessage

REMINDER: Final = (
    '{text}\n\n(From your memory of earlier talks with this user, perhaps in answer to this: "{recollection}")'
)
"""Behind the text, where a model looks first, and in the turn itself: what was before stays in the KV window."""
REMINDER_JA: Final = "メモ：\n{recollection}\n質問：{text}"
"""Japanese: the user's own words, what fits best right before the question."""
QUOTE_JA: Final = "前に「{told}」と聞きました。"
"""How a model that has no Japanese says what it was told in Japanese."""
NOTHING_JA: Final = "それについて聞いたことは、まだありません。"
"""The same of nothing. It speaks for the memory: what the world knows, this model cannot say in Japanese either."""

_EXAMPLES: Final = (
    ("I'm at desk 12 by the printer.", "Which desk is mine?", "You said, I'm at desk 12 by the printer: desk 12."),
    ("", "What is my cousin's job?", "You haven't told me that yet."),
    ("", "How many minutes are in an hour?", "Sixty."),
    ("I got a banjo from Ines.", "Who gave me the banjo?", "You said, I got a banjo from Ines: it was Ines."),
)
_EXAMPLES_JA: Final = (
    (
        "・名前を決めるのって難しいね。\n・駅前にできたパン屋の「麦の穂」が絶品でさ。",
        "駅前のパン屋って何ていう名前だっけ？",
        "「駅前にできたパン屋の「麦の穂」が絶品でさ」とのことなので、麦の穂です。",
    ),
    (
        "・釣りなんだけど、雨だから土曜の六時に集合だって。",
        "今度の釣りは何曜日？",
        "「釣りなんだけど、雨だから土曜の六時に集合だって」とのことなので、土曜です。",
    ),
    ("", "祖父の趣味は何でしたっけ？", "それはまだ聞いていません。"),
    ("", "一時間は何分ですか？", "六十分です。"),
    (
        "・高校の三年間は花屋でバイトしてた。手が荒れて大変だったな。",
        "高校のとき何のアルバイトをしてた？",
        "「高校の三年間は花屋でバイトしてた。手が荒れて大変だったな」とのことなので、花屋です。",
    ),
)
"""Recollection, question, answer. The answer says first what it goes by: a small model copies better than it picks, and
picks better from what it has just said (Gemma 3 270M: 8 right of 12 without, 11 of 13 with)."""


def reminded(text: str, recollection: str) -> str:
    """What the speaker reads in place of `text`."""
    if not recollection.strip():
        return text
    reminder = REMINDER_JA if is_unspaced(text) else REMINDER
    return reminder.format(recollection=recollection.strip(), text=text)


def in_words(told: Sequence[Told]) -> str:
    """What was told as a recollection; the turn that fits best comes last, nearest to the question."""
    return "\n".join(f"・{one.text}" for one in reversed(told))


def quoted(told: Sequence[Told]) -> str:
    """What was told as a reply: the turn that fits best, or that there is none."""
    return QUOTE_JA.format(told=told[0].text.rstrip("。")) if told else NOTHING_JA


def examples(text: str) -> list[TurnMessage]:
    """A short talk that shows a base model how to answer in the language of `text`."""
    talk = []
    for told, asked, answer in _EXAMPLES_JA if is_unspaced(text) else _EXAMPLES:
        talk.append(TurnMessage(role="user", content=reminded(asked, told)))
        talk.append(TurnMessage(role="assistant", content=answer))
    return talk
