"""Colours and pictures of profiles: what is kept, what is refused, and that they go wherever the profile goes."""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ErrorCode, ImportRefused, ProfileError
from engine.store import ProfileStore, looks
from engine.store.looks import COLOURS, MAX_BYTES, check_picture, clean_colour, default_colour, free_colour
from tests.engine.store.samples import IDENTITY, accept, filled
from tests.engine.store.test_store_export import Members, _repack

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def header(width: int = 2, height: int = 3, depth: int = 8, kind: int = 2, interlace: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlace))


PIXELS = chunk(b"IDAT", zlib.compress((b"\0" + b"abcdef") * 3))
END = chunk(b"IEND", b"")
PICTURE = SIGNATURE + header() + PIXELS + END


def test_a_picture_is_taken_as_it_is() -> None:
    assert check_picture(PICTURE) == PICTURE
    with_alpha = SIGNATURE + header(1, 1, kind=6) + chunk(b"IDAT", zlib.compress(b"\0abcd")) + END
    assert check_picture(with_alpha) == with_alpha
    noise = b"".join(b"\0" + bytes((i * j) % 251 for i in range(96 * 4)) for j in range(96))
    stored = SIGNATURE + header(96, 96, kind=6) + chunk(b"IDAT", zlib.compress(noise, 0)) + END
    assert check_picture(stored) == stored, "the worst there can be has room"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no PNG"),
        (b"GIF89a", "no PNG"),
        (SIGNATURE, "does not end"),
        (PICTURE[:-1], "cut off"),
        (PICTURE[:-12], "does not end"),
        (PICTURE + b"x", "does not end"),
        (SIGNATURE + PIXELS + header() + END, "header does not stand"),
        (SIGNATURE + header() + header() + PIXELS + END, "header does not stand"),
        (SIGNATURE + header() + END, "damaged|as many pixels"),
        (SIGNATURE + header(97, 1) + PIXELS + END, "97 x 1 pixels"),
        (SIGNATURE + header(0, 1) + PIXELS + END, "0 x 1 pixels"),
        (SIGNATURE + header(2**31, 2**31) + PIXELS + END, "pixels"),
        (SIGNATURE + header(depth=16) + PIXELS + END, "unusual"),
        (SIGNATURE + header(kind=3) + PIXELS + END, "unusual"),
        (SIGNATURE + header(interlace=1) + PIXELS + END, "unusual"),
        (SIGNATURE + chunk(b"IHDR", b"") + PIXELS + END, "header is damaged"),
        (SIGNATURE + header(3) + PIXELS + END, "as many pixels"),
        (SIGNATURE + header() + chunk(b"IDAT", zlib.compress(bytes(10_000_000))) + END, "as many pixels"),
        (SIGNATURE + header() + chunk(b"IDAT", b"not deflate") + END, "damaged"),
        (SIGNATURE + header() + chunk(b"tEXt", b"Author\0Mika") + PIXELS + END, "more than a picture"),
        (SIGNATURE + header() + chunk(b"eXIf", b"II*\0") + PIXELS + END, "more than a picture"),
        (PICTURE.replace(PIXELS, PIXELS[:-1] + bytes([PIXELS[-1] ^ 1])), "damaged"),
        (PICTURE + bytes(MAX_BYTES), "too large"),
    ],
)
def test_anything_else_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(ProfileError, match=why) as caught:
        check_picture(data)
    assert caught.value.code is ErrorCode.PROFILE_LOOK
    assert "96 x 96" in caught.value.hint


@given(st.binary(max_size=200), st.integers(0, len(PICTURE)))
def test_no_bytes_do_harm(noise: bytes, at: int) -> None:
    for data in (noise, SIGNATURE + noise, PICTURE[:at] + noise, PICTURE[:at] + noise + PICTURE[at:]):
        with suppress(ProfileError):
            assert check_picture(data) == data


@pytest.mark.parametrize("colour", ["", "red", "#12345", "#1234567", "#12345g", "#12345\n6", "＃123456"])
def test_colours_that_are_none(colour: str) -> None:
    with pytest.raises(ProfileError) as caught:
        clean_colour(colour)
    assert caught.value.code is ErrorCode.PROFILE_LOOK
    assert clean_colour("#ABCdef") == "#abcdef"


