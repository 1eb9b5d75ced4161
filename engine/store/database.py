"""One profile's database: how it is opened, what it promises, and its schema's versions.

SQLite in WAL mode with `synchronous=FULL` is the commit point of everything: when a `transaction` has ended, what it
wrote survives a crash of the process and a loss of power. What does not survive: a transaction that had not ended, and
what a disk that lies about fsync had only promised.

Version: `user_version` is major * 65,536 + minor. Minor steps only add (an older Techo of the same major opens the
file and leaves alone what it does not know); a newer major is refused with STATE_NEWER. Each step is a sqlite-utils
migration, recorded in the file with its date, in one transaction with the new version.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.errors import ErrorCode, StateError, StoreError
from engine.reasons import Reason, because
from engine.store.files import ENCRYPTED, Files, damaged_database, disk_errors
from engine.store.records import Clock, stamp

if TYPE_CHECKING:
    from sqlite_utils import Migrations

    from engine.store.keys import DataKey

FILE_NAME: Final = "profile.sqlite3"
APPLICATION_ID: Final = 0x54656368  # "Tech"
MAJOR: Final = 1
MINOR: Final = 3
CHECK_BYTES: Final = 64 * 1024 * 1024
"""A database up to this size has its structure checked at each open (about 1 ms a megabyte); a larger one would delay
the start, and is found out when SQLite stumbles over the bad page."""

SEARCH_NEEDS: Final = "3.34"
"""The first SQLite whose FTS5 has the trigram tokenizer."""

# Set on every connection. The cache is bounded (KiB), nothing is mapped, temporary tables never reach another folder,
# and what is deleted is overwritten with zeros in the file (forgetting has to mean it).
_PRAGMAS: Final = (
    "busy_timeout = 5000",
    "synchronous = FULL",
    "fullfsync = ON",
    "checkpoint_fullfsync = ON",
    "foreign_keys = ON",
    "secure_delete = ON",
    "cache_size = -512",
    "mmap_size = 0",
    "temp_store = MEMORY",
    "cell_size_check = ON",
    "wal_autocheckpoint = 1000",
    "journal_size_limit = 8388608",
)

# Wide columns stand last, so that a listing without them never reads their overflow pages.
_SCHEMA_1_0: Final = """
CREATE TABLE profile (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    created TEXT NOT NULL,
    backbone TEXT,  -- whom the learned state belongs to: NULL until the first lesson, and after a reset
    memory TEXT
);
CREATE TABLE conversation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    activity INTEGER NOT NULL  -- counts up with each change of any conversation: order without a clock
);
CREATE INDEX conversation_activity ON conversation (activity);
CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
    created TEXT NOT NULL,
    finish TEXT CHECK (finish IN ('stop', 'length', 'cancelled')),
    digest BLOB NOT NULL,
    content TEXT NOT NULL
);
CREATE INDEX message_conversation ON message (conversation, id);
CREATE TABLE entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created TEXT NOT NULL,
    message INTEGER REFERENCES message (id) ON DELETE SET NULL,
    surprise REAL NOT NULL,
    recruited INTEGER NOT NULL,
    strengthened INTEGER NOT NULL,
    overwritten INTEGER NOT NULL,
    recycled INTEGER NOT NULL,
    damaged INTEGER NOT NULL DEFAULT 0,  -- 1: its digest did not hold, it was set aside
    digest BLOB NOT NULL,
    text TEXT NOT NULL,
    payload BLOB NOT NULL
);
CREATE INDEX entry_message ON entry (message) WHERE message IS NOT NULL;
CREATE TABLE snapshot (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    file TEXT NOT NULL UNIQUE,
    last_entry INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    digest TEXT NOT NULL,
    created TEXT NOT NULL
);
"""

# The index keeps no text of its own. Its triggers keep it exact whoever writes, an older Techo too.
_SCHEMA_1_1: Final = """
ALTER TABLE conversation ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN deleted TEXT;
CREATE VIRTUAL TABLE message_text USING fts5 (
    content, content = 'message', content_rowid = 'id', tokenize = 'trigram', detail = none, columnsize = 0
);
CREATE TRIGGER message_text_insert AFTER INSERT ON message BEGIN
    INSERT INTO message_text (rowid, content) VALUES (new.id, new.content);
END;
CREATE TRIGGER message_text_delete AFTER DELETE ON message BEGIN
    INSERT INTO message_text (message_text, rowid, content) VALUES ('delete', old.id, old.content);
END;
CREATE TRIGGER message_text_update AFTER UPDATE OF content ON message BEGIN
    INSERT INTO message_text (message_text, rowid, content) VALUES ('delete', old.id, old.content);
    INSERT INTO message_text (rowid, content) VALUES (new.id, new.content);
