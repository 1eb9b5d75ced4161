"""The scoring rules: every published figure rests on them."""

from __future__ import annotations

import pytest

from engine.cli.evaluation.episodes import Episode, Question, Session, Turn
from engine.cli.evaluation.scoring import (
    contains,
    contains_any,
    declines,
    judge,
    likeliest,
    locate_telling,
    normalise,
    told_values,
    values_in,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The  Wandering-Goats!", "the wandering goats"),
        ("  KMR\t402\n", "kmr 402"),
        ("Dr. O'Brien", "dr o brien"),
        ("snake_case_name", "snake case name"),
        ("ÉCOLE Zoë Łódź", "école zoë łódź"),
        ("Zoe\u0308", "zoë"),  # decomposed and composed are the same
        ("\uff21\uff22\uff11\uff12", "ab12"),  # full-width letters and digits
        ("½ cup", "1 2 cup"),
        ("हिन्दी", "हिन्दी"),  # vowel signs belong to their word
        ("東京です", "東 京 て す".replace("て", "で")),
        ("", ""),
        ("?!... -- ", ""),
        ("🙂 Miso 🙂", "miso"),
        ("İstanbul", normalise("i\u0307stanbul")),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == expected


@pytest.mark.parametrize("text", ["Straße 5", "ΣΊΣΥΦΟΣ", "İzmir", "ﬁne", "①②", "東京", "Zoe\u0308"])
def test_normalise_is_idempotent(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    ("output", "gold", "found"),
    [
        ("Your cat is called Miso.", "Miso", True),
        ("MISO!", "miso", True),
        ("Your cat is called Misoko.", "Miso", False),  # whole words only
        ("It is 17.", "7", False),
        ("It is 7.", "7", True),
        ("It costs 7,50.", "7.50", True),
        ("Room 4C", "4c", True),
        ("Room 4 C", "4C", False),
        ("The Wandering\nGoats", "Wandering Goats", True),
        ("Wandering some Goats", "Wandering Goats", False),
        ("October 2027", "2027", True),
        ("It's O’Brien's turn", "O'Brien", True),  # both apostrophes
        ("anything at all", "", False),
        ("anything at all", "?!", False),  # a gold answer without letters is never found
        ("", "Miso", False),
        ("猫の名前はミソです。", "ミソ", True),
        ("猫の名前は味噌です。", "ミソ", False),
        ("住所は東京都です", "東京", True),
    ],
)
def test_contains_whole_words(output: str, gold: str, found: bool) -> None:
    assert contains(output, gold) is found


def test_any_gold_answer_will_do() -> None:
    assert contains_any("We keep 11 hens.", ["eleven", "11"])
    assert not contains_any("We keep hens.", ["eleven", "11"])
    assert not contains_any("We keep hens.", [])


FACT = Question("What is my cat called?", ("Miso",), "fact")
UPDATE = Question("What is my code?", ("3052",), "update", stale=("7719", "1111"))
ABSTAIN = Question("What is my dog called?", (), "abstain")


@pytest.mark.parametrize("kind", ["fact", "control", "update"])
def test_right_is_containment_for_every_kind_with_a_gold_answer(kind: str) -> None:
    question = Question("?", ("Miso",), kind)
    assert judge(question, "It is Miso, of course.").right
    assert not judge(question, "I do not know.").right


def test_only_abstain_can_be_invented() -> None:
    assert not judge(FACT, "Your cat is called Rex.").invented
    assert judge(ABSTAIN, "Your dog is called Rex.").invented


@pytest.mark.parametrize(
    ("output", "right", "stale"),
    [
        ("It is 3052.", True, False),
        ("It is 7719.", False, True),
        ("It was 1111.", False, True),
        ("It was 7719, now it is 3052.", True, True),
        ("I forgot.", False, False),
    ],
)
def test_update_tells_new_from_stale(output: str, right: bool, stale: bool) -> None:
    verdict = judge(UPDATE, output)
    assert (verdict.right, verdict.stale) == (right, stale)


@pytest.mark.parametrize(
    ("output", "right"),
    [
        ("I don't know your dog's name.", True),
        ("Your dog is called Rex.", True),  # made up, but nobody told it: counted as invented, not as wrong
        ("Your dog is called Miso.", False),
        ("Your dog's code is 7719.", False),  # replaced values count too
        ("", True),
    ],
)
def test_abstain_must_not_hand_out_what_was_told(output: str, right: bool) -> None:
    told = ["Miso", "3052", "7719"]
    assert judge(ABSTAIN, output, told).right is right


def test_abstain_ignores_values_that_the_question_names() -> None:
    question = Question("How old is Miso's brother?", (), "abstain")
    assert judge(question, "I don't know how old Miso's brother is.", ["Miso"]).right
    assert not judge(question, "Miso's brother is called Tofu.", ["Miso", "Tofu"]).right


def test_abstain_with_lists_of_its_own() -> None:
    question = Question("Who is my vet?", ("not told",), "abstain", stale=("Adams",), wrong=("Okafor",))
    assert judge(question, "You have not told me that.").right
    assert not judge(question, "No idea.").right  # an accepted wording was asked for
    assert not judge(question, "You have not told me, perhaps Okafor?").right
    verdict = judge(question, "Not told. Adams?")
    assert not verdict.right
    assert verdict.stale


@pytest.mark.parametrize(
    "output",
    [
        "I don't know.",
        "I'm not sure what your dog is called.",
        "You haven't told me your dog's name.",
        "You didn't mention it.",
        "I do not have that information.",
        "As an AI, I have no access to it.",
        "Could you please tell me more?",
        "I'm sorry, but I can't say.",
        "What is it?",
        "",
        "それはまだ聞いていません。",
        "すみません、分かりません。",
        "ペットのお名前は何ですか？",
    ],
)
def test_declining(output: str) -> None:
    assert declines(output)


@pytest.mark.parametrize(
    "output", ["Your dog is called Rex.", "Rex", "It is 120 over 80.", "You go to St Mary's.", "犬はこむぎ"]
)
def test_claiming(output: str) -> None:
    assert not declines(output)


def test_told_values_are_those_of_facts_and_updates() -> None:
    control = Question("Capital of France?", ("Paris",), "control")
    odd = Question("Who?", ("nobody",), "abstain", wrong=("Rex",))
    episode = Episode("e", (), (FACT, UPDATE, ABSTAIN, control, odd, FACT))
    assert told_values(episode) == ["Miso", "3052", "7719", "1111"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("My flight to Porto leaves from gate B17 at 6:42.", ["Porto", "B17", "6:42"]),
        ("I work as a bookbinder in Tallinn. Lovely place!", ["Tallinn"]),
        ("It rained all day, I'm tired and I think that I'll sleep.", []),
        ("We keep 7 hens and 11 ducks.", ["11"]),
        ("Dr O'Brien and Mrs Adams-Smith", ["O'Brien", "Adams-Smith"]),
        ("", []),
    ],
)
def test_names_and_numbers_are_values(text: str, values: list[str]) -> None:
    assert values_in(text) == values


