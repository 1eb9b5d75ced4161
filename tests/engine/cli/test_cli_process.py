"""The commands end to end, with the real engine process and the real model."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from engine.cli import main
from engine.client import EngineClient
from engine.errors import ErrorCode
from engine.protocol import ConversationId, ConversationList, Message, MessageList
from engine.store import ProfileStore, StateIdentity
from tests.engine.cli.conftest import FEW

Techo = Callable[..., tuple[int, Any]]
Spawn = Callable[..., "Popen[str]"]

DATA = Path(__file__).resolve().parents[2] / "data"
STATS = {"state_bytes", "neurons", "neurons_used", "turns_learned", "turns", "turns_used", "snapshot_bytes"}


def last_messages(folder: Path) -> list[Message]:
    """What the default profile's last conversation holds, from a new engine."""
    client, _ = EngineClient.start(folder / "data", "default", create=False, options=FEW)
    with client:
        conversations = client.call("conversation.list", None, ConversationList).conversations
        asked = ConversationId(conversation=conversations[0].id)
        return client.call("conversation.messages", asked, MessageList).messages


def test_profiles_from_first_to_last(techo: Techo) -> None:
    assert techo("profile", "list") == (0, {"profiles": []})
    status, created = techo("profile", "create", "Work")
    assert (status, created["name"]) == (0, "Work")
    assert created["id"]
    status, error = techo("profile", "create", "work")
    assert (status, error["error"]["code"]) == (1, ErrorCode.PROFILE_EXISTS)
    assert error["error"]["hint"]
    assert techo("profile", "rename", "Work", "Office")[0] == 0
    assert [one["name"] for one in techo("profile", "list")[1]["profiles"]] == ["Office"]
    status, refused = techo("profile", "delete", "Office")
    assert (status, refused["error"]["code"]) == (3, ErrorCode.NOT_CONFIRMED)
    assert [one["name"] for one in techo("profile", "list")[1]["profiles"]] == ["Office"]
    assert techo("profile", "delete", "Office", "--yes")[0] == 0
    assert techo("profile", "list")[1] == {"profiles": []}
    status, error = techo("profile", "delete", "Office", "--yes")
    assert (status, error["error"]["code"]) == (1, ErrorCode.PROFILE_NOT_FOUND)


def test_a_mistyped_profile_has_no_memory_made_for_it(techo: Techo) -> None:
    status, error = techo("memory", "stats", "--profile", "typo")
    assert (status, error["error"]["code"]) == (1, ErrorCode.PROFILE_NOT_FOUND)
    assert techo("profile", "list")[1] == {"profiles": []}


