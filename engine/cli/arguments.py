"""The command line's grammar and its help. Nothing is imported here that would make `techo --help` slow."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

from engine.cli.console import UsageError

DEFAULT_PROFILE: Final = "default"

_TOP: Final = """\
examples:
  techo say "My cat is called Miso."        one turn in a new conversation
  techo say "What is my cat called?"        another process, and it knows
  techo chat                                talk in the terminal
  techo memory stats --json                 what the memory holds, for a script
  techo plan                                which models fit this machine, and why
  techo evaluate episodes.jsonl --arm memory,notes,none --out results.jsonl

exit status:
  0  done       1  an error (message and hint on stderr; with --json {"error": {...}} on stdout)
  2  usage      3  not confirmed, nothing was changed       130  interrupted (Ctrl-C)
"""

AGAIN_TEMPERATURE: Final = 0.8
"""Of another reply, unless the command line says otherwise."""

_CHAT: Final = """\
Replies are streamed. Ctrl-C stops a reply (what was said so far is kept), Ctrl-D leaves.
A line that begins with / is a command; /help lists them.
When standard input is a pipe, each line is a turn and only the replies are printed;
with --json one object a turn.

examples:
  techo chat --profile work
  printf 'My cat is called Miso.\\nThank you.\\n' | techo chat --json
"""

_SAY: Final = """\
Prints the reply as it is generated; with --json one object with the reply, what was
learned, which learned turns were recalled, and the time it took.

examples:
  techo say "My dentist is Dr Okafor."
  techo say "Who is my dentist?" --no-learn --json
  techo say "My dentist is Dr Okada." --edit 12   another version of what you said in message 12
  techo again 13                                  another reply; the first one is kept
  techo continue 13                               more of a reply that was stopped or too long
  techo say "Tell me a story." --temperature 0.8 --seed 7 --max-tokens 200
  echo "A long text" | techo say -
"""

_PROFILE: Final = """\
A profile is one memory with its conversations. Names are yours to choose.

examples:
  techo profile create work
  techo profile duplicate work experiment          the same memory and conversations once more
  techo profile look work --colour "#2f6b68" --picture face.png
  techo profile rename work office
  techo profile delete office --yes
  techo profile encrypt work                       everything of it, with a passphrase that you are asked for
  techo profile passphrase work                    another one
  techo profile remember work on                   this computer's keyring opens it from now on
  techo profile decrypt work                       plain again
A lost passphrase cannot be recovered. Encrypted profiles are listed by name; nothing else of them is shown.
"""

_CONVERSATION: Final = """\
A conversation is known by the number that `list` and `search` show.

examples:
  techo conversation list --profile work
  techo conversation search dentist tuesday       every word, or part of one, in one message
  techo conversation search 歯医者
  techo conversation rename 12 "The trip to Kyoto"
  techo conversation learn 12 off                 nothing said in it is learned; the memory is still read
  techo conversation delete 12 --yes              what was learned from it stays learned
  techo conversation show 12                      what was said, with the number of each message and its versions
  techo conversation export 12 trip.md            the branch that is shown; trip.json holds every version
"""

_MESSAGE: Final = """\
A message is known by the number that `techo conversation show` and `search` give it. Another reply (techo again) or
another wording (techo say --edit) is a version of it, and begins a branch of its own.

examples:
  techo message show 17                           go back to the branch with this version
  techo message delete 17 --yes                   with everything that hangs on it
"""

_MEMORY: Final = """\
examples:
  techo memory stats --json            state_bytes, neurons, neurons_used, turns_learned, ...
  techo memory journal --limit 20      what was learned, newest first
  techo memory forget 12               forget entry 12 exactly, as if it had never been told
  techo memory forget --last           undo the last lesson
  techo memory confirm 12              entry 12 is right: hear it again, which strengthens it
  techo memory forget --words lisbon --said    everything about a word, also in the conversations
  techo memory timeline                what was learned on which day
  techo memory back --to 2026-01-31    as it was at the end of that day; asks first
  techo memory back --to 120 --keep "before going back"   as it was after entry 120; now stays as a profile
  techo memory read notes.md trip.pdf  have documents read and learned, passage by passage
  techo memory forget --document notes.md    all that was learned from a document
  techo memory export me.techo         one file with the memory and the conversations
  techo memory import me.techo --name me-again
