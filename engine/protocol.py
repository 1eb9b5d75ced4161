"""The pipe between a front end and the engine: message types and version. `app` imports this module alone.

One JSON object a line (UTF-8, at most `MAX_LINE` bytes), JSON-RPC 2.0 shaped, over the engine's stdin and stdout:

    -> {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocol": 2, ...}}
    <- {"jsonrpc": "2.0", "id": 1, "result": {...}}
    <- {"jsonrpc": "2.0", "id": 2, "error": {"code": 1204, "message": "...", "hint": "..."}}
    <- {"jsonrpc": "2.0", "method": "turn.delta", "params": {"turn": 7, "text": "..."}}      (notification)

`initialize` comes first. Requests are answered in the order they arrive (one worker), except `turn.cancel` and
`engine.status`, which are answered at once, also while a turn runs. Unknown *fields* are ignored, so that an older
side understands a newer one of the same version; unknown *methods* get METHOD_NOT_FOUND. A turn in a
conversation is stopped as soon as a `conversation.delete` for it arrives. End of file on stdin means the front end is
gone: the engine commits and exits.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

PROTOCOL_VERSION: Final = 2
MAX_LINE: Final = 16 * 1024 * 1024
"""Bytes in one message at most; a longer line is skipped to its end and answered with TOO_LARGE."""

DOCUMENT_SUFFIXES: Final = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".mkd": "markdown",
    ".pdf": "pdf",
}
"""Files that `memory.read` takes, by the end of their name in lower case, and what they hold."""
MAX_SAID: Final = 200_000
"""Characters in one message of a person at most (some hundred pages): reading and learning them takes minutes on a
small machine. A longer one is refused with TOO_LARGE before anything of it is kept."""

PICTURED: Final = 8
SURPRISES: Final = 60
CHARACTERS: Final = 4
"""Of English text to a token, about."""

EngineState = Literal["starting", "ready", "busy", "stopping"]
FinishReason = Literal["stop", "length", "cancelled"]
Role = Literal["system", "user", "assistant"]


class Struct(msgspec.Struct, kw_only=True, omit_defaults=False):
    """Base of every message part."""


class Confidential(Struct):
    """A message that may hold a passphrase: it does not show what is in it, whoever prints it."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"


# ---------------------------------------------------------------------------------------------- envelope


class Request(Confidential, omit_defaults=True):
    """A call. Without `id` it is a notification and gets no answer."""

    method: str
    params: dict[str, Any] = msgspec.field(default_factory=dict)
    id: int | str | None = None
    jsonrpc: str = "2.0"


class ErrorBody(Struct):
    """`code` is one of `engine.errors.ErrorCode`; `hint` says what to do."""

    code: int
    message: str
    hint: str = ""
    reason: str = ""
    """One of `engine.reasons.Reason`, where there is more to say than the code does: for front ends with words of
    their own."""
    values: dict[str, str | int] = msgspec.field(default_factory=dict)
    """What belongs in these words."""


class Notice(Struct):
    """`engine.notice`: something a person should read."""

    message: str
    hint: str = ""
    reason: str = ""
    """One of `engine.reasons.Reason`."""
    values: dict[str, str | int] = msgspec.field(default_factory=dict)
    """What belongs in the words for it."""
    error: ErrorBody | None = None
    """What made it so, if that was an error."""


class Response(Struct, omit_defaults=True):
    """The answer to a request: `result`, or `error`. A parse error is answered with id null."""

    id: int | str | None
    result: Any = None
    error: ErrorBody | None = None
    jsonrpc: str = "2.0"


class Notification(Struct):
    """Something the engine says without being asked."""

    method: str
    params: Any
    jsonrpc: str = "2.0"


# ---------------------------------------------------------------------------------------------- parts


class BackboneInfo(Struct):
    """The language model behind the engine."""

    name: str
    digest: str
    layers: int
    width: int
    vocabulary: int
    window: int
    """Tokens in the KV window."""
    cache: int
    """Bytes that one token takes in the KV window."""
    path: str = ""
    """Its file."""


