"""An encrypted SQLite database: SQLCipher, page by page, with the exceptions that everything else here knows.

Each page is encrypted (AES-256) and authenticated (HMAC-SHA-512, with its number), in the database as in its log, so
that commits, crashes and the check of the log (`log`) are what they are for a plain database. SQLCipher makes no key
out of a passphrase here; it is given one.

https://www.zetetic.net/sqlcipher/design/
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from engine.store.passphrase import missing

if TYPE_CHECKING:
    from types import ModuleType

    from engine.store.keys import DataKey

_KINDS: Final = (
    "IntegrityError",
    "OperationalError",
    "ProgrammingError",
    "NotSupportedError",
    "InternalError",
    "DataError",
    "DatabaseError",
    "InterfaceError",
    "Error",
)
"""sqlite3's exceptions, the special ones first."""


def module() -> ModuleType:
    """SQLCipher's own sqlite3. Loaded by whoever has something encrypted, and by nobody else.

    Raises:
        EngineError: ENCRYPTION_MISSING.
    """
    try:
        from sqlcipher3 import dbapi2
    except (ImportError, OSError) as error:
        raise missing("SQLCipher") from error
    found: ModuleType = dbapi2
    return found


def connect(uri: str, key: DataKey, timeout: float, kind: type[sqlite3.Connection]) -> sqlite3.Connection:
    """Opens an encrypted database. A wrong key is found out by the first statement that reads it (NOTADB)."""
    with standard_errors():
        connection = kind(
            uri, timeout=timeout, isolation_level=None, check_same_thread=False, cached_statements=64, uri=True
        )
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")  # it would write to the engine's standard error
        connection.execute(f"PRAGMA key = \"x'{key.derive('database').hex()}'\"")
        connection.execute("PRAGMA cipher_compatibility = 4")  # whatever a later SQLCipher does by itself
    except BaseException:
        connection.close()
        raise
    return connection


_class: type[sqlite3.Connection] | None = None


def connection_class() -> type[sqlite3.Connection]:
    """A connection that raises sqlite3's exceptions; it is one in all but its base class."""
    global _class
    if _class is None:
        _class = _make(module())
    return _class


def _make(dbapi: ModuleType) -> Any:
    class Cursor(dbapi.Cursor):  # type: ignore[misc, name-defined]
        def execute(self, *arguments: Any) -> Any:
            with standard_errors():
                return super().execute(*arguments)

        def executescript(self, script: str) -> Any:
            with standard_errors():
                return super().executescript(script)

        def fetchone(self) -> Any:
            with standard_errors():
                return super().fetchone()

        def fetchall(self) -> Any:
            with standard_errors():
                return super().fetchall()

        def __next__(self) -> Any:
            with standard_errors():
                return super().__next__()

    class Connection(dbapi.Connection):  # type: ignore[misc, name-defined]
        def cursor(self, *_arguments: Any) -> Any:
            return super().cursor(Cursor)

        def execute(self, *arguments: Any) -> Any:
            return self.cursor().execute(*arguments)

        def executescript(self, script: str) -> Any:
            return self.cursor().executescript(script)

        def create_function(self, *arguments: Any, **named: Any) -> None:
            with standard_errors():
                super().create_function(*arguments, **named)

        def close(self) -> None:
            with standard_errors():
                super().close()

    return Connection


@contextmanager
def standard_errors() -> Iterator[None]:
    """Turns what SQLCipher's module raises into the same of sqlite3."""
    dbapi = module()
    try:
        yield
    except dbapi.Error as error:
        kind = next(name for name in _KINDS if isinstance(error, getattr(dbapi, name)))
        same: sqlite3.Error = getattr(sqlite3, kind)(*error.args)
        code = getattr(error, "sqlite_errorcode", None)
        if isinstance(code, int):
            same.sqlite_errorcode = code
            same.sqlite_errorname = error.sqlite_errorname
        raise same from error