"""

_EVALUATE: Final = """\
An episode is one JSON object a line:
  {"id": "e1", "sessions": [{"turns": [{"role": "user", "content": "..."},
                                       {"role": "assistant", "content": "..."}]}],
   "questions": [{"q": "...", "answers": ["...", "..."], "kind": "fact"}]}
kind: fact, update (the newest value counts; "stale" lists the old ones), abstain (never told;
"answers" may be empty), control (general knowledge), choice ("options" lists replies, "answers"
those of them that are right). Also known: "stale" and "wrong", values that a question must not be
answered with.

For each episode a fresh profile; the sessions are fed as real turns, one conversation a session (a
user turn without a reply in the file gets a generated one); then the engine process ends and a new
one starts; each question is asked in a new conversation, greedy, without learning from it.

arms:
  none       a fresh profile, nothing told
  context    all sessions in the prompt, as far as they fit (the newest are kept); memory not read
  memory     the fast weights alone; the sessions are not in the prompt
  notes      BM25: the k best of the user's own turns in the prompt; memory not read
  other      the memory of somebody else: the next episode's sessions (or --other's) were told
  scrambled  as memory, but the learned weights are shuffled: the same numbers, no meaning

An answer is right when the normalised text of a gold answer is contained in it as whole words.
abstain: right when no told value (gold answers, names, numbers) is handed out; "invented"
counts the replies that do not say that they do not know.
choice: nothing is generated; the option that is likeliest as a reply, per byte, is taken.
Behind each rate stands its 95 % confidence interval: a bootstrap over episodes, and over questions
in them. The memory is compared with each other arm over the questions that both were asked.

examples:
  techo evaluate episodes.jsonl --arm memory --out memory.jsonl
  techo evaluate episodes.jsonl --arm memory,context,notes,none --out all.jsonl
  techo evaluate --compare memory.jsonl notes.jsonl
"""

_BENCH: Final = """\
speed      after N turns (--fill): decoding with memory / without, side by side; learning a turn /
           reading it; the first token; the start of the engine
memory     resident memory and snapshot size over N turns (--turns) in one profile; after them the
           perplexity of a plain text with the memory / without
controls   after N turns (--fill): general-knowledge questions with the memory / without
kills      kill -9 in the middle of turns: is anything lost that was shown as sent or learned?
ternary    a ternary model beside the Q4_1 one and an F16 one of its weights: size, speed, perplexity,
           told-fact recall, reasoning, degenerate loops, sample dialogues, energy. No part of "all".
           Half an hour or more on an idle machine; see --only and --quick

N turns use a small part of the memory; the result says how much. With --full the perplexity and
the controls are measured when no free neuron or turn slot is left: what the N turns wrote has then
been written again and again, each time at other addresses. Tell a few hundred for that.

Everything runs in temporary profiles; yours are not touched.

examples:
  techo bench speed
  techo bench memory --turns 1000 --text wiki.test.txt
  techo bench controls --full --fill 300
  techo bench kills --kills 50 --json
  techo bench soak --turns 100000
  techo bench ternary --ternary T.gguf --memory T.safetensors --corpora DIR --quick
  techo bench ternary --ternary T.gguf --memory T.safetensors --only size,speed,energy
"""

_MODELS: Final = """\
Without a command: the catalogue. `inspect` reads a file's header only, without trusting it; a
damaged, incomplete or hostile file, or one that is no language model, is refused with the reason.

examples:
  techo models --json
  techo models inspect some-model.Q4_K_M.gguf
  techo models download https://.../some-model.Q4_K_M.gguf
"""

_DOWNLOAD: Final = """\
The one command that opens the network: it talks to that address and to where it redirects, and to
nobody else. What was received is kept when it breaks off (Ctrl-C too); the same command goes on.

examples:
  techo models download https://.../some-model.Q4_K_M.gguf
  techo models download https://.../some-model.Q4_K_M.gguf --sha256 0123... --to model.gguf
"""

_PLAN: Final = """\
For this machine, or with --vram or --ram for one that you think of: the three set-ups, then the
other models that fit, with size, layers on the GPU, a comfortable context, and a rough speed.