class ProfileInfo(Struct):
    """A profile as a person knows it."""

    id: str
    name: str
    created: str
    """ISO 8601, UTC."""
    problem: str = ""
    """Why it cannot be opened; empty when nothing is known to be wrong with it."""
    colour: str = ""
    """`#rrggbb`; empty when it cannot be read."""
    picture: bytes = b""
    """A small PNG (base64 on the pipe); empty: none."""
    encrypted: bool = False
    locked: bool = False
    """Encrypted and not open: nothing but the name is known, and the passphrase has to be sent along."""
    remembered: bool = False
    """The system's keyring opens it on this computer without its passphrase."""


class MemoryStats(Struct):
    """The gauge. `state_bytes` is constant for the life of a profile."""

    state_bytes: int
    snapshot_bytes: int
    """Size of the newest snapshot file on disk; 0 before the first."""
    neurons: int
    neurons_used: int
    turns: int
    """Turn slots (addresses) there are."""
    turns_used: int
    turns_learned: int
    """Journal entries: turns ever learned and not forgotten."""
    turns_recycled: int


class Learned(Struct):
    """What one turn taught the memory."""

    entry: int | None
    """Journal id; None when nothing was worth writing."""
    surprise: float
    """Mean hinge loss of the kept tokens before the write, 0 (known by heart) to 1 (all new)."""
    recruited: int
    strengthened: int
    overwritten: int
    recycled: int
    tokens: list[str]
    """The token texts that were written, for display."""


class Message(Struct):
    """One message of a conversation. `finish` None on a reply: being generated, or never finished (interrupted).

    "stop" on a message of the person: it is a passage of a document (`memory.read`), and nothing is to answer it.
    """

    id: int
    conversation: int
    role: Role
    content: str
    created: str
    finish: FinishReason | None = None
    parent: int = 0
    """The message that it follows on; 0: none, it begins the conversation."""
    versions: list[int] = msgspec.field(default_factory=list)
    """The ids of all its versions (what follows on the same message), itself among them, oldest first; empty when it
    is the only one."""


class Conversation(Struct):
    """One conversation of the profile; times are ISO 8601, UTC."""

    id: int
    title: str
    created: str
    updated: str
    messages: int
    """How many, all versions counted."""
    pinned: bool = False
    """To be shown before all others."""
    learns: bool = True
    """What is said in it is learned; otherwise the memory is read only."""


class Hit(Struct):
    """A message that a search found."""

    conversation: int
    title: str
    """Of the conversation."""
    message: int
    role: Role
    created: str
    snippet: str
    """A line of the message around what was searched for."""
    marks: list[tuple[int, int]]
    """Where in `snippet` that stands: begin and end in characters (code points), ascending, without overlap."""


class JournalEntry(Struct):
    """One learned turn."""

    id: int
    created: str
    message: int | None
    text: str
    surprise: float
    recruited: int
    strengthened: int
    overwritten: int
    recycled: int
    source: str = ""
    """The document that it was read in, by its name; empty for what was said."""
    document: int | None = None
    """The conversation that holds this document's passages."""


class TurnMessage(Struct):
    """One message of a prompt given in full (`TurnSend.history`)."""

    role: Role
    content: str


# ---------------------------------------------------------------------------------------------- requests


class Initialize(Confidential):
    """`initialize`: first message. Opens `profile`; a missing one is created when `create` is true.

    A locked one without the right `passphrase` is refused with PROFILE_LOCKED or WRONG_PASSPHRASE; ask again then.

    While a profile cannot be read, which may be the missing one, that is refused with STATE_DAMAGED (`profile.create`
    is not).
    """

    protocol: int
    client: str = ""
    profile: str | None = None
    create: bool = True
    passphrase: str | None = None


class Initialized(Struct):
    """Answer to `initialize`."""

    protocol: int
    engine: str
    """Version of the engine."""
    backbone: BackboneInfo
    profile: ProfileInfo | None
    notices: list[Notice]
    """What a person should know, such as a damaged snapshot that was set aside."""
    hippocampus: BackboneInfo | None = None
    """The memory's own language model, when `backbone` is another one: it reads, recalls in words and learns, and what
    it recalls goes into the other's prompt. None when the memory speaks through `backbone` itself."""


