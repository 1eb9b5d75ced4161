"""A stand-in for the engine that can be told to misbehave: the same protocol, no model.

Run as `python scripted_engine.py DATA_DIR [--option ...]`. It keeps its profiles in `DATA_DIR/scripted.json`, written
before `turn.accepted`, as the real one keeps them in its database; so what survives a crash here is what would survive
there. A reply is there from its first token on, without a finish until it has one, as in the real one. A message that
begins with `/` makes it misbehave in the middle of a turn; the options do so from the start.
"""

from __future__ import annotations

import argparse
import base64
import datetime
import json
import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec

from engine import protocol as p
from engine.store.tree import Tree

REPLY = "I will **remember** that for you."
NOW = "2026-01-02T03:04:05+00:00"
NEURONS = 1000
USAGE = p.Usage(
    prompt_tokens=1,
    cached_tokens=0,
    generated_tokens=1,
    read_seconds=0,
    first_token_seconds=0,
    generate_seconds=0,
    write_seconds=0,
    memory_tokens=0,
)


class Store:
    """Profiles as plain JSON, replaced atomically."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "scripted.json"
        self.data: dict[str, Any] = {"profiles": {}, "next": 1}
        if self.path.exists():
            self.data = json.loads(self.path.read_text())

    def save(self) -> None:
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(json.dumps(self.data))
        temporary.replace(self.path)

    def number(self) -> int:
        self.data["next"] += 1
        return int(self.data["next"])

    def profiles(self, open_one: str | None) -> list[p.ProfileInfo]:
        return [self.info(name, open_one) for name in self.data["profiles"]]

    def info(self, name: str, open_one: str | None = None) -> p.ProfileInfo:
        found = self.data["profiles"][name]
        picture = base64.b64decode(found.get("picture", ""))
        encrypted = found.get("passphrase") is not None
        return p.ProfileInfo(
            id=found["id"],
            name=name,
            created=NOW,
            colour=found.get("colour", "#2d5480"),
            picture=picture,
            encrypted=encrypted,
            locked=encrypted and name != open_one,
            remembered=found.get("remembered", False),
        )


class Fail(Exception):
    def __init__(self, code: int, message: str, hint: str = "") -> None:
        self.body = p.ErrorBody(code=code, message=message, hint=hint)


class Engine:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.store = Store(options.data_dir)
        self.profile: str | None = None
        self.turn = 0
        self.cancelled = threading.Event()
        self.requests: queue.Queue[p.Request | None] = queue.Queue()
        self.lock = threading.Lock()
        self.running = False
        self.talking_in = 0

    # -------------------------------------------------------------------------------- pipe

    def write(self, data: bytes) -> None:
        with self.lock:
            sys.stdout.buffer.write(data + b"\n")
            sys.stdout.buffer.flush()

    def say(self, method: str, params: p.Struct) -> None:
        self.write(msgspec.json.encode(p.Notification(method=method, params=params)))

    def read(self) -> None:
        for line in sys.stdin.buffer:
            request = msgspec.json.decode(line, type=p.Request)
            if request.method == "conversation.delete" and request.params["conversation"] == self.talking_in:
                self.cancelled.set()
            if request.method == "turn.cancel":
                running = self.running
                self.cancelled.set()
                self.write(msgspec.json.encode(p.Response(id=request.id, result=p.Cancelling(cancelling=running))))
            else:
                self.requests.put(request)
        self.cancelled.set()
        self.requests.put(None)

    def serve(self) -> None:
        threading.Thread(target=self.read, daemon=True).start()
        while (request := self.requests.get()) is not None:
            if request.method != "initialize":
                self.say("engine.state", p.StateChanged(state="busy"))
            try:
                kind = p.METHODS[request.method][0]
                params = None if kind is None else msgspec.convert(request.params, type=kind)
                result = getattr(self, "do_" + request.method.replace(".", "_"))(params)
                answer = p.Response(id=request.id, result=result)
            except Fail as fail:
                answer = p.Response(id=request.id, error=fail.body)
            self.write(msgspec.json.encode(answer))
            self.say("engine.state", p.StateChanged(state="ready"))
            if request.method == "shutdown":
                break
        self.store.data["closed_politely"] = True
        self.store.save()
        if self.options.linger:
            time.sleep(self.options.linger)

    # -------------------------------------------------------------------------------- profiles

    @property
    def open(self) -> dict[str, Any]:
        if self.profile is None:
            raise Fail(1206, "No profile is open.")
        found: dict[str, Any] = self.store.data["profiles"][self.profile]
        return found

    def info(self) -> p.ProfileInfo:
        return self.store.info(str(self.profile), self.profile)

    def unlock(self, name: str, passphrase: str | None) -> None:
        """No encryption here: what a front end sees of it."""
        found = self.store.data["profiles"][name]
        wanted = found.get("passphrase")
        if wanted is None or (passphrase is None and found.get("remembered")):
            return
        if passphrase is None:
            raise Fail(1210, f"The profile {name} is locked.", "Type its passphrase.")
        if passphrase != wanted:
            raise Fail(1211, f"That is not the passphrase of the profile {name}.", "Type it again.")

    def make(self, name: str) -> None:
        number = self.store.number()
        self.store.data["profiles"][name] = {
            "id": f"id{number}",
            "conversations": {},
            "journal": [],
            "titles": {},
            "pinned": [],
            "updated": {},
            "deleted": {},
        }
        self.store.save()

    def do_initialize(self, params: p.Initialize) -> p.Initialized:
        time.sleep(self.options.slow_start)
        if self.options.die_at_start:
            print("cannot go on", file=sys.stderr, flush=True)
            os._exit(3)
        model = self.options.model
        if model is not None and model.stem == "crashing":
            os._exit(4)
        if model is not None and model.stem == "refused":
            raise Fail(1104, f"{model}: its epsilon is -1.", "Choose another file.")
        if self.options.no_model:
            raise Fail(1101, "The language model was not found.", "Run ./techo once to set it up.")
        if params.profile is not None:
            if params.profile in self.options.in_use:
                raise Fail(1204, f"The profile “{params.profile}” is open elsewhere.", "Close the other window.")
            if params.profile not in self.store.data["profiles"]:
                if not params.create:
                    raise Fail(1201, "There is no such profile.")
                self.make(params.profile)
            self.unlock(params.profile, params.passphrase)
            self.profile = params.profile
        own = p.BackboneInfo(
            name="Scripted", digest="blake2b:00", layers=1, width=1, vocabulary=1, window=2048, cache=23_040
        )
        backbone, hippocampus = own, None
        if model is not None:
            backbone = msgspec.structs.replace(own, name=model.stem, path=str(model))
            hippocampus = own
        notices = [p.Notice(message="A damaged snapshot was set aside.")] if self.options.notice else []
        if self.options.other_model:
            error = p.ErrorBody(code=1301, message="It belongs to another model.", reason="state.other-model")
            notices.append(p.Notice(message="It belongs to another model.", reason="state.refused", error=error))
        profile = None if self.profile is None else self.info()
        return p.Initialized(
            protocol=p.PROTOCOL_VERSION,
            engine="0",
            backbone=backbone,
            profile=profile,
            notices=notices,
            hippocampus=hippocampus,
        )

    def do_shutdown(self, _: None) -> p.Ok:
        return p.Ok()

    def do_profile_list(self, _: None) -> p.ProfileList:
        return p.ProfileList(profiles=self.store.profiles(self.profile), current=self.profile)

    def do_profile_open(self, params: p.ProfileName) -> p.ProfileOpened:
        if params.name in self.options.in_use:
            raise Fail(1204, f"The profile “{params.name}” is open elsewhere.", "Close the other window.")
        if params.name not in self.store.data["profiles"]:
            raise Fail(1201, "There is no such profile.")
        self.unlock(params.name, params.passphrase)
        self.profile = params.name
        return p.ProfileOpened(profile=self.info(), notices=[])

    def do_profile_create(self, params: p.ProfileName) -> p.ProfileOpened:
        if params.name in self.store.data["profiles"]:
            raise Fail(1202, "There is a profile of this name already.")
        self.make(params.name)
        return self.do_profile_open(params)

    def do_profile_rename(self, params: p.ProfileRename) -> p.Ok:
        profiles = self.store.data["profiles"]
        profiles[params.new_name] = profiles.pop(params.name)
        if self.profile == params.name:
            self.profile = params.new_name
        self.store.save()
        return p.Ok()

    def do_profile_duplicate(self, params: p.ProfileDuplicate) -> p.ProfileInfo:
        if params.new_name in self.store.data["profiles"]:
            raise Fail(1202, "There is a profile of this name already.")
        if "refuse" in params.new_name:
            raise Fail(1304, "The disk is full.", "Free some space.")
        twin = json.loads(json.dumps(self.store.data["profiles"][params.name]))
        twin["id"] = f"id{self.store.number()}"
        self.store.data["profiles"][params.new_name] = twin
        self.store.save()
        return self.store.info(params.new_name)

    def do_profile_look(self, params: p.ProfileLook) -> p.ProfileInfo:
        profile = self.store.data["profiles"][params.name]
        if params.colour is not None:
            profile["colour"] = params.colour
        if params.picture is not None:
            profile["picture"] = base64.b64encode(params.picture).decode()
        self.store.save()
        return self.store.info(params.name, self.profile)

    def protect(self, name: str, **changes: Any) -> p.ProfileInfo:
        self.store.data["profiles"][name].update(changes)
        self.store.save()
        return self.store.info(name, self.profile)

    def do_profile_encrypt(self, params: p.ProfileEncrypt) -> p.ProfileInfo:
        if params.passphrase == "too weak for the disk":
            raise Fail(1304, "Could not encrypt the profile: the disk is full.", "Free some space.")
        return self.protect(params.name, passphrase=params.passphrase, remembered=params.remember)

    def do_profile_decrypt(self, params: p.ProfileName) -> p.ProfileInfo:
        self.unlock(params.name, params.passphrase)
        return self.protect(params.name, passphrase=None, remembered=False)

    def do_profile_passphrase(self, params: p.ProfilePassphrase) -> p.ProfileInfo:
        self.unlock(params.name, params.passphrase)
        return self.protect(params.name, passphrase=params.new_passphrase)

    def do_profile_remember(self, params: p.ProfileRemember) -> p.ProfileInfo:
        if self.options.no_keyring:
            raise Fail(1213, "The system's keyring cannot be used.", "Go on with the passphrase.")
        return self.protect(params.name, remembered=params.remember)

    def do_profile_lock(self, _: None) -> p.Ok:
        self.profile = None
        return p.Ok()

    def do_profile_draft(self, params: p.Draft) -> p.Draft:
        before = self.open.get("draft", "")
        if params.text is not None:
            self.open["draft"] = params.text
            self.store.save()
        return p.Draft(text=before)

    def do_profile_delete(self, params: p.ProfileName) -> p.Ok:
        profile = self.store.data["profiles"][params.name]
        if not params.confirm:
            losses = f"{len(profile['journal'])} learned turns and {len(profile['conversations'])} conversations"
            raise Fail(1306, f"This would delete {losses}.", "Send it again with confirm.")
        del self.store.data["profiles"][params.name]
        if self.profile == params.name:
            self.profile = None
        self.store.save()
        return p.Ok()

    # -------------------------------------------------------------------------------- conversations

    def do_conversation_list(self, _: None) -> p.ConversationList:
        numbers = sorted((int(number) for number in self.open["conversations"]), reverse=True)
        return p.ConversationList(conversations=[self.conversation(number) for number in numbers])

    def conversation(self, number: int) -> p.Conversation:
        messages = self.messages(number)
        title = self.open["titles"].get(str(number)) or messages[0]["content"][:60]
        pinned = number in self.open["pinned"]
        updated = self.open["updated"].get(str(number), NOW)
        return p.Conversation(
            id=number,
            title=title,
            created=NOW,
            updated=updated,
            messages=len(messages),
            pinned=pinned,
            learns=number not in self.open.get("unlearned", []),
        )

    def messages(self, number: int) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] | None = self.open["conversations"].get(str(number))
        if messages is None:
            raise Fail(1206, "There is no such conversation.", "Choose one from the list.")
        return messages

    def tree(self, number: int) -> Tree:
        rows = [(m["id"], m.get("parent")) for m in self.messages(number) if not m.get("deleted")]
        return Tree(rows, self.open.setdefault("leaf", {}).get(str(number)))

    def show(self, number: int, leaf: int) -> None:
        self.open.setdefault("leaf", {})[str(number)] = leaf
        self.store.save()

    def find(self, identifier: int) -> dict[str, Any]:
        for number in self.open["conversations"]:
            for message in self.messages(int(number)):
                if message["id"] == identifier:
                    return message
        raise Fail(1208, "There is no such message.", "It was deleted.")

    def do_conversation_messages(self, params: p.ConversationMessages) -> p.MessageList:
        tree = self.tree(params.conversation)
        path = tree.path(tree.leaf)
        messages = []
        for message in self.messages(params.conversation):
            if message["id"] in path:
                versions = tree.versions(message["id"])
                found = msgspec.convert({**message, "parent": tree.parent(message["id"])}, type=p.Message)
                messages.append(msgspec.structs.replace(found, versions=versions if len(versions) > 1 else []))
        return p.MessageList(messages=messages)

    def do_message_show(self, params: p.MessageId) -> p.MessageList:
        message = self.find(params.message)
        if message.get("deleted"):
            raise Fail(1208, "There is no such message.", "It was deleted.")
        number = message["conversation"]
        self.show(number, self.tree(number).newest(params.message))
        return self.do_conversation_messages(p.ConversationMessages(conversation=number))

    def do_message_delete(self, params: p.MessageId) -> p.MessageDeleted:
        number = self.find(params.message)["conversation"]
        tree, title = self.tree(number), self.conversation(number).title
        gone = tree.below(params.message)
        for message in gone:
            self.find(message)["deleted"] = params.message
        whole = len(gone) == len(tree)
        self.show(number, tree.beside(params.message))
        if whole:
            self.open["deleted"][str(number)] = self.open["conversations"].pop(str(number))
        self.store.save()
        return p.MessageDeleted(
            message=params.message,
            conversation=number,
            title=title,
            messages=len(gone),
            whole=whole,
            undo_seconds=self.options.undo,
        )

    def do_message_restore(self, params: p.MessageId) -> p.Conversation:
        for number, messages in list(self.open["deleted"].items()):
            if any(message["id"] == params.message for message in messages):
                self.open["conversations"][number] = self.open["deleted"].pop(number)
        number = self.find(params.message)["conversation"]
        for message in self.messages(number):
            if message.get("deleted") == params.message:
                del message["deleted"]
        self.show(number, self.tree(number).newest(params.message))
        return self.conversation(number)

    def do_conversation_export(self, params: p.ConversationExport) -> p.Exported:
        data = f"{params.format} of {params.conversation}, {params.you}".encode()
        Path(params.path).write_bytes(data)
        return p.Exported(path=params.path, bytes=len(data))

    def do_conversation_rename(self, params: p.ConversationRename) -> p.Conversation:
        if "refuse" in params.title:
            raise Fail(1304, "The disk is full.", "Free some space.")
        self.messages(params.conversation)
        self.open["titles"][str(params.conversation)] = params.title
        self.store.save()
        return self.conversation(params.conversation)

    def do_conversation_pin(self, params: p.ConversationPin) -> p.Conversation:
        self.messages(params.conversation)
        pinned = set(self.open["pinned"]) - {params.conversation}
        self.open["pinned"] = [*pinned, *([params.conversation] if params.pinned else [])]
        self.store.save()
        return self.conversation(params.conversation)

    def do_conversation_learn(self, params: p.ConversationLearn) -> p.Conversation:
        self.messages(params.conversation)
        self.set_learns(params.conversation, learns=params.learn)
        return self.conversation(params.conversation)

    def set_learns(self, conversation: int, *, learns: bool) -> None:
        unlearned = set(self.open.get("unlearned", [])) - {conversation}
        self.open["unlearned"] = [*unlearned, *([] if learns else [conversation])]
        self.store.save()

    def do_conversation_delete(self, params: p.ConversationId) -> p.ConversationDeleted:
        gone = self.conversation(params.conversation)
        self.open["deleted"][str(gone.id)] = self.open["conversations"].pop(str(gone.id))
        self.store.save()
        undo = self.options.undo
        return p.ConversationDeleted(conversation=gone.id, title=gone.title, messages=gone.messages, undo_seconds=undo)

    def do_conversation_restore(self, params: p.ConversationId) -> p.Conversation:
        messages = self.open["deleted"].pop(str(params.conversation), None)
        if messages is None:
            raise Fail(1206, "There is no such conversation.", "Choose one from the list.")
        self.open["conversations"][str(params.conversation)] = messages
        self.store.save()
        return self.conversation(params.conversation)

    def do_conversation_search(self, params: p.ConversationSearch) -> p.HitList:
        """One word, as it stands; that is enough here."""
        if params.query == "fail":
            raise Fail(1304, "The disk cannot be read.", "Have it checked.")
        time.sleep(self.options.slow_search)
        hits = []
        for number, messages in self.open["conversations"].items():
            for message in messages:
                place = message["content"].find(params.query)
                if (
                    place >= 0
                    and not message.get("deleted")
                    and (params.before is None or message["id"] < params.before)
                ):
                    hits.append(
                        p.Hit(
                            conversation=int(number),
                            title=self.conversation(int(number)).title,
                            message=message["id"],
                            role=message["role"],
                            created=message["created"],
                            snippet=message["content"],
                            marks=[(place, place + len(params.query))],
                        )
                    )
        hits.sort(key=lambda hit: -hit.message)
        return p.HitList(hits=hits[: params.limit], more=len(hits) > params.limit)

    def add(self, conversation: int, role: str, content: str, parent: int | None = None) -> dict[str, Any]:
        if parent is None:
            parent = self.tree(conversation).leaf if str(conversation) in self.open["conversations"] else 0
        message: dict[str, Any] = {
            "id": self.store.number(),
            "parent": parent,
            "conversation": conversation,
            "role": role,
            "content": content,
            "created": NOW,
            "finish": None,
        }
        self.open["conversations"].setdefault(str(conversation), []).append(message)
        self.show(conversation, message["id"])
        return message

    # -------------------------------------------------------------------------------- one turn

    def do_turn_send(self, params: p.TurnSend) -> p.TurnDone:
        text = params.text
        if text.startswith("/die-unsaved"):
            os._exit(9)
        parent, conversation, forgotten = None, params.conversation, []
        if params.edits is not None:
            old = self.find(params.edits)
            parent, conversation = old["parent"], old["conversation"]
            forgotten = [e["id"] for e in self.open["journal"] if e["message"] == params.edits]
            self.open["journal"] = [e for e in self.open["journal"] if e["id"] not in forgotten]
        self.begin()
        if conversation is None:
            conversation = self.store.number()
            self.set_learns(conversation, learns=params.learns)
        said = self.add(conversation, "user", text, parent)
        if text.startswith("/die-unsaid"):  # Saved, but the notification never leaves.
            os._exit(9)
        done = self.reply(said, text, None)
        done.forgotten = forgotten
        return done

    def do_turn_again(self, params: p.TurnAgain) -> p.TurnDone:
        said = self.find(params.message)
        replies = [m for m in self.messages(said["conversation"]) if m.get("parent") == said["id"]]
        self.begin()
        return self.reply(said, said["content"], None, f"Another reply ({len(replies) + 1}).")

    def do_turn_continue(self, params: p.TurnContinue) -> p.TurnDone:
        answer = self.find(params.message)
        self.begin()
        return self.reply(self.find(answer["parent"]), "", answer, " And so on to the end.")

    def begin(self) -> None:
        self.turn += 1
        self.running = True
        self.cancelled.clear()

    def reply(
        self, said: dict[str, Any], text: str, answer: dict[str, Any] | None, reply: str | None = None
    ) -> p.TurnDone:
        """Streams a reply, or with `answer` more of that one. `reply`: what else than the usual."""
        another = reply is not None
        conversation = self.talking_in = said["conversation"]
        self.say("turn.accepted", p.TurnAccepted(turn=self.turn, conversation=conversation, message=said["id"]))
        finish, pause = "stop", 0.0
        if reply is not None:
            pause = 0.05
        elif text.startswith("/markdown"):
            reply = "# Title\n\n```python\nx = 1\n```\n\n<b>not bold</b>\n\n![cat](https://example.org/cat.png)"
        elif text.startswith("/long"):
            reply, pause = "word " * 400, float([*text.split(), "0.01"][1])
        elif text.startswith("/short"):
            reply, finish = "Once upon a time", "length"
        elif text.startswith("/garble"):
            self.write(b"this is no JSON")
            self.write(b'{"jsonrpc":"2.0","method":"turn.delta","params":{"turn":"seven"}}')
            self.write(b'{"jsonrpc":"2.0","method":"engine.news","params":{}}')
            self.write(b'{"jsonrpc":"2.0","id":999999,"result":{}}')
        reply = REPLY if reply is None else reply
        if text.startswith("/fail") or (another and text.startswith("/only-once")):
            self.running = False
            raise Fail(1102, "The model could not compute.", "Start the engine again.")
        pieces = [piece + " " for piece in reply.split(" ")]
        pieces[-1] = pieces[-1][:-1]
        if text.startswith("/ponder") or (another and text.startswith("/wait")):  # Reads until it is stopped.
            self.cancelled.wait(30)
        sent = "" if answer is None else answer["content"]
        for place, piece in enumerate(pieces):
            if self.cancelled.is_set():
                finish = "cancelled"
                break
            if answer is not None and place == 3 and text.startswith("/die-saved"):
                answer["content"] = sent
                self.store.save()
            if place == 4 and text.startswith("/die"):
                time.sleep(0.2)
                os._exit(9)
            sent += piece
            self.say("turn.delta", p.TurnDelta(turn=self.turn, text=piece))
            answer = answer or self.add(conversation, "assistant", sent, said["id"])
            time.sleep(pause)
        if answer is None and not another:
            answer = self.add(conversation, "assistant", "", said["id"])
        if answer is not None:
            answer.update(content=sent, finish=finish)
        learned = self.learn(said["id"], text) if not another and finish == "stop" else None
        self.store.save()
        self.running = False
        asked = text.endswith("?") and len(self.open["journal"]) > 0
        return p.TurnDone(
            conversation=conversation,
            user_message=said["id"],
            reply_message=None if answer is None else answer["id"],
            reply=sent,
            finish=finish,  # type: ignore[arg-type]
            learned=learned,
            recalled=[self.open["journal"][0]["id"]] if asked else [],
            usage=msgspec.structs.replace(USAGE, generated_tokens=len(pieces), memory_tokens=3 if asked else 0),
        )

    def do_turn_ask(self, params: p.TurnAsk) -> p.TurnAnswer:
        """Answers with what it was told before, and writes nothing down."""
        if params.text.startswith("/die"):
            os._exit(9)
        self.turn += 1
        before = " / ".join(message.content for message in params.history)
        self.say("turn.started", p.TurnStarted(turn=self.turn))
        reply = f"Before: {before}"
        self.say("turn.delta", p.TurnDelta(turn=self.turn, text=reply))
        return p.TurnAnswer(reply=reply, finish="stop", recalled=[], usage=USAGE)

    def learn(self, message: int, text: str) -> p.Learned | None:
        if text.endswith("?") or self.find(message)["conversation"] in self.open.get("unlearned", []):
            return None
        entry = self.store.number()
        self.open["journal"].append({"id": entry, "message": message, "text": text})
        tokens = [" Mi", "so", " is", " a", " cat"]
        learned = p.Learned(
            entry=entry, surprise=0.81, recruited=34, strengthened=5, overwritten=1, recycled=0, tokens=tokens
        )
        self.say("turn.learned", p.TurnLearned(turn=self.turn, learned=learned))
        return learned

    # -------------------------------------------------------------------------------- memory

    def do_memory_stats(self, _: None) -> p.MemoryStats:
        count = len(self.open["journal"])
        return p.MemoryStats(
            state_bytes=23_000_000,
            snapshot_bytes=22_000_000 if count else 0,
            neurons=NEURONS,
            neurons_used=34 * count,
            turns=8192,
            turns_used=count,
            turns_learned=count,
            turns_recycled=0,
        )

    def do_memory_picture(self, params: p.PictureOf) -> p.MemoryPicture:
        learned = [e["id"] for e in self.open["journal"]]
        neurons = [p.Neuron(text=text, key="+-0+" * 64) for text in (" Mi", "so", " is", " a", " cat")]
        return p.MemoryPicture(
            written=[p.Written(entry=entry, neurons=neurons) for entry in params.entries if entry in learned],
            surprises=[0.81 for _ in learned][-p.SURPRISES :],
            cache_bytes=23_040 * 20 * len(learned),
        )

    def do_memory_journal(self, params: p.JournalPage) -> p.JournalList:
        words = params.words.casefold().split()
        entries = [
            e
            for e in self.open["journal"]
            if (params.before is None or e["id"] < params.before)
            and all(word in e["text"].casefold() for word in words)
            and (params.since is None or params.since <= NOW)
            and (params.document is None or e.get("document") == params.document)
        ]
        found = [
            p.JournalEntry(**e, created=NOW, surprise=0.8, recruited=1, strengthened=0, overwritten=0, recycled=0)
            for e in entries[::-1][: params.limit]
        ]
        return p.JournalList(entries=found)

    def do_turn_feed(self, params: p.TurnFeed) -> p.TurnDone:
        conversation = params.conversation or self.store.number()
        said = self.add(conversation, "user", params.user)
        learned = self.learn(said["id"], params.user)
        self.store.save()
        return p.TurnDone(
            conversation=conversation, user_message=said["id"], reply_message=None, reply="", finish="stop",
            learned=learned, recalled=[], usage=USAGE,
        )  # fmt: skip

    def do_memory_recollect(self, params: p.Recollect) -> p.Recollection:
        time.sleep(self.options.slow_search)
        words = set(params.question.lower().strip("?").split()) - {"what", "is", "my", "the", "called", "do", "i"}
        entries = self.do_memory_journal(p.JournalPage(limit=10_000)).entries
        found = [entry for entry in entries if words & set(entry.text.lower().strip(".").split())]
        if not found:
            return p.Recollection(text="", recalled=[])
        entry = found[0]
        answer = entry.text.strip(".").rpartition(" ")[2] + "."
        return p.Recollection(text=answer, recalled=[p.Recalled(entry=entry, score=float(len(words)))])

    def do_memory_confirm(self, params: p.ConfirmEntry) -> p.Learned:
        found = next((e for e in self.open["journal"] if e["id"] == params.entry), None)
        if found is None:
            raise Fail(1207, "There is no such entry.")
        learned = self.learn(found["message"], found["text"])
        assert learned is not None
        self.store.save()
        return learned

    def do_memory_forget(self, params: p.Forget) -> p.Forgotten:
        gone = [e for e in self.open["journal"] if e["id"] in params.entries]
        if len(gone) != len(params.entries):
            raise Fail(1207, "There is no such learned turn.", "See the list of learned turns.")
        if params.repeats:
            gone = [e for e in self.open["journal"] if e["text"] in [one["text"] for one in gone]]
        found = self.do_memory_journal(p.JournalPage(limit=10_000)).entries
        self.open["journal"] = [e for e in self.open["journal"] if e not in gone]
        messages = 0
        if params.said:
            told = {e["message"] for e in gone}
            for number, said in list(self.open["conversations"].items()):
                kept, skip = [], False
                for message in said:
                    skip = message["id"] in told or (skip and message["role"] == "assistant")
                    kept += [] if skip else [message]
                messages += len(said) - len(kept)
                self.open["conversations"][number] = kept
                if not kept:
                    del self.open["conversations"][number]
        self.store.save()
        entries = [entry for entry in found if entry.id in [one["id"] for one in gone]]
        return p.Forgotten(entries=entries, messages=messages, stats=self.do_memory_stats(None))

    def do_memory_timeline(self, _: None) -> p.Timeline:
        """Two lessons a day, the last ones today."""
        ids = [e["id"] for e in self.open["journal"]]
        pairs = [ids[max(0, end - 2) : end] for end in range(len(ids), 0, -2)][::-1]
        today = datetime.date.today()
        days = [
            p.TimelineDay(
                day=str(today - datetime.timedelta(days=len(pairs) - 1 - place)), lessons=len(pair), last=pair[-1]
            )
            for place, pair in enumerate(pairs)
        ]
        return p.Timeline(
            born=NOW, days=days, lessons=len(ids), newest=max(ids, default=0), forgotten=self.options.forgotten
        )

    def do_memory_compare(self, params: p.Moment) -> p.Comparison:
        entry = params.entry or 0
        found = self.do_memory_journal(p.JournalPage(limit=10_000)).entries[::-1]
        gone = [e for e in found if e.id > entry]
        now = self.do_memory_stats(None)
        kept = len(found) - len(gone)
        then = msgspec.structs.replace(now, turns_learned=kept, neurons_used=34 * kept)
        return p.Comparison(
            entry=entry, then=then, now=now, lost=len(gone), first=gone[:2], messages=2 * len(gone),
            forgotten=self.options.forgotten,
        )  # fmt: skip

    def do_memory_back(self, params: p.GoBack) -> p.WentBack:
        gone = [e["id"] for e in self.open["journal"] if e["id"] > (params.entry or 0)]
        assert params.confirm
        done = self.do_memory_forget(p.Forget(entries=gone, said=params.said))
        return p.WentBack(entry=params.entry or 0, entries=gone, messages=done.messages, stats=done.stats)

    def do_memory_reset(self, params: p.Confirm) -> p.MemoryStats:
        if not params.confirm:
            raise Fail(1306, f"This would forget {len(self.open['journal'])} learned turns.", "Send it with confirm.")
        self.open["journal"] = []
        self.store.save()
        return self.do_memory_stats(None)

    def do_memory_relearn(self, _params: None) -> p.Relearned:
        return p.Relearned(turns=len(self.open["journal"]), stats=self.do_memory_stats(None))

    def do_memory_read(self, params: p.MemoryRead) -> p.DocumentRead:
        """Each line is a passage; "/slow" makes the rest take their time, "/die" is the end. PDFs are pictures only."""
        path = Path(params.path)
        if path.suffix.lower() == ".pdf":
            raise Fail(1504, "This PDF holds pictures of pages only, and no text.", "Run it through OCR first.")
        self.running = True
        self.cancelled.clear()
        known = {entry["text"] for entry in self.open["journal"]}
        conversation, learned, pause = None, 0, 0.0
        lines = path.read_text().split("\n")
        for done, line in enumerate(lines):
            self.say("memory.reading", p.Reading(name=path.name, phase="passages", done=done, count=len(lines)))
            time.sleep(pause)
            if self.cancelled.is_set():
                break
            if line == "/die":
                os._exit(9)
            pause = 0.1 if line == "/slow" else pause
            if line in known:
                continue
            if conversation is None:
                conversation = self.store.number()
                self.open["titles"][str(conversation)] = path.name
            said = self.add(conversation, "user", line)
            said["finish"] = "stop"
            entry = {"id": self.store.number(), "message": said["id"], "text": line}
            self.open["journal"].append({**entry, "source": path.name, "document": conversation})
            self.store.save()
            learned += 1
        self.running = False
        stopped = self.cancelled.is_set()
        return p.DocumentRead(
            name=path.name, conversation=conversation, passages=len(lines), learned=learned,
            known=0 if stopped else len(lines) - learned, idle=0, unreadable=0, cancelled=stopped,
            stats=self.do_memory_stats(None),
        )  # fmt: skip

    def do_memory_export(self, params: p.FilePath) -> p.Exported:
        data = json.dumps(self.open).encode()
        Path(params.path).write_bytes(data)
        return p.Exported(path=params.path, bytes=len(data))

    def do_memory_import(self, params: p.MemoryImport) -> p.ProfileInfo:
        try:
            data = json.loads(Path(params.path).read_bytes())
        except (OSError, ValueError) as error:
            raise Fail(1305, "This is no Techo file.", "Choose a file that Techo exported.") from error
        wanted = data.get("passphrase")
        if wanted is not None and params.passphrase != wanted:
            raise Fail(1210 if params.passphrase is None else 1211, "The file is an encrypted profile.", "Type it.")
        data["id"] = f"id{self.store.number()}"
        self.store.data["profiles"][params.name] = data
        self.store.save()
        return p.ProfileInfo(id=data["id"], name=params.name, created=NOW)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--slow-start", type=float, default=0.0)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--die-at-start", action="store_true")
    parser.add_argument("--no-model", action="store_true")
    parser.add_argument("--notice", action="store_true")
    parser.add_argument("--other-model", action="store_true", help="the memory was learned with another one")
    parser.add_argument("--no-keyring", action="store_true")
    parser.add_argument("--in-use", nargs="*", default=[])
    parser.add_argument("--undo", type=float, default=30.0, help="seconds for which a deletion can be undone")
    parser.add_argument("--slow-search", type=float, default=0.0)
    parser.add_argument("--linger", type=float, default=0.0, help="seconds to stay after the end of file")
    parser.add_argument("--forgotten", type=int, default=0, help="lessons that are not known any more")
    options = parser.parse_args()
    options.data_dir.mkdir(parents=True, exist_ok=True)
    Engine(options).serve()


if __name__ == "__main__":
    main()