def test_a_damaged_profile_is_not_replaced_by_an_empty_one(
    techo: Techo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = techo("profile", "create", "default")[1]
    (tmp_path / "data" / "profiles" / profile["id"] / "profile.sqlite3").write_bytes(b"not a database" * 1000)
    for command in (("memory", "stats"), ("say", "Hello.", "--profile", "another")):
        status, refused = techo(*command)
        assert (status, refused["error"]["code"]) == (1, ErrorCode.STATE_DAMAGED)
        assert "damaged" in refused["error"]["message"]
        assert "profile create" in refused["error"]["hint"]
    (listed,) = techo("profile", "list")[1]["profiles"]
    assert listed["name"] == f"unreadable-{profile['id']}"
    assert "damaged" in listed["problem"]
    assert main(["profile", "list", "--threads", "1", "--data-dir", str(tmp_path / "data")]) == 0
    assert listed["problem"] in capsys.readouterr().out
    assert techo("profile", "create", "default")[0] == 0  # asked for by name
    assert techo("memory", "stats")[0] == 0


def test_say_learn_journal_forget_reset(techo: Techo) -> None:
    status, done = techo("say", "My cat is called Brumble.", "--max-tokens", "8")
    assert status == 0
    assert done["usage"]["generated_tokens"] <= 8
    assert done["finish"] in ("stop", "length")
    assert done["reply"].strip()
    entry = done["learned"]["entry"]
    status, stats = techo("memory", "stats")
    assert status == 0
    assert set(stats) >= STATS
    assert stats["turns_learned"] == 1
    assert 0 < stats["neurons_used"] < stats["neurons"]
    status, journal = techo("memory", "journal")
    assert [one["id"] for one in journal["entries"]] == [entry]
    assert journal["entries"][0]["text"] == "My cat is called Brumble."
    assert techo("memory", "journal", "--words", "dog")[1]["entries"] == []
    status, confirmed = techo("memory", "confirm", str(entry))
    assert (status, confirmed["surprise"]) == (0, 0.0)
    assert techo("memory", "stats")[1]["neurons_used"] == stats["neurons_used"]
    status, gone = techo("memory", "forget", str(confirmed["entry"]))
    assert [one["id"] for one in gone["entries"]] == [confirmed["entry"]], "the confirmation alone was taken back"
    status, asked = techo("memory", "forget", "--words", "BRUMBLE")
    assert (status, asked["error"]["code"]) == (3, ErrorCode.NOT_CONFIRMED)
    assert techo("memory", "forget")[0] == 2
    assert techo("memory", "forget", "1", "--last")[0] == 2
    status, gone = techo("memory", "forget", "--words", "BRUMBLE", "--yes")
    assert (status, [one["id"] for one in gone["entries"]], gone["messages"]) == (0, [entry], 0)
    assert techo("memory", "stats")[1]["turns_learned"] == 0
    status, error = techo("memory", "forget", str(entry))
    assert (status, error["error"]["code"]) == (1, ErrorCode.ENTRY_NOT_FOUND)

    told = techo("say", "My dentist is Dr Okafor.", "--max-tokens", "4")[1]["learned"]["entry"]
    again = techo("memory", "confirm", str(told))[1]["entry"]
    status, gone = techo("memory", "forget", str(again), "--repeats")
    assert sorted(one["id"] for one in gone["entries"]) == [told, again]
    techo("say", "My dentist is Dr Okafor.", "--max-tokens", "4")
    status, refused = techo("memory", "reset")
    assert (status, refused["error"]["code"]) == (3, ErrorCode.NOT_CONFIRMED)
    assert techo("memory", "stats")[1]["turns_learned"] == 1
    status, after = techo("memory", "reset", "--yes")
    assert (status, after["turns_learned"], after["neurons_used"]) == (0, 0, 0)


def test_say_goes_on_with_a_conversation_and_can_leave_the_memory_alone(techo: Techo) -> None:
    first = techo("say", "Hello!", "--no-learn", "--max-tokens", "4")[1]
    assert first["learned"] is None
    second = techo("say", "And again.", "--no-learn", "--max-tokens", "4", "--conversation", str(first["conversation"]))
    assert second[1]["conversation"] == first["conversation"]
    assert techo("say", "Anew.", "--no-learn", "--max-tokens", "4")[1]["conversation"] != first["conversation"]
    assert techo("memory", "stats")[1]["turns_learned"] == 0
    status, error = techo("say", "x", "--conversation", "999")
    assert (status, error["error"]["code"]) == (1, ErrorCode.CONVERSATION_NOT_FOUND)


@pytest.fixture
def talked(tmp_path: Path) -> tuple[int, int]:
    """Two conversations of the default profile, the older one first."""
    store = ProfileStore(tmp_path / "data")
    store.create("default")
    # Nothing is learned, so these conversations belong to no weights yet.
    with store.open("default", StateIdentity("blake2b:00", "blake2b:00")) as profile:
        teeth, tomorrow = profile.create_conversation("Dr Okafor"), profile.create_conversation("予定")
        profile.append_message(teeth.id, "user", "My dentist is Dr Okafor.")
        profile.append_message(teeth.id, "assistant", "Noted.", "stop")
        profile.append_message(tomorrow.id, "user", "明日は歯医者です。")
    return teeth.id, tomorrow.id


def test_conversations_are_listed_renamed_pinned_and_found(
    techo: Techo, talked: tuple[int, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = talked
    status, renamed = techo("conversation", "rename", str(first), "Teeth")
    assert (status, renamed["title"]) == (0, "Teeth")
    assert techo("conversation", "pin", str(first))[1]["pinned"] is True
    listed = techo("conversation", "list")[1]["conversations"]
    assert [(one["id"], one["title"]) for one in listed] == [(first, "Teeth"), (second, "予定")]
    assert techo("conversation", "pin", str(first), "--off")[1]["pinned"] is False
    status, found = techo("conversation", "search", "okafor", "DENTIST")
    assert status == 0
    (hit,) = found["hits"]
    assert (hit["conversation"], hit["title"], hit["snippet"]) == (first, "Teeth", "My dentist is Dr Okafor.")
    assert [hit["snippet"][begin:end] for begin, end in hit["marks"]] == ["dentist", "Okafor"]
    folder = ("--threads", "1", "--data-dir", str(tmp_path / "data"))
    assert main(["conversation", "search", "歯医者", *folder]) == 0
    assert "you: 明日は歯医者です。" in capsys.readouterr().out
    assert techo("conversation", "search", " ")[0] == 2


def test_a_conversation_is_deleted_only_when_that_is_confirmed(techo: Techo, talked: tuple[int, int]) -> None:
    first, second = talked
    status, refused = techo("conversation", "delete", str(first))
    assert (status, refused["error"]["code"]) == (3, ErrorCode.NOT_CONFIRMED)
    assert "Dr Okafor" in refused["error"]["message"]
    assert "2 messages" in refused["error"]["message"]
    assert "stays learned" in refused["error"]["message"]
    assert techo("conversation", "delete", str(first), "--yes")[0] == 0
    assert [one["id"] for one in techo("conversation", "list")[1]["conversations"]] == [second]
    for command in (("delete", str(first)), ("delete", str(first), "--yes"), ("rename", "99", "x")):
        status, error = techo("conversation", *command)
        assert (status, error["error"]["code"]) == (1, ErrorCode.CONVERSATION_NOT_FOUND)
        assert error["error"]["hint"]


def test_versions_from_the_terminal(techo: Techo, tmp_path: Path) -> None:
    short = ("--max-tokens", "6")
    first = techo("say", "My locker number is 417.", *short)[1]
    said, conversation = str(first["user_message"]), str(first["conversation"])
    status, other = techo("again", said, "--seed", "3", *short)
    assert (status, other["learned"]) == (0, None)
    more = techo("continue", str(other["reply_message"]), *short)[1]
    assert more["reply"].startswith(other["reply"])
    edited = techo("say", "My locker number is 582.", "--edit", said, *short)[1]
    assert edited["forgotten"] == [first["learned"]["entry"]]
    shown = techo("conversation", "show", conversation)[1]["messages"]
    assert [one["id"] for one in shown] == [edited["user_message"], edited["reply_message"]]
    assert len(techo("conversation", "show", conversation, "--every")[1]["messages"]) == 5
    back = techo("message", "show", said)[1]["messages"]
    assert [one["content"] for one in back] == ["My locker number is 417.", more["reply"]]
    for name, kind in (("locker.md", "# My locker"), ("locker.json", "{")):
        status, done = techo("conversation", "export", conversation, str(tmp_path / name))
        assert (status, done["bytes"]) == (0, (tmp_path / name).stat().st_size)
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(kind)
    status, error = techo("conversation", "export", conversation, str(tmp_path / "locker.md"))
    assert (status, "--overwrite" in error["error"]["hint"]) == (1, True)
    status, refused = techo("message", "delete", said)
    assert (status, refused["error"]["code"]) == (3, ErrorCode.NOT_CONFIRMED)
    assert techo("message", "delete", said, "--yes")[1]["messages"] == 3
    assert len(techo("conversation", "show", conversation, "--every")[1]["messages"]) == 2
    status, error = techo("again", said, *short)
    assert (status, error["error"]["code"]) == (1, ErrorCode.MESSAGE_NOT_FOUND)


def test_sampling_is_repeatable_by_seed(techo: Techo) -> None:
    def reply(*more: str) -> str:
        options = ("--no-learn", "--no-recall", "--max-tokens", "16", *more)
        return str(techo("say", "Tell me a story.", *options)[1]["reply"])

    hot = ("--temperature", "1.5")
    assert reply(*hot, "--seed", "7") == reply(*hot, "--seed", "7")
    assert reply() == reply()
    assert len({reply(*hot, "--seed", seed) for seed in ("7", "8", "9")}) > 1


def test_export_and_import(techo: Techo, tmp_path: Path) -> None:
    techo("say", "My cat is called Brumble.", "--max-tokens", "4")
    file = tmp_path / "me.techo"
    status, done = techo("memory", "export", str(file))
    assert status == 0
    assert done["bytes"] == file.stat().st_size
    status, error = techo("memory", "export", str(file))
    assert status == 1
    assert "--overwrite" in error["error"]["hint"]
    assert techo("memory", "export", str(file), "--overwrite")[0] == 0
    status, profile = techo("memory", "import", str(file), "--name", "again")
    assert (status, profile["name"]) == (0, "again")
    assert techo("memory", "stats", "--profile", "again")[1]["turns_learned"] == 1
    file.write_bytes(file.read_bytes()[:-100])
    status, error = techo("memory", "import", str(file), "--name", "broken")
    assert (status, error["error"]["code"]) == (1, ErrorCode.IMPORT_REFUSED)
    assert [one["name"] for one in techo("profile", "list")[1]["profiles"]] == ["again", "default"]


def test_chat_through_a_pipe(spawn: Spawn) -> None:
    chat = spawn("chat", "--json", "--max-tokens", "6", "--no-learn")
    out, _ = chat.communicate("Hello there.\n\n/memory\nHow are you?\n/nonsense\n", timeout=110)
    first, memory, second, error = [json.loads(line) for line in out.splitlines()]
    assert first["reply"].strip()
    assert second["conversation"] == first["conversation"]
    assert set(memory) >= STATS
    assert "/help" in error["error"]["hint"]
    assert chat.returncode == 1  # a script must see that one of its lines failed


def test_chat_prints_only_replies_on_stdout(spawn: Spawn, tmp_path: Path) -> None:
    chat = spawn("chat", "--max-tokens", "6", "--no-learn")
    out, err = chat.communicate("What is the capital of Japan?\n", timeout=110)
    assert chat.returncode == 0, err
    _, reply = last_messages(tmp_path)
    assert reply.content
    assert out == reply.content + "\n"


def test_ctrl_c_stops_a_reply_and_keeps_it(spawn: Spawn, tmp_path: Path) -> None:
    with spawn("say", "Tell me a very long story about a dog.", "--max-tokens", "400", "--no-learn") as say:
        assert say.stdout is not None
        printed = say.stdout.read(1)  # the first piece has been shown
        say.send_signal(signal.SIGINT)
        printed += say.stdout.read()  # not `communicate`, which loses what `read` has taken from the pipe beyond it
    assert say.returncode == 130
    _, reply = last_messages(tmp_path)
    assert reply.finish == "cancelled"
    assert printed == reply.content + "\n"


def test_text_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ["--threads", "1", "--data-dir", str(tmp_path)]
    assert main(["profile", "list", *folder]) == 0
    assert "No profile yet" in capsys.readouterr().out
    assert main(["memory", "stats", *folder]) == 0
    assert "neurons in use" in capsys.readouterr().out
    assert main(["memory", "journal", *folder]) == 0
    assert "Nothing has been learned" in capsys.readouterr().out
    assert main(["version", *folder]) == 0
    assert str(tmp_path) in capsys.readouterr().out


@pytest.mark.slow
def test_evaluate_a_small_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "results.jsonl"
    arguments = ["evaluate", str(DATA / "small.jsonl"), "--out", str(out), "--limit", "1", "--json", "--threads", "1"]
    assert main([*arguments, "--arm", "none,context,memory,notes"]) == 0
    summary = json.loads(capsys.readouterr().out)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(rows) == 4 * 7
    assert all({"episode", "q", "kind", "arm", "output", "right", "stale"} <= set(row) for row in rows)
    assert set(summary["arms"]) == {"none", "context", "memory", "notes"}
    assert summary["arms"]["none"]["right"] == 0
    assert summary["arms"]["notes"]["right"] > 0
    assert summary["arms"]["memory"]["turns_learned"] > 0
    assert summary["arms"]["none"]["turns_learned"] == 0
    assert summary["ratios"].keys() == {"memory/none", "memory/context", "memory/notes"}
    # a torn run goes on where it stopped, and asks only what is missing
    out.write_text("".join(json.dumps(row) + "\n" for row in rows[:5]))
    assert main([*arguments, "--arm", "none", "--resume"]) == 0
    again = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["output"] for row in again] == [row["output"] for row in rows[:7]]


def test_a_choice_is_made_by_likelihood_with_what_was_told(techo: Techo, tmp_path: Path) -> None:
    told = "My locker is number 7731."
    turns = [{"role": "user", "content": told}, {"role": "assistant", "content": "I see."}]
    options = ["It's 7731.", "It's 4950."]
    question = {"q": "What is the number of my locker?", "answers": options[:1], "kind": "choice", "options": options}
    turned = {**question, "answers": options[1:]}
    episode = {"id": "e", "sessions": [{"turns": turns}], "questions": [question, turned]}
    path = tmp_path / "e.jsonl"
    path.write_text(json.dumps(episode) + "\n")
    out = tmp_path / "r.jsonl"
    status, summary = techo("evaluate", str(path), "--arm", "none,context,memory,notes", "--out", str(out))
    assert status == 0
    chosen = {arm: figures["kinds"]["choice"] for arm, figures in summary["arms"].items()}
    assert all(count["right"] == 1 for count in chosen.values()), "the same option, whichever is said to be right"
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    told_to = {row["arm"]: row["options"][0]["log_likelihood"] - row["options"][1]["log_likelihood"] for row in rows}
    assert all(told_to[arm] > told_to["none"] + 1 for arm in ("context", "memory", "notes"))
    assert all(row["output"] == options[0] for row in rows if row["arm"] != "none")
    # Scoring says nothing, so nothing is kept in the profile.
    assert summary["arms"]["memory"]["turns_learned"] == 1


@pytest.mark.slow
def test_bench_with_a_full_memory(techo: Techo, tmp_path: Path) -> None:
    question = {"q": "What do bees make?", "answers": ["honey"], "kind": "control"}
    controls = tmp_path / "controls.jsonl"
    controls.write_text(json.dumps({"id": "c", "sessions": [], "questions": [question]}) + "\n")
    options = ("--fill", "3", "--facts", str(DATA / "small.jsonl"), "--controls", str(controls))
    status, found = techo("bench", "controls", "--full", *options)
    assert status == 0
    result = found["controls"]
    assert (result["asked"], result["turns_told"], result["full"]) == (1, 3, True)
    stats = result["stats"]
    assert stats["turns_learned"] <= 3
    assert stats["neurons_used"] == stats["neurons"] or stats["turns_used"] == stats["turns"]
    assert stats["turns_recycled"] == 0


def test_evaluate_keeps_to_the_named_data_folder(techo: Techo, tmp_path: Path) -> None:
    episodes = tmp_path / "e.jsonl"
    turns = [{"role": "user", "content": "My boat is Periwinkle."}, {"role": "assistant", "content": "Nice."}]
    question = {"q": "What is my boat?", "answers": ["Periwinkle"], "kind": "fact"}
    episodes.write_text(json.dumps({"id": "a/b", "sessions": [{"turns": turns}], "questions": [question]}) + "\n")
    status, summary = techo("evaluate", str(episodes), "--arm", "memory", "--max-tokens", "4")
    assert status == 0
    assert summary["arms"]["memory"]["turns_learned"] == 1
    (profile,) = techo("profile", "list")[1]["profiles"]
    assert profile["name"].startswith("memory-a-b")
    assert techo("memory", "stats", "--profile", profile["name"])[1]["turns_learned"] == 1