class ProfileName(Confidential):
    """`profile.open`, `profile.create`, `profile.delete` (with `confirm`), `profile.decrypt`.

    `passphrase` goes along wherever a profile is locked; without the right one there is PROFILE_LOCKED or
    WRONG_PASSPHRASE, and nothing is changed. (Deleting needs none.)
    """

    name: str
    confirm: bool = False
    passphrase: str | None = None


class ProfileEncrypt(Confidential):
    """`profile.encrypt`: everything of the profile is encrypted from now on, all of it or nothing.

    There is no way back to it without the passphrase.
    """

    name: str
    passphrase: str
    remember: bool = False
    """As `profile.remember`; where there is no keyring the profile is encrypted all the same, and a notice says so."""


class ProfilePassphrase(Confidential):
    """`profile.passphrase`: another passphrase. The old one is asked for even while the profile is open."""

    name: str
    passphrase: str
    new_passphrase: str


class ProfileRemember(Confidential):
    """`profile.remember`: has the system's keyring open the profile on this computer, or no longer.

    Raises KEYRING_MISSING where there is none.
    """

    name: str
    remember: bool
    passphrase: str | None = None


class Draft(Confidential):
    """`profile.draft`: what stands in the input box of the open profile is kept with it; None: only asked for.

    The answer is what was kept before. For encrypted profiles, which leave nothing in the window's own settings.
    """

    text: str | None = None


class ProfileRename(Confidential):
    """`profile.rename`."""

    name: str
    new_name: str
    passphrase: str | None = None


class ProfileDuplicate(Confidential):
    """`profile.duplicate`: a new profile `new_name` that holds all that `name` does. The open one stays open."""

    name: str
    new_name: str
    passphrase: str | None = None


class ProfileLook(Confidential):
    """`profile.look`: another colour or picture. None leaves it as it is.

    A picture that is not plain, small and whole is refused with PROFILE_LOOK (`engine.store.looks` says how small).
    """

    name: str
    colour: str | None = None
    """`#rrggbb`"""
    picture: bytes | None = None
    """A PNG; empty: none."""
    passphrase: str | None = None


class ProfileList(Struct):
    """Answer to `profile.list`."""

    profiles: list[ProfileInfo]
    current: str | None


class ProfileOpened(Struct):
    """Answer to `profile.open` and `profile.create`."""

    profile: ProfileInfo
    notices: list[Notice]


class ConversationId(Struct):
    """`conversation.delete` and `conversation.restore`."""

    conversation: int


class ConversationMessages(Struct):
    """`conversation.messages`: those of the branch that is shown, or, with `every`, all versions of all of them."""

    conversation: int
    every: bool = False


class ConversationExport(Struct):
    """`conversation.export`: writes one file. An existing file is refused unless `overwrite`."""

    conversation: int
    path: str
    format: Literal["markdown", "json"] = "markdown"
    """The branch that is shown, for people; or every version, with the parents, for programs."""
    overwrite: bool = False
    you: str = "You"
    """What the Markdown calls the person."""
    techo: str = "Techo"
    """What it calls the assistant."""


class MessageId(Struct):
    """`message.show`, `message.delete` and `message.restore`.

    `message.show` shows the newest branch that goes through a message: it stays shown, and the next turn goes on there.
    """

    message: int


class MessageDeleted(Struct):
    """Answer to `message.delete`: the message and everything that hangs on it.

    From now on nothing shows or finds it. The version next to it is shown instead, if there is one. Until
    `undo_seconds` are over, or the profile is closed, `message.restore` brings it back; then it is erased. What was
    learned from it stays learned (`memory.forget`).
    """

    message: int
    conversation: int
    title: str
    """Of the conversation, as it was."""
    messages: int
    """How many went."""
    whole: bool
    """Nothing was left of the conversation: it is deleted, too."""
    undo_seconds: float


class ConversationRename(Struct):
    """`conversation.rename`. A title is one line of 200 characters at most; longer ones are cut, empty ones refused."""

    conversation: int
    title: str


class ConversationPin(Struct):
    """`conversation.pin`."""

    conversation: int
    pinned: bool = True