def test_new_profiles_differ(store: ProfileStore) -> None:
    made = [store.create(f"Profile {number}").colour for number in range(len(COLOURS) + 1)]
    assert sorted(made[:-1]) == sorted(COLOURS), "as long as there are colours"
    assert made[-1] in COLOURS
    assert free_colour("Zoë", ()) == default_colour("ZOË"), "one name, one colour"
    assert len({default_colour(f"name {number}") for number in range(100)}) == len(COLOURS)


def test_looks_are_changed_while_it_is_open_and_stay(store: ProfileStore) -> None:
    store.create("Mika")
    with store.open("Mika", IDENTITY) as profile:
        first = profile.record
        assert store.look("mika", "#102030", PICTURE).picture == PICTURE
        assert (profile.record.colour, profile.record.picture) == ("#102030", PICTURE)
    (record,) = store.list()
    assert (record.colour, record.picture) == ("#102030", PICTURE)
    assert store.look("Mika", "#405060", None).picture == PICTURE, "the picture was left as it is"
    without = store.look("Mika", None, b"")
    assert (without.colour, without.picture) == ("#405060", b"")
    assert store.rename("Mika", "Noah").colour == "#405060", "the colour is the profile's, not the name's"
    assert first.id == store.list()[0].id
    for colour, picture in (("blue", None), (None, b"GIF89a")):
        with pytest.raises(ProfileError):
            store.look("Noah", colour, picture)
    with pytest.raises(ProfileError) as caught:
        store.look("Nobody", "#102030", None)
    assert caught.value.code is ErrorCode.PROFILE_NOT_FOUND
    assert store.list()[0].colour == "#405060"


def test_a_picture_that_was_damaged_on_disk_is_not_shown(store: ProfileStore) -> None:
    store.create("Mika")
    store.look("Mika", None, PICTURE)
    with store.open("Mika", IDENTITY) as profile:
        database = profile._database
        with database.transaction("harm"):
            database.run("UPDATE profile SET picture = ?, colour = 7", (PICTURE[:-5] + b"xxxxx",))
        assert (profile.record.picture, profile.record.colour) == (b"", default_colour("Mika"))
    assert store.list()[0].problem == ""


def test_looks_are_exported_and_imported(store: ProfileStore, folder: Path) -> None:
    filled(store)
    store.look("Filled", "#102030", PICTURE)
    with store.open("Filled", IDENTITY) as profile:
        profile.learn_from_conversation(1, False)
        profile.export(folder / "looks.techo")
    made = store.import_file(folder / "looks.techo", "Imported", IDENTITY, accept)
    assert (made.colour, made.picture) == ("#102030", PICTURE)
    with store.open("Imported", IDENTITY) as profile:
        assert {found.title: found.learns for found in profile.conversations()} == {
            "About the dog": False,
            "予定": True,
        }


@pytest.mark.parametrize(("colour", "picture"), [("url(x)", ""), ("#102030", "R0lGODlh"), (7, ""), ("#102030", "?")])
def test_looks_of_a_file_are_not_trusted(store: ProfileStore, folder: Path, colour: object, picture: str) -> None:
    filled(store)
    with store.open("Filled", IDENTITY) as profile:
        profile.export(folder / "looks.techo")

    def spoil(_members: Members, manifest: dict[str, Any]) -> None:
        manifest["profile"] |= {"colour": colour, "picture": picture}

    with pytest.raises(ImportRefused):
        store.import_file(_repack(folder / "looks.techo", spoil), "Imported", IDENTITY, accept)
    assert [record.name for record in store.list()] == ["Filled"]


def test_an_export_of_format_1_2_is_imported(store: ProfileStore) -> None:
    """`export-1.2.techo` was written by the last Techo of that format: profiles looked like nothing then."""
    data = Path(__file__).resolve().parents[2] / "data" / "export-1.2.techo"
    made = store.import_file(data, "Imported", IDENTITY, accept)
    assert (made.colour, made.picture) == (default_colour("Imported"), b"")
    with store.open("Imported", IDENTITY) as profile:
        assert [(found.title, found.learns) for found in profile.conversations()] == [
            ("予定", True),
            ("About the dog", True),
        ]
        assert [said.id for said in profile.messages(1)] == [1, 2]


def test_the_white_initial_can_be_read_on_every_colour() -> None:
    """WCAG 2: a contrast of 4.5."""

    def light(part: str) -> float:
        value = int(part, 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    for colour in looks.COLOURS:
        luminance = 0.2126 * light(colour[1:3]) + 0.7152 * light(colour[3:5]) + 0.0722 * light(colour[5:7])
        assert 1.05 / (luminance + 0.05) >= 4.5, colour