def test_a_told_number_handed_out_elsewhere_is_an_error() -> None:
    episode = Episode("e", (Session((Turn("user", "I take the 6:42 train every morning."),)),), (FACT, ABSTAIN))
    told = told_values(episode, episode.tellings())
    assert told == ["Miso", "6:42"]
    assert not judge(ABSTAIN, "It's 6:42.", told).right
    assert judge(ABSTAIN, "I do not know that.", told).right


def test_tellings_are_the_user_turns_in_order() -> None:
    session = Session((Turn("assistant", "Hi"), Turn("user", "a"), Turn("assistant", "b"), Turn("user", "c")))
    assert Episode("e", (session, session), (FACT,)).tellings() == ["a", "c", "a", "c"]


def test_locates_the_telling_that_shares_most_with_the_question() -> None:
    tellings = ["We keep seven hens.", "My cat eats at seven.", "Nothing.", "Seven people came."]
    assert locate_telling(Question("How many hens do we keep?", ("seven",), "fact"), tellings) == 0
    assert locate_telling(Question("When does my cat eat?", ("seven", "7"), "fact"), tellings) == 1


def test_among_equal_tellings_the_newest_counts() -> None:
    tellings = ["My code is 3052.", "My code is 7719.", "My code is 3052."]
    assert locate_telling(UPDATE, tellings) == 2


def test_what_was_never_told_has_no_telling() -> None:
    assert locate_telling(FACT, ["My dog is Rex."]) is None
    assert locate_telling(ABSTAIN, ["My dog is Rex."]) is None
    assert locate_telling(Question("Capital of France?", ("Paris",), "control"), ["I flew to Paris."]) is None


def test_the_likeliest_option_is_taken_by_the_byte() -> None:
    short = {"text": "Ham.", "log_likelihood": -6.0}
    long = {"text": "Tofu with sesame, as you like it.", "log_likelihood": -30.0}
    assert likeliest([short, long]) == long["text"], "less likely as a whole, since it is longer"
    assert likeliest([short, {**long, "log_likelihood": -60.0}]) == "Ham."


def test_a_choice_is_right_to_the_letter() -> None:
    choice = Question("Dinner?", ("Tofu.",), "choice", options=("Tofu.", "Tofu. With ham."))
    assert judge(choice, "Tofu.").right
    assert not judge(choice, "Tofu. With ham.").right