class ConversationLearn(Struct):
    """`conversation.learn`: whether what is said in it from now on is learned. What was learned stays learned.

    While it is not, no turn in it changes the memory, whatever the turn asks for: an edited message is not learned, and
    what its old version had taught stays. The memory is read as ever.
    """

    conversation: int
    learn: bool = True


class ConversationDeleted(Struct):
    """Answer to `conversation.delete`.

    From now on nothing shows the conversation. A reply that was being generated in it has been stopped. Until
    `undo_seconds` are over, or the profile is closed, `conversation.restore` brings it back; then it is erased. What
    was learned from it stays learned (`memory.forget`).
    """

    conversation: int
    title: str
    messages: int
    undo_seconds: float


class ConversationSearch(Struct):
    """`conversation.search`: messages that contain each word of `query`, or part of one, whatever the case.

    `before`: only those older than this message, to go on where the last answer ended.
    """

    query: str
    limit: int = 50
    before: int | None = None


class HitList(Struct):
    """Answer to `conversation.search`, newest first. `more`: there are older ones."""

    hits: list[Hit]
    more: bool


class ConversationList(Struct):
    """Answer to `conversation.list`: the one that changed last first, pinned or not."""

    conversations: list[Conversation]


class MessageList(Struct):
    """Answer to `conversation.messages` and `message.show`, oldest first."""

    messages: list[Message]


class Sampling(Struct):
    """`temperature` 0 is greedy decoding. `dry`: how strongly a reply is kept from repeating itself, 0 not at all."""

    temperature: float = 0.0
    top_k: int = 40
    top_p: float = 0.95
    dry: float = 0.8
    seed: int | None = None
    max_tokens: int = 512


class TurnSend(Struct):
    """`turn.send`: one turn - read, generate, write. `conversation` None begins a new one."""

    text: str
    conversation: int | None = None
    sampling: Sampling = msgspec.field(default_factory=Sampling)
    learn: bool = True
    """Write the turn into the fast weights, if the conversation is one that is learned from."""
    learns: bool = True
    """Of a new conversation: whether it is (`conversation.learn`)."""
    recall: bool = True
    """Read the fast weights while generating."""
    history: list[TurnMessage] | None = None
    """Replaces the conversation's own earlier messages in the prompt (evaluation arms); oldest dropped to fit."""
    edits: int | None = None
    """The text is another version of this message of the person, which is kept beside it; the conversation goes on
    from there. What the old version had taught is forgotten exactly, when `learn` is on: the memory holds what the
    person means now."""


class TurnAgain(Struct):
    """`turn.again`: another reply to a message of the person; the earlier ones are kept as versions.

    The turn is not learned a second time; it is learned now if the engine died before it came to that.
    """

    message: int
    """The message, or one of the replies to it."""
    sampling: Sampling = msgspec.field(default_factory=Sampling)
    learn: bool = True
    recall: bool = True


class TurnContinue(Struct):
    """`turn.continue`: goes on with a reply that was stopped, interrupted or reached its length limit.

    The same message grows. It must be the last one of its branch. Learned as with `turn.again`.
    """

    message: int
    sampling: Sampling = msgspec.field(default_factory=Sampling)
    learn: bool = True
    recall: bool = True


class TurnFeed(Struct):
    """`turn.feed`: a turn whose reply is already known (evaluation, import of a chat). Nothing is generated."""

    user: str
    assistant: str | None = None
    conversation: int | None = None
    learn: bool = True


class Usage(Struct):
    """Tokens and seconds of one turn."""

    prompt_tokens: int
    """Tokens of the prompt that had to be computed."""
    cached_tokens: int
    """Tokens of the prompt that were in the KV window already."""
    generated_tokens: int
    read_seconds: float
    first_token_seconds: float
    """From the arrival of the request to the first token."""
    generate_seconds: float
    """From the first token to the last."""
    write_seconds: float
    """Encoding the turn and the inner loop, commit excluded."""
    memory_tokens: int
    """Generated tokens in which the memory had a say."""