END;
INSERT INTO message_text (message_text) VALUES ('rebuild');
"""

# Columns that are added stand behind the text, and reading them would read its overflow pages; the index has them too.
_SCHEMA_1_2: Final = """
ALTER TABLE message ADD COLUMN parent INTEGER;  -- see `tree`; NULL: an older Techo wrote it, after the one before it
ALTER TABLE message ADD COLUMN deleted TEXT;
ALTER TABLE message ADD COLUMN deleted_with INTEGER;  -- the message that was deleted, and this one as it hangs on it
ALTER TABLE conversation ADD COLUMN leaf INTEGER;  -- NULL: the newest message
CREATE INDEX message_tree ON message (conversation, id, parent, deleted);
CREATE INDEX message_unplaced ON message (id) WHERE parent IS NULL;
CREATE INDEX message_deleted ON message (deleted_with) WHERE deleted IS NOT NULL;
"""

# An older Techo learns from every conversation: it does not know that one may be left out.
_SCHEMA_1_3: Final = """
ALTER TABLE profile ADD COLUMN colour TEXT;  -- #rrggbb; NULL: an older Techo made it
ALTER TABLE profile ADD COLUMN picture BLOB;  -- see `looks`; NULL: none
ALTER TABLE conversation ADD COLUMN learns INTEGER NOT NULL DEFAULT 1;
"""
_SCRIPTS: Final = (_SCHEMA_1_0, _SCHEMA_1_1, _SCHEMA_1_2, _SCHEMA_1_3)

LOOKS: Final = 1 << 16 | 3
"""The version from which on a profile has a colour and a picture."""


_COLUMNS: Final = {
    "profile": "one, id, name, created, backbone, memory, colour, picture",
    "conversation": "id, title, created, updated, activity, pinned, deleted, leaf, learns",
    "message": "id, conversation, role, created, finish, digest, content, parent, deleted, deleted_with",
    "entry": "id, created, message, surprise, recruited, strengthened, overwritten, recycled, damaged, digest, text, "
    "payload",
    "snapshot": "seq, file, last_entry, bytes, digest, created",
    "sqlite_sequence": "name, seq",
}
"""What each table must have. (The index for the search is not among them: it can be made anew.)"""


def _migrations() -> Migrations:
    # sqlite-utils takes 0.2 s to import; only a new or an old database needs it.
    from sqlite_utils import Database as Utils
    from sqlite_utils import Migrations

    migrations = Migrations("techo.profile")

    @migrations(name="1.0 profile, conversations, messages, journal, snapshots")
    def _(db: Utils) -> None:
        for statement in _statements(_SCHEMA_1_0):
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {1 << 16 | 0}")

    @migrations(name="1.1 pinned and deleted conversations, full-text search")
    def _(db: Utils) -> None:
        for statement in _statements(_SCHEMA_1_1):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {1 << 16 | 1}")

    @migrations(name="1.2 versions of messages, deleted messages")
    def _(db: Utils) -> None:
        for statement in _statements(_SCHEMA_1_2):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {1 << 16 | 2}")

    @migrations(name="1.3 colours and pictures of profiles, conversations that are not learned from")
    def _(db: Utils) -> None:
        for statement in _statements(_SCHEMA_1_3):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {1 << 16 | 3}")

    return migrations


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one: `executescript` would commit the migration's transaction."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


class Database:
    """A connection that one thread at a time uses, inside `transaction` or through the reading methods."""

    def __init__(
        self, files: Files, folder: Path, clock: Clock, *, sealed: bool | None = True, key: DataKey | None = None
    ) -> None:
        """Opens the database in `folder`, brings an older one up to date, and checks that it is whole.

        Args:
            files: the disk.
            folder: the profile's.
            clock: gives the dates.
            sealed: whether it is, byte for byte, what was closed (see `seal`); the less is known, the more is checked.
            key: of an encrypted one.

        Raises:
            StateError: STATE_DAMAGED, STATE_NEWER; of an encrypted one STATE_TAMPERED.
            StoreError: the disk refuses.
        """
        self.path = place(folder, key)
        self._encrypted = key is not None
        self._clock = clock
        self._lock = threading.RLock()
        self._depth = 0
        self._files = files
        with disk_errors("open the profile", self.path):
            self._connection = files.connect(self.path, key=key)
        try:
            with disk_errors("open the profile", self.path):
                self._open(files, sealed)
        except BaseException:
            self._connection.close()
            raise

    def _open(self, files: Files, sealed: bool | None) -> None:
        connection = self._connection
        # A flipped byte must not make a whole conversation unreadable; the row's digest tells that it happened.
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        _settle(connection)
        version = read_version(connection, self.path)
        mode = self.value("PRAGMA journal_mode = WAL")
        if mode != "wal":
            raise damaged_database(self.path, f"journal mode {mode}")
        found = files.stat(self.path)
        small = found is not None and found.st_size <= CHECK_BYTES
        if small and self._encrypted and not sealed:
            # SQLite would come across a page that does not hold only when it needs that page. What a loss of power
            # left half written in the file stands whole in the log, and goes in first.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            for (problem,) in connection.execute("PRAGMA cipher_integrity_check").fetchall():
                raise damaged_database(self.path, str(problem))
        if small:
            self._check("quick_check")
        newest = MAJOR << 16 | MINOR
        thorough = sealed is False and not self._encrypted  # SQLCipher's SQLite is another version than Python's
        if version == newest:
            self._check_schema(thorough=thorough)
        if small and not sealed and self.value("PRAGMA integrity_check(1)") != "ok":
            # The tables are whole, so the indexes can be made anew from them: all right then, or as it was.
            with self.transaction("repair the profile's indexes"):
                self.run("REINDEX")
                self._check("integrity_check")
        if version < newest:
            migrate(connection)
            self._check_schema(thorough=thorough)
        if self.value("SELECT count(*) FROM profile") != 1:
            raise damaged_database(self.path, "the profile's own row is missing")

    def _check(self, pragma: str) -> None:
        problem = self.value(f"PRAGMA {pragma}(1)")
        if problem != "ok":
            raise damaged_database(self.path, str(problem).replace("\n", " "))

    def _check_schema(self, *, thorough: bool) -> None:
        """A flipped byte in a name of the schema would look like a mistake in our SQL; in a condition, like nothing."""
        for table, columns in _COLUMNS.items():
            try:
                self._connection.execute(f"SELECT {columns} FROM {table} LIMIT 0").fetchall()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
                    raise
                raise damaged_database(self.path, str(error)) from error
        if self.value("PRAGMA user_version") > MAJOR << 16 | MINOR:
            return  # what a newer Techo added is not ours to judge
        found = dict(self.rows("SELECT name, sql FROM sqlite_master"))
        for name, sql in _schema().items():
            # How SQLite writes down an added column may differ from version to version: where nothing points to
            # damage, that of tables is not looked at.
            if (thorough or not sql.startswith("CREATE TABLE")) and found.get(name) != sql:
                raise damaged_database(self.path, f"the schema of {name} was changed")

    def is_alone(self) -> bool:
        """After `close`: whether the file holds everything, with no log beside it that somebody else still writes."""
        return self._files.stat(self.path.with_name(self.path.name + "-wal")) is None

    def now(self, ago: float = 0.0) -> str:
        """Time stamp for a new row, or of a moment `ago` seconds before."""
        return stamp(self._clock() - timedelta(seconds=ago))

    @contextmanager
    def transaction(self, action: str) -> Iterator[None]:
        """All of it or nothing; durable when the block has been left. Blocks may be nested: the outermost commits.

        `action` completes the sentence "Could not ..." when the disk refuses.
        """
        with self._lock:
            if self._depth:
                yield
                return
            with disk_errors(action, self.path):
                self._connection.execute("BEGIN IMMEDIATE")
                self._depth = 1
                try:
                    yield
                    self._connection.execute("COMMIT")
                finally:
                    self._depth = 0
                    if self._connection.in_transaction:  # something in the block failed, or the commit did
                        with suppress(sqlite3.Error):
                            self._connection.execute("ROLLBACK")

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Executes a change (inside `transaction`); returns the number of rows it touched."""
        with self._lock, disk_errors("write to the profile", self.path):
            return self._connection.execute(sql, parameters).rowcount

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query, at once: nothing holds a read open that would keep the log from being cleared."""
        with self._lock, disk_errors("read the profile", self.path):
            return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first row, or None."""
        with self._lock, disk_errors("read the profile", self.path):
            return self._connection.execute(sql, parameters).fetchone()

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first column of the first row, or None."""
        row = self.row(sql, parameters)
        return None if row is None else row[0]

    def next_id(self, table: str, column: str = "id") -> int:
        """The next id of `table`, above all it ever gave out: AUTOINCREMENT remembers it when rows are deleted.

        A flipped byte in that memory must not bring an id back, so the rows are asked as well.
        """
        remembered = self.value("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))
        highest = self.value(f"SELECT max({column}) FROM {table}")
        return max(remembered if isinstance(remembered, int) else 0, highest or 0) + 1

    def set_next_id(self, table: str, identifier: int) -> None:
        """Makes `identifier` the next id of `table` (inside a transaction, when importing)."""
        self.run("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        self.run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, identifier - 1))

    def copy_to(self, path: Path) -> None:
        """Writes what is committed to an empty file, without what was deleted. Not durable until it is synced."""
        with self._lock, disk_errors("duplicate the profile", path):
            self._connection.execute("VACUUM INTO ?", (str(path),))

    def scrub(self) -> bool:
        """Empties the log and gives free pages back, so that no copy of deleted text stays on disk.

        Never fails; returns whether it is done. What could not be done now (no room on the disk, or another process is
        just reading the profile's name) is done at the close.
        """
        with self._lock, suppress(sqlite3.Error):
            # `execute` would stop after the first page: it steps a statement without result columns only once.
            self._connection.executescript("PRAGMA incremental_vacuum")
            busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy
        return False

    def close(self) -> None:
        """Closes; the log is carried over into the database file by that. A second call does nothing."""
        with self._lock:
            self.scrub()
            with suppress(sqlite3.Error):  # every commit is on disk already; the next open finishes what is left
                self._connection.close()


@lru_cache(maxsize=1)
def _schema() -> dict[str, str]:
    """What stands in the schema of a database of this version, by name: tables, indexes, triggers, the search."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for script in _SCRIPTS:
            for statement in _statements(script):
                connection.execute(statement)
        named = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT GLOB '*sqlite_*'"
        # The tables in which FTS5 keeps its index are made by SQLite, in its own words.
        return {
            name: sql for name, sql in connection.execute(named) if not sql.startswith("CREATE TABLE 'message_text_")
        }


def _settle(connection: sqlite3.Connection) -> None:
    for pragma in _PRAGMAS:
        connection.execute("PRAGMA " + pragma)
    connection.execute(f"PRAGMA trusted_schema = {'ON' if _index_needs_trust() else 'OFF'}")
    # SQLite's own `lower` knows ASCII only.
    connection.create_function("casefold", 1, str.casefold, deterministic=True)


@lru_cache(maxsize=1)
def _index_needs_trust() -> bool:
    """Whether this SQLite lets triggers write to an FTS5 index only where it trusts the schema (older ones do).

    Nothing but Techo itself ever wrote this schema: imports go row by row.

    Raises:
        StoreError: This SQLite has no index of trigrams.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE word USING fts5 (text, tokenize = 'trigram')")
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"Techo cannot search what was said: the SQLite of this Python ({sqlite3.sqlite_version}) lacks the "
                f"index for it ({error}).",
                f"Use a Python whose SQLite is {SEARCH_NEEDS} or newer and has FTS5. Nothing was changed.",
                because=because(Reason.NO_SEARCH, have=sqlite3.sqlite_version, need=SEARCH_NEEDS),
            ) from error
        connection.execute("CREATE TABLE said (text)")
        connection.execute("CREATE TRIGGER t AFTER INSERT ON said BEGIN INSERT INTO word (text) VALUES (new.text); END")
        connection.execute("PRAGMA trusted_schema = OFF")
        try:
            connection.execute("INSERT INTO said VALUES ('a')")
        except sqlite3.OperationalError:
            return True
        return False


def place(folder: Path, key: DataKey | None) -> Path:
    """Where the database of a profile is: an encrypted one has a name of its own."""
    return folder / (FILE_NAME if key is None else ENCRYPTED)


def read_version(connection: sqlite3.Connection, path: Path) -> int:
    """`user_version`, after it is known that this file is a Techo profile of a known major version.

    Raises:
        StateError: STATE_DAMAGED, STATE_NEWER.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID or version < 1 << 16:
        raise damaged_database(path, "this is not a Techo profile")
    if version >> 16 > MAJOR:
        raise StateError(
            f"This profile was made by a newer Techo (format {version >> 16}.{version & 0xFFFF}; "
            f"this Techo knows {MAJOR}.{MINOR}).",
            "Update Techo, then open the profile again. Nothing was changed.",
            code=ErrorCode.STATE_NEWER,
            because=because(Reason.NEWER_PROFILE, format=f"{version >> 16}.{version & 0xFFFF}"),
        )
    return int(version)


def migrate(connection: sqlite3.Connection) -> None:
    """Runs the steps that this database has not had yet, each in a transaction of its own."""
    from sqlite_utils import Database as Utils

    _migrations().apply(Utils(connection, recursive_triggers=False, execute_plugins=False))


def create_database(
    files: Files, folder: Path, profile: str, name: str, created: str, colour: str, key: DataKey | None = None
) -> None:
    """Makes a new, empty, synced database in `folder`. Not atomic: the caller works in a temporary folder."""
    path = place(folder, key)
    files.create(path).close()  # SQLite would make it readable to everybody; its log takes over these permissions
    connection = files.connect(path, key=key)
    try:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        _settle(connection)
        migrate(connection)
        connection.execute(
            "INSERT INTO profile (one, id, name, created, colour) VALUES (1, ?, ?, ?, ?)",
            (profile, name, created, colour),
        )
    finally:
        connection.close()
    files.sync_file(path)
    files.sync_folder(folder)
