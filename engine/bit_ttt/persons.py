"""Whom a Japanese sentence is about, so that nobody is given what belongs to somebody else.

"妹の名前" and "猫の名前" share four grams of five. Relations and animals are a small closed class of words, most of
them with two or three names ("祖母", "おばあちゃん"), so they are listed.
"""

from __future__ import annotations

import re
from typing import Final

_NAMES: Final = (
    ("祖母", "おばあ", "ばあちゃん", "お婆"),
    ("祖父", "おじい", "じいちゃん", "お爺"),
    ("義母", "義理の母", "お義母", "姑"),
    ("義父", "義理の父", "お義父", "舅"),
    ("母", "お母さん", "ママ", "おふくろ"),
    ("父", "お父さん", "パパ", "おやじ", "親父"),
    ("兄", "お兄"),
    ("姉", "お姉"),
    ("弟",),
    ("妹",),
    ("夫", "旦那", "主人"),
    ("妻", "奥さん", "家内", "嫁"),
    ("娘",),
    ("息子",),
    ("孫",),
    ("叔母", "伯母", "おばさん"),
    ("叔父", "伯父", "おじさん"),
    ("従兄", "従弟", "従姉", "従妹", "いとこ"),
    ("甥",),
    ("姪",),
    ("彼氏",),
    ("彼女",),
    ("親友",),
    ("友達", "友人", "ともだち"),
    ("同僚",),
    ("上司", "課長", "部長", "店長"),
    ("部下", "後輩"),
    ("先輩",),
    ("大家",),
    ("犬", "柴", "いぬ", "ワンコ", "わんこ"),
    ("猫", "ねこ", "ネコ", "ニャンコ", "にゃんこ"),
    ("インコ", "鳥"),
    ("うさぎ", "ウサギ", "兎"),
    ("ハムスター",),
)
_GROUP: Final = {name: group for group, names in enumerate(_NAMES) for name in names}
# The longest name first: a grandmother ("祖母") is no mother ("母").
_ANY: Final = re.compile("|".join(sorted(map(re.escape, _GROUP), key=len, reverse=True)))
_NO_PERSON: Final = re.compile("夫婦|丈夫|工夫|母校|父母会|弟子|姉妹都市|猫背|猫舌|神父|主人公")


def persons(text: str) -> frozenset[int]:
    """Numbers of the persons and animals that a text names; the same number for every name of one."""
    return frozenset(_GROUP[name] for name in _ANY.findall(_NO_PERSON.sub(" ", text)))