class TurnDone(Struct):
    """Answer to `turn.send`, `turn.again`, `turn.continue` and `turn.feed`."""

    conversation: int
    user_message: int
    reply_message: int | None
    """None: nothing was fed as a reply, or another reply was stopped before its first word; the old one stays shown."""
    reply: str
    """All of it, also when the turn only went on with it."""
    finish: FinishReason
    learned: Learned | None
    recalled: list[int]
    """Journal ids of the learned turns that fired."""
    usage: Usage
    forgotten: list[int] = msgspec.field(default_factory=list)
    """Journal ids of what the old version of an edited message had taught, and is forgotten now."""


class TurnAsk(Struct):
    """`turn.ask`: one turn of a temporary chat. Nothing of it goes to the disk, and nothing is learned."""

    text: str
    history: list[TurnMessage] = msgspec.field(default_factory=list)
    """What was said before in this chat."""
    sampling: Sampling = msgspec.field(default_factory=Sampling)
    recall: bool = True
    """Read the fast weights while generating."""


class TurnAnswer(Struct):
    """Answer to `turn.ask`."""

    reply: str
    finish: FinishReason
    recalled: list[int]
    """Journal ids of the learned turns that fired."""
    usage: Usage


class Recollect(Struct):
    """`memory.recollect`: what does the memory say to this question, asked by itself? Nothing is kept or learned.

    The memory's own model answers, whichever model talks.
    """

    question: str


class Recalled(Struct):
    """A learned turn that fired, and how well it answers the question (any number; more is better)."""

    entry: JournalEntry
    score: float


class Recollection(Struct):
    """Answer to `memory.recollect`: its words, and what they came from, the surest first. Silent: both are empty."""

    text: str
    recalled: list[Recalled]


class Relearned(Struct):
    """Answer to `memory.relearn`: the journal was learned anew with the model and the weights of today."""

    turns: int
    stats: MemoryStats


class MemoryRead(Struct):
    """`memory.read`: a text, Markdown or PDF file is read and learned, passage by passage, each a learned turn.

    The passages go into a conversation of their own that is called after the file; nothing answers them. Each is
    committed by itself: when it is stopped (`turn.cancel`), or the engine dies, what was learned by then stays, and
    reading the same file once more goes on from there, since what is known word for word is not learned twice.
    """

    path: str


class DocumentRead(Struct):
    """Answer to `memory.read`."""

    name: str
    """Of the file, which the conversation is called after."""
    conversation: int | None
    """Where its passages are; None when nothing of it had to be learned."""
    passages: int
    """How many it has; 0 when it was stopped before that was known."""
    learned: int
    known: int
    """Passages that were known word for word before."""
    idle: int
    """Passages with nothing in them that is worth a neuron."""
    unreadable: int
    """Pages that could not be read."""
    cancelled: bool
    """It was stopped. What was learned stays."""
    stats: MemoryStats


class ConfirmEntry(Struct):
    """`memory.confirm`: what this learned turn says is right. It is heard again, and thereby strengthened."""

    entry: int


class TimelineDay(Struct):
    """A day, where the engine runs, on which something was learned that is still known."""

    day: str
    """2026-01-31"""
    lessons: int
    last: int
    """Journal id of the last of them: the moment at the end of that day."""


class Timeline(Struct):
    """Answer to `memory.timeline`: the life of the memory, oldest day first."""

    born: str
    """When the profile was made."""
    days: list[TimelineDay]
    lessons: int
    newest: int
    """Journal id of the newest lesson; 0: none."""
    forgotten: int
    """Lessons that were learned and are not known any more. What they were is nowhere."""


class Moment(Struct):
    """`memory.compare`: the memory after a lesson, or as it was at a date. One of the two is given.

    What has been forgotten since was part of it then, and is not any more.
    """

    entry: int | None = None
    """Journal id of the last lesson that is kept; 0 for birth."""
    date: str | None = None
    """ISO 8601: what was learned until then is kept."""


class Comparison(Struct):
    """Answer to `memory.compare`."""

    entry: int
    """Journal id of the moment; 0 for birth."""
    then: MemoryStats
    now: MemoryStats
    lost: int
    """Lessons since: going back forgets them."""
    first: list[JournalEntry]
    """The first few of them."""
    messages: int
    """What they were learned from, with the replies."""
    forgotten: int
    """Lessons from before the moment that are not known any more, and do not come back."""


