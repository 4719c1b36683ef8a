"""A sleeve for each album, since there is no cover art: two colours, a shape and initials, drawn from its name alone."""

import dataclasses
import unicodedata
import zlib

from app.stores.store import Track

# (ground, shape, letters): warm and cool ones in turn, each legible in light and in dark surroundings.
PALETTES = (
    ("#d9572f", "#f3b562", "#fff6e9"),
    ("#23405c", "#6fa3b8", "#f2efe6"),
    ("#e3a72f", "#b4482a", "#2b1a10"),
    ("#2f5d50", "#a9c6a1", "#f4f1e4"),
    ("#7a2e3d", "#d98a7b", "#fdeee6"),
    ("#48406f", "#a99bd0", "#f3f0fa"),
    ("#e7d8bd", "#c1553b", "#33241a"),
    ("#1f6f78", "#f0c977", "#f7f3e6"),
    ("#b6633c", "#5a2f22", "#fdf0e2"),
    ("#93a06b", "#3d4a2c", "#1f2714"),
)
SHAPES = ("rings", "sun", "hills", "stripes", "petals", "waves")
INITIALS = 2
LOOKED_AT = 200  # characters of a name


@dataclasses.dataclass(frozen=True)
class Sleeve:
    ground: str
    shape_colour: str
    letters: str
    shape: str
    mirrored: bool
    initials: str


def sleeve(track: Track) -> Sleeve:
    """The same for all tracks of an album by an artist."""
    name = track["album"] or track["name"]
    # Mixed once more: the low bits of a checksum of texts that differ little are alike.
    chance = zlib.crc32(f"{name}\n{track['artist']}".encode()) * 2654435761 >> 7
    ground, shape_colour, letters = PALETTES[chance % len(PALETTES)]
    chance //= len(PALETTES)
    shape = SHAPES[chance % len(SHAPES)]
    return Sleeve(ground, shape_colour, letters, shape, bool(chance // len(SHAPES) % 2), initials(name))


def initials(name: str) -> str:
    """The first letters of the first words that matter."""
    shown = "".join(letter for letter in name[:LOOKED_AT] if unicodedata.category(letter) not in ("Cc", "Cf", "Mn"))
    words = [word for word in shown.split() if word[0].isalnum()] or shown.split()
    short = [word for word in words if word.lower() not in {"the", "a", "of", "in", "and"}] or words
    return "".join(word[0].upper()[:1] for word in short[:INITIALS])