examples:
  techo plan
  techo plan --vram 8 --ram 32
  techo plan --model qwen2.5-7b --quantization Q6_K --context 16384
  techo plan --model some-model.Q4_K_M.gguf --json
"""


class Parser(argparse.ArgumentParser):
    """Raises instead of exiting, so that `--json` gets its error object too."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", f"`{self.prog} --help` shows how it is used.")


def _positive(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return value


def _moment(text: str) -> str:
    """A date or a moment, in local time unless it says otherwise -> ISO 8601 with its offset."""
    from datetime import datetime

    try:
        return datetime.fromisoformat(text).astimezone().isoformat()
    except (ValueError, OverflowError, OSError):  # the last two: years that the system's clock does not know
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-01-31 or 2026-01-31T18:00") from None


def _point(text: str) -> tuple[int | None, str | None]:
    """Where to go back to: the number of an entry, or a date -> (entry, None) or (None, ISO 8601).

    A day without a time means its end.
    """
    from datetime import date, datetime, time

    if text.isascii() and text.isdigit():
        return int(text), None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None, _moment(text)
    return None, datetime.combine(day, time.max).astimezone().isoformat()


def _gigabytes(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 65_536.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of gigabytes")
    return value


def _temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 10.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a temperature between 0 (greedy) and 10")
    return value


def _common(*, hidden_defaults: bool) -> Parser:
    """The options of every command; given before the command or after it, the later one wins."""
    parser = Parser(add_help=False)

    def default(value: object) -> object:
        return argparse.SUPPRESS if hidden_defaults else value

    group = parser.add_argument_group("for every command")
    group.add_argument(
        "--json", action="store_true", default=default(False), help="results and errors as one JSON object a line"
    )
    group.add_argument(
        "--profile", metavar="NAME", default=default(None), help=f'which memory (default: "{DEFAULT_PROFILE}")'
    )
    group.add_argument(
        "--data-dir",
        metavar="DIR",
        type=Path,
        default=default(None),
        help="where profiles are kept (default: the user's data folder; `techo version` shows it)",
    )
    group.add_argument(
        "--threads",
        type=_positive,
        metavar="N",
        default=default(None),
        help="CPU threads of the engine (default: one a CPU, four at most; 1 is best on a busy machine)",
    )
    group.add_argument(
        "--passphrase-stdin",
        action="store_true",
        default=default(False),
        help="read the passphrase of an encrypted profile from standard input, one line (default: ask on the terminal)",
    )
    return parser


class _Grammar:
    """Builds the commands; each one names the module and function that carry it out."""

    def __init__(self) -> None:
        self._shared = _common(hidden_defaults=True)
        self.parser = Parser(
            prog="techo",
            description="Techo, the partner that remembers: a local assistant that learns while you talk.",
            epilog=_TOP,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            parents=[_common(hidden_defaults=False)],
        )
        self.commands = self.parser.add_subparsers(
            title="commands", dest="command", metavar="COMMAND", required=True, parser_class=Parser
        )

    def add(
        self,
        group: argparse._SubParsersAction[Parser],
        name: str,
        summary: str,
        run: str | None,
        epilog: str | None = None,
    ) -> Parser:
        parser = group.add_parser(
            name,
            help=summary,
            description=summary[:1].upper() + summary[1:] + ".",
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            parents=[self._shared],
        )
        if run is not None:
            parser.set_defaults(run=run)
        return parser

    def nested(self, name: str, summary: str, epilog: str) -> argparse._SubParsersAction[Parser]:
        parser = self.add(self.commands, name, summary, None, epilog)
        return parser.add_subparsers(
            title="commands", dest="action", metavar="COMMAND", required=True, parser_class=Parser
        )


def _add_sampling(parser: argparse.ArgumentParser, max_tokens: int) -> None:
    parser.add_argument(
        "--temperature", type=_temperature, default=0.0, metavar="T", help="0 is greedy decoding (default)"
    )
    parser.add_argument("--seed", type=int, default=None, help="makes sampling repeatable")
    parser.add_argument(
        "--max-tokens", type=_positive, default=max_tokens, metavar="N", help="longest reply (default: %(default)s)"
    )
    parser.add_argument("--no-learn", action="store_true", help="do not learn this; a new conversation stays so")
    parser.add_argument("--no-recall", action="store_true", help="do not read the memory")


def _add_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _add_span(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--words", default="", metavar="WORDS", help="only those that hold each of these words")
    parser.add_argument("--since", type=_moment, metavar="DATE", help="only those learned from DATE on (2026-01-31)")
    parser.add_argument("--until", type=_moment, metavar="DATE", help="only those learned before DATE")


def _talk(grammar: _Grammar) -> None:
    chat = grammar.add(grammar.commands, "chat", "talk in the terminal", "engine.cli.chat:chat", _CHAT)
    _add_sampling(chat, 512)
    chat.add_argument("--conversation", type=_positive, metavar="ID", help="go on with this conversation")

    say = grammar.add(grammar.commands, "say", "one turn", "engine.cli.chat:say", _SAY)
    say.add_argument("text", metavar="TEXT", help='what you say; "-" reads standard input')
    where = say.add_mutually_exclusive_group()
    where.add_argument("--conversation", type=_positive, metavar="ID", help="in this conversation (default: a new one)")
    where.add_argument("--edit", type=_positive, metavar="ID", help="as another version of what you said in message ID")
    _add_sampling(say, 512)

    again = grammar.add(
        grammar.commands, "again", "another reply; the first one is kept", "engine.cli.chat:again", _SAY
    )
    again.add_argument("message", type=_positive, metavar="ID", help="number of the reply, or of what you said")
    _add_sampling(again, 512)
    # Greedily the same words would come again.
    again.set_defaults(temperature=AGAIN_TEMPERATURE)
    further = grammar.add(
        grammar.commands, "continue", "more of a reply that was stopped or too long", "engine.cli.chat:go_on", _SAY
    )
    further.add_argument("message", type=_positive, metavar="ID", help="number of the reply")
    _add_sampling(further, 512)


def _profiles(grammar: _Grammar) -> None:
    profile = grammar.nested("profile", "list, create, duplicate, rename, delete and encrypt profiles", _PROFILE)
    grammar.add(profile, "list", "all profiles", "engine.cli.profiles:list_profiles")
    grammar.add(profile, "create", "a new, empty profile", "engine.cli.profiles:create").add_argument("name")
    duplicate = grammar.add(
        profile, "duplicate", "a new profile with the same memory and conversations", "engine.cli.profiles:duplicate"
    )
    duplicate.add_argument("name")
    duplicate.add_argument("new_name", metavar="new-name")
    look = grammar.add(profile, "look", "give a profile a colour or a picture", "engine.cli.profiles:look")
    look.add_argument("name")
    look.add_argument("--colour", metavar="#RRGGBB", help="red, green and blue in hexadecimal")
    picture = look.add_mutually_exclusive_group()
    picture.add_argument("--picture", type=Path, metavar="FILE.png", help="a small PNG; the window takes any picture")
    picture.add_argument("--no-picture", action="store_true", help="without one")
    rename = grammar.add(profile, "rename", "give a profile another name", "engine.cli.profiles:rename")
    rename.add_argument("name")
    rename.add_argument("new_name", metavar="new-name")
    delete = grammar.add(
        profile, "delete", "delete a profile with all it learned; asks first", "engine.cli.profiles:delete"
    )
    delete.add_argument("name")
    _add_yes(delete)
    encrypt = grammar.add(
        profile, "encrypt", "encrypt a profile with a passphrase; asks for it", "engine.cli.profiles:encrypt"
    )
    encrypt.add_argument("name")
    encrypt.add_argument("--remember", action="store_true", help="have this computer's keyring open it")
    decrypt = grammar.add(profile, "decrypt", "make an encrypted profile a plain one", "engine.cli.profiles:decrypt")
    decrypt.add_argument("name")
    words = grammar.add(
        profile, "passphrase", "give an encrypted profile another passphrase", "engine.cli.profiles:passphrase"
    )
    words.add_argument("name")
    remember = grammar.add(
        profile,
        "remember",
        "have this computer's keyring open an encrypted profile, or no longer",
        "engine.cli.profiles:remember",
    )
    remember.add_argument("name")
    remember.add_argument("state", choices=["on", "off"])


def _conversations(grammar: _Grammar) -> None:
    module = "engine.cli.conversations:"
    conversation = grammar.nested(
        "conversation", "list, search, show, export, rename, pin, learn from and delete conversations", _CONVERSATION
    )
    grammar.add(conversation, "list", "all conversations, the last one first", module + "list_conversations")
    rename = grammar.add(conversation, "rename", "give a conversation another title", module + "rename")
    rename.add_argument("conversation", type=_positive, metavar="ID")
    rename.add_argument("title")
    pin = grammar.add(conversation, "pin", "keep a conversation at the top of the list", module + "pin")
    pin.add_argument("conversation", type=_positive, metavar="ID")
    pin.add_argument("--off", action="store_true", help="no longer")
    learn = grammar.add(conversation, "learn", "whether what is said in a conversation is learned", module + "learn")
    learn.add_argument("conversation", type=_positive, metavar="ID")
    learn.add_argument("switch", choices=("on", "off"))
    delete = grammar.add(
        conversation, "delete", "delete a conversation with its messages; asks first", module + "delete"
    )
    delete.add_argument("conversation", type=_positive, metavar="ID")
    _add_yes(delete)
    show = grammar.add(conversation, "show", "what was said, oldest first", module + "show")
    show.add_argument("conversation", type=_positive, metavar="ID")
    show.add_argument("--every", action="store_true", help="every version, not only the branch that is shown")
    export = grammar.add(conversation, "export", "write a conversation to a file", module + "export")
    export.add_argument("conversation", type=_positive, metavar="ID")
    export.add_argument("file", type=Path, metavar="FILE")
    export.add_argument(
        "--format", choices=("markdown", "json"), help="default: json for a FILE that ends so, else markdown"
    )
    export.add_argument("--overwrite", action="store_true", help="replace FILE if it is there")
    search = grammar.add(conversation, "search", "search all that was said, newest first", module + "search")
    search.add_argument("words", nargs="+", metavar="WORD")
    search.add_argument("--limit", type=_positive, default=20, metavar="N", help="so many (default: %(default)s)")
    search.add_argument("--before", type=_positive, metavar="ID", help="only those older than message ID")


def _messages(grammar: _Grammar) -> None:
    message = grammar.nested("message", "go to another version of a message; delete one", _MESSAGE)
    show = grammar.add(
        message, "show", "the branch with this message is the one that goes on", "engine.cli.messages:show"
    )
    show.add_argument("message", type=_positive, metavar="ID")
    delete = grammar.add(
        message, "delete", "delete a message and what hangs on it; asks first", "engine.cli.messages:delete"
    )
    delete.add_argument("message", type=_positive, metavar="ID")
    _add_yes(delete)


def _memory(grammar: _Grammar) -> None:
    memory = grammar.nested("memory", "what it holds; read, forget, go back, reset, export, import", _MEMORY)
    grammar.add(memory, "stats", "size and use of the memory", "engine.cli.memory:stats")
    journal = grammar.add(memory, "journal", "the learned turns, newest first", "engine.cli.memory:journal")
    journal.add_argument("--limit", type=_positive, default=50, metavar="N", help="so many (default: %(default)s)")
    journal.add_argument("--before", type=_positive, metavar="ID", help="only those older than entry ID")
    _add_span(journal)
    forget = grammar.add(memory, "forget", "forget learned turns exactly; asks first", "engine.cli.memory:forget")
    forget.add_argument("entries", type=_positive, nargs="*", metavar="ID", help="numbers in the journal")
    forget.add_argument("--last", action="store_true", help="the turn that was learned last")
    _add_span(forget)
    forget.add_argument("--document", metavar="NAME", help="all that was learned from the document of this name")
    forget.add_argument(
        "--repeats", action="store_true", help="every other turn of the very same words as well (confirmed ones)"
    )
    forget.add_argument("--said", action="store_true", help="take the messages out of the conversations as well")
    _add_yes(forget)
    read = grammar.add(memory, "read", "have text, Markdown or PDF files read and learned", "engine.cli.documents:read")
    read.add_argument("files", type=Path, nargs="+", metavar="FILE")
    confirm = grammar.add(
        memory, "confirm", "strengthen a learned turn: it is heard again", "engine.cli.memory:confirm"
    )
    confirm.add_argument("entry", type=_positive, metavar="ID", help="number in the journal")
    grammar.add(
        memory,
        "relearn",
        "learn the journal anew, after a change of model or version",
        "engine.cli.memory:relearn",
    )
    grammar.add(memory, "timeline", "what was learned on which day", "engine.cli.timeline:timeline")
    back = grammar.add(
        memory, "back", "go back to an earlier memory: forget all since; asks first", "engine.cli.timeline:back"
    )
    back.add_argument(
        "--to",
        type=_point,
        required=True,
        metavar="ID|DATE",
        help="after entry ID (0: at its beginning), or at DATE (2026-01-31: the end of that day)",
    )
    back.add_argument("--said", action="store_true", help="take the messages out of the conversations as well")
    back.add_argument("--keep", metavar="NAME", help="keep the memory of now as a profile of its own")
    _add_yes(back)
    reset = grammar.add(
        memory, "reset", "empty the memory; says what is lost and asks first", "engine.cli.memory:reset"
    )
    _add_yes(reset)
    export = grammar.add(memory, "export", "write the profile to one file", "engine.cli.memory:export")
    export.add_argument("file", type=Path, metavar="FILE")
    export.add_argument("--overwrite", action="store_true", help="replace FILE if it is there")
    bring = grammar.add(memory, "import", "make a new profile from an exported file", "engine.cli.memory:import_file")
    bring.add_argument("file", type=Path, metavar="FILE")
    bring.add_argument("--name", required=True, help="name of the new profile")


def _evaluate(grammar: _Grammar) -> None:
    parser = grammar.add(
        grammar.commands, "evaluate", "measure what is remembered", "engine.cli.evaluate:evaluate", _EVALUATE
    )
    parser.add_argument("episodes", type=Path, nargs="?", metavar="EPISODES.jsonl")
    parser.add_argument("--arm", default="memory", metavar="ARM[,ARM...]", help="see below (default: %(default)s)")
    parser.add_argument("--out", type=Path, metavar="RESULTS.jsonl", help="one JSON row a question; replaced if there")
    parser.add_argument("--resume", action="store_true", help="keep the rows of --out and ask only what is missing")
    parser.add_argument("--limit", type=_positive, metavar="N", help="only the first N episodes")
    parser.add_argument(
        "--max-tokens", type=_positive, default=48, metavar="N", help="longest reply (default: %(default)s)"
    )
    parser.add_argument("--notes-k", type=_positive, default=3, metavar="K", help="notes a question (default: 3)")
    parser.add_argument("--other", type=Path, metavar="FILE", help="episodes whose sessions are told in the arm other")
    parser.add_argument(
        "--compare", type=Path, nargs="+", metavar="RESULTS.jsonl", help="only tabulate earlier results"
    )


def _bench(grammar: _Grammar) -> None:
    parser = grammar.add(
        grammar.commands, "bench", "speed, growth, controls, crash safety", "engine.cli.bench:bench", _BENCH
    )
    parser.add_argument(
        "part", nargs="?", choices=("speed", "memory", "controls", "kills", "soak", "ternary", "all"), default="all",
        help="default: all, without soak and ternary",
    )  # fmt: skip
    parser.add_argument(
        "--turns", type=_positive, default=300, metavar="N", help="memory, soak: tell so many (default: 300)"
    )
    parser.add_argument("--one-conversation", action="store_true", help="memory: all turns in one endless conversation")
    parser.add_argument(
        "--fill", type=_positive, default=100, metavar="N", help="turns told before the other parts (default: 100)"
    )
    parser.add_argument(
        "--full", action="store_true", help="memory's perplexity, controls: with the memory filled up after the turns"
    )
    parser.add_argument("--rounds", type=_positive, default=3, metavar="N", help="speed: ask so often (default: 3)")
    parser.add_argument("--kills", type=_positive, default=10, metavar="N", help="kills: so often (default: 10)")
    parser.add_argument("--seed", type=int, default=1, help="of the random moments and texts (default: 1)")
    parser.add_argument("--text", type=Path, metavar="FILE", help="plain text for the perplexity (default: own sample)")
    parser.add_argument("--facts", type=Path, metavar="EPISODES.jsonl", help="what is told (default: tests/data)")
    parser.add_argument("--controls", type=Path, metavar="EPISODES.jsonl", help="control questions (default: own list)")
    ternary = parser.add_argument_group("ternary")
    ternary.add_argument("--ternary", type=Path, metavar="FILE.gguf", help="the ternary model")
    ternary.add_argument("--memory", type=Path, metavar="FILE.safetensors", help="the memory's weights trained for it")
    ternary.add_argument(
        "--reference", type=Path, metavar="FILE.gguf", help="the Q4_1 model (default: the bundled one)"
    )
    ternary.add_argument(
        "--reference-memory", type=Path, metavar="FILE.safetensors", help="its memory's weights (default: bundled)"
    )
    ternary.add_argument("--without-f16", action="store_true", help="leave the F16 model out")
    ternary.add_argument("--corpora", type=Path, metavar="DIR", help="the unpacked corpora")
    ternary.add_argument("--natural", type=Path, metavar="EPISODES.jsonl", help="more episodes for the recall")
    ternary.add_argument(
        "--only", metavar="PART[,PART...]", help="of: size speed perplexity recall reasoning talk energy"
    )
    ternary.add_argument("--quick", action="store_true", help="small samples: only to see that everything runs")
    ternary.add_argument(
        "--page", type=Path, default=Path("ternary-dialogues.md"), metavar="FILE.md",
        help="where the sample dialogues go (default: %(default)s)",
    )  # fmt: skip


def _models(grammar: _Grammar) -> None:
    models = grammar.add(
        grammar.commands,
        "models",
        "the catalogue of models; inspect or download a file",
        "engine.cli.models:list_models",
        _MODELS,
    )
    commands = models.add_subparsers(title="commands", dest="action", metavar="COMMAND", parser_class=Parser)
    inspect = grammar.add(commands, "inspect", "check the header of a GGUF file", "engine.cli.models:inspect")
    inspect.add_argument("file", type=Path, metavar="FILE.gguf")
    download = grammar.add(
        commands, "download", "download a GGUF file and check it", "engine.cli.models:download_file", _DOWNLOAD
    )
    download.add_argument("url", metavar="URL", help="http or https address of the file")
    download.add_argument("--to", type=Path, metavar="FILE", help="where to (default: models/ in the data folder)")
    download.add_argument("--sha256", metavar="HEX", help="its checksum, when known")
    download.add_argument("--size", type=_positive, metavar="BYTES", help="its size, when known")
    download.add_argument(
        "--progress",
        action="store_true",
        help="for a program: progress as JSON lines, and the end of standard input cancels",
    )

    parser = grammar.add(grammar.commands, "plan", "which models fit, and why", "engine.cli.plan:plan", _PLAN)
    parser.add_argument("--vram", type=_gigabytes, metavar="GB", help="memory of an imagined graphics card (0: none)")
    parser.add_argument("--ram", type=_gigabytes, metavar="GB", help="RAM of an imagined machine (default: this one's)")
    parser.add_argument("--model", metavar="NAME|FILE.gguf", help="one model in detail")
    parser.add_argument("--quantization", metavar="Q", help="with --model NAME: only this one, e.g. Q4_K_M")
    parser.add_argument("--context", type=_positive, metavar="N", help="tokens (default: a comfortable context)")
    parser.add_argument("--all", action="store_true", help="the whole catalogue in every quantization, fitting or not")


def build_parser() -> Parser:
    """The whole grammar. Parsed arguments carry `run`, "module:function" of the command."""
    grammar = _Grammar()
    steps: tuple[Callable[[_Grammar], None], ...] = (
        _talk,
        _profiles,
        _conversations,
        _messages,
        _memory,
        _models,
        _evaluate,
        _bench,
    )
    for step in steps:
        step(grammar)
    report = grammar.add(
        grammar.commands,
        "diagnostics",
        "a report for whoever helps, without personal content",
        "engine.cli.diagnostics:diagnostics",
    )
    report.add_argument("--out", type=Path, metavar="FILE", help="write it to a file as well")
    report.add_argument("--overwrite", action="store_true", help="replace FILE if it is there")
    grammar.add(grammar.commands, "version", "versions, and where things are", "engine.cli.version:version")
    return grammar.parser