class GoBack(Struct):
    """`memory.back`: forgets every lesson after a moment, all of them or none, exactly as `memory.forget` does.

    Without `confirm` nothing happens and NOT_CONFIRMED says what would be lost.
    """

    entry: int | None = None
    date: str | None = None
    """As in `Moment`."""
    said: bool = False
    """Take the messages that they were learned from, and the replies to those, out of the conversations as well."""
    confirm: bool = False


class WentBack(Struct):
    """Answer to `memory.back`."""

    entry: int
    entries: list[int]
    """Journal ids of the lessons that are gone."""
    messages: int
    """Messages that were taken out of the conversations."""
    stats: MemoryStats


class Cancelling(Struct):
    """Answer to `turn.cancel`: whether a turn was running."""

    cancelling: bool


class EngineStatus(Struct):
    """Answer to `engine.status`."""

    state: EngineState
    rss_bytes: int
    profile: str | None


class PictureOf(Struct):
    """`memory.picture`: of these learned turns, the first `PICTURED` of them."""

    entries: list[int]


class Neuron(Struct):
    """One neuron of the fast weights."""

    text: str
    """The token that it says."""
    key: str
    """Its local key: "+", "-" and "0"."""


class Written(Struct):
    """The neurons of a learned turn, in the order of its words; none where it has made room for others."""

    entry: int
    neurons: list[Neuron]


class MemoryPicture(Struct):
    """What there is to see of the memory."""

    written: list[Written]
    """Of the turns that were asked for."""
    surprises: list[float]
    """Of the newest `SURPRISES` learned turns, oldest first; see `Learned`."""
    cache_bytes: int
    """About what a KV cache of all that was said in this profile would take, at `CHARACTERS` a token."""


class JournalPage(Struct):
    """`memory.journal`: newest first, `limit` entries older than `before`."""

    limit: int = 100
    before: int | None = None
    words: str = ""
    """Only entries whose text holds each of these words, in upper or lower case."""
    since: str | None = None
    until: str | None = None
    """Only entries learned from `since` on and before `until`; ISO 8601, UTC."""
    document: int | None = None
    """Only entries learned from the document whose passages are in this conversation."""


class JournalList(Struct):
    """Answer to `memory.journal`."""

    entries: list[JournalEntry]


class Forget(Struct):
    """`memory.forget`: forget learned turns exactly, all of them or none."""

    entries: list[int]
    said: bool = False
    """Take the messages that they were learned from, and the replies to those, out of the conversations as well."""
    repeats: bool = False
    """Forget every other learned turn of the very same words as well: what was confirmed stands there several times."""


class Forgotten(Struct):
    """Answer to `memory.forget`."""

    entries: list[JournalEntry]
    messages: int
    """Messages that were taken out of the conversations."""
    stats: MemoryStats


class Confirm(Struct):
    """`memory.reset`. Without `confirm` nothing happens and NOT_CONFIRMED names what would be lost."""

    confirm: bool = False


class FilePath(Struct):
    """`memory.export`: writes one file. An existing file is refused unless `overwrite`."""

    path: str
    overwrite: bool = False


class Exported(Struct):
    """Answer to `memory.export` and `conversation.export`."""

    path: str
    bytes: int


class MemoryImport(Confidential):
    """`memory.import`: makes a new profile `name` from an exported file, after full validation.

    One that was exported from an encrypted profile needs its passphrase, and becomes an encrypted profile.
    """

    path: str
    name: str
    passphrase: str | None = None


class PerplexityOf(Struct):
    """`bench.perplexity`: teacher-forced perplexity of `text` as a reply to `prompt`, memory read or not."""

    prompt: str
    text: str
    recall: bool = True
    history: list[TurnMessage] | None = None
    """What was said before the prompt (evaluation arms); oldest dropped to fit."""


class Perplexity(Struct):
    """Answer to `bench.perplexity`: natural-log likelihood of the text's tokens, and how many."""

    log_likelihood: float
    tokens: int


class Ok(Struct):
    """Answer to requests that have nothing else to say (`profile.rename`, `profile.delete`, `shutdown`, ...)."""

    ok: bool = True


# ---------------------------------------------------------------------------------------------- notifications


class StateChanged(Struct):
    """`engine.state`."""

    state: EngineState


class TurnAccepted(Struct):
    """`turn.accepted`: the user's message is on disk (fsynced); from here on it survives a crash.

    Of `turn.again` and `turn.continue`: it was there already, and the turn has begun.
    """

    turn: int
    conversation: int
    message: int


class TurnStarted(Struct):
    """`turn.started`: a turn of `turn.ask` has begun. Of what comes now, nothing survives."""

    turn: int


class TurnDelta(Struct):
    """`turn.delta`: the next piece of the reply, whole characters only; of `turn.continue`, of what is new."""

    turn: int
    text: str


class TurnLearned(Struct):
    """`turn.learned`: the write is on disk (fsynced)."""

    turn: int
    learned: Learned


class Reading(Struct):
    """`memory.reading`: how far `memory.read` has come."""

    name: str
    """Of the file."""
    phase: Literal["pages", "passages"]
    """First its pages are turned (a PDF's only), then its passages are learned."""
    done: int
    count: int


METHODS: Final[dict[str, tuple[type[Struct] | None, type[Struct]]]] = {
    "initialize": (Initialize, Initialized),
    "shutdown": (None, Ok),
    "engine.status": (None, EngineStatus),
    "profile.list": (None, ProfileList),
    "profile.create": (ProfileName, ProfileOpened),
    "profile.open": (ProfileName, ProfileOpened),
    "profile.rename": (ProfileRename, Ok),
    "profile.duplicate": (ProfileDuplicate, ProfileInfo),
    "profile.look": (ProfileLook, ProfileInfo),
    "profile.delete": (ProfileName, Ok),
    "profile.encrypt": (ProfileEncrypt, ProfileInfo),
    "profile.decrypt": (ProfileName, ProfileInfo),
    "profile.passphrase": (ProfilePassphrase, ProfileInfo),
    "profile.remember": (ProfileRemember, ProfileInfo),
    "profile.lock": (None, Ok),
    "profile.draft": (Draft, Draft),
    "conversation.list": (None, ConversationList),
    "conversation.messages": (ConversationMessages, MessageList),
    "conversation.rename": (ConversationRename, Conversation),
    "conversation.pin": (ConversationPin, Conversation),
    "conversation.learn": (ConversationLearn, Conversation),
    "conversation.delete": (ConversationId, ConversationDeleted),
    "conversation.restore": (ConversationId, Conversation),
    "conversation.search": (ConversationSearch, HitList),
    "conversation.export": (ConversationExport, Exported),
    "message.show": (MessageId, MessageList),
    "message.delete": (MessageId, MessageDeleted),
    "message.restore": (MessageId, Conversation),
    "turn.send": (TurnSend, TurnDone),
    "turn.again": (TurnAgain, TurnDone),
    "turn.continue": (TurnContinue, TurnDone),
    "turn.feed": (TurnFeed, TurnDone),
    "turn.ask": (TurnAsk, TurnAnswer),
    "turn.cancel": (None, Cancelling),
    "memory.stats": (None, MemoryStats),
    "memory.picture": (PictureOf, MemoryPicture),
    "memory.journal": (JournalPage, JournalList),
    "memory.recollect": (Recollect, Recollection),
    "memory.relearn": (None, Relearned),
    "memory.read": (MemoryRead, DocumentRead),
    "memory.confirm": (ConfirmEntry, Learned),
    "memory.forget": (Forget, Forgotten),
    "memory.timeline": (None, Timeline),
    "memory.compare": (Moment, Comparison),
    "memory.back": (GoBack, WentBack),
    "memory.reset": (Confirm, MemoryStats),
    "memory.export": (FilePath, Exported),
    "memory.import": (MemoryImport, ProfileInfo),
    "bench.perplexity": (PerplexityOf, Perplexity),
}
"""Every method with the types of its params and of its result."""
