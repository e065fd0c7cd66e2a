"""Spellings of a version in a recipe's text: `1.2.3`, `1_2_3`, `v1r2p3`, its first parts; old and new side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

_VALID = re.compile(r"(?:\d+!)?[0-9A-Za-z]+(?:[._][0-9A-Za-z]+)*(?:\+[0-9A-Za-z.]+)?")
_PRE = re.compile(r"(\d)(a|b|rc|alpha|beta|post|dev)(\d+)$")
_SUFFIX = r"(?!(?:a|b|rc|alpha|beta|dev|post)\d|[._-](?:rc|alpha|beta|dev|post)\d)"
_SEPARATORS = (".", "_", "-")
_SEPARATOR = re.compile(r"[._-]")


def valid_version(text: str) -> bool:
    """Whether a text can be a conda package's version (CEP 33: no `-`, no spaces, at least one digit)."""
    return _VALID.fullmatch(text) is not None and any(sign.isdigit() for sign in text)


def conda_spelling(old: str, new: str) -> str:
    """Return upstream's `new` as a recipe at `old` has it: CRAN's `1.3-1` with `_`, and with the epoch of `old`.

    Without the epoch, it would be older than all that the channel has.
    """
    if "_" in old:
        new = new.replace("-", "_")
    epoch, mark, _ = old.rpartition("!")
    return new if "!" in new else f"{epoch}{mark}{new}"


def parts_of(version: str) -> list[str]:
    """Return what stands between the separators."""
    return re.split(r"[._-]", version)


def same_version(text: str, version: str) -> bool:
    """Whether `text` spells `version`, whatever its separators; `v` may stand in front."""
    return parts_of(text.strip().removeprefix("v")) == parts_of(version)


def respelled(text: str, old: str, new: str, *, apart: bool = False) -> str:
    """Return `text` with every whole spelling of `old` in it replaced by the same spelling of `new`.

    With `apart`, a version that is a single number does not count right after a letter, as in `demo3`, except `v`.
    Spellings that mix separators (CRAN's `1.3-1` for `1.3_1`) count too. All of them are replaced at once, because
    `new` may begin with `old`.
    """
    spellings = _all_spellings(old, new)
    before, after = _SEPARATOR.findall(old), _SEPARATOR.findall(new)

    def spelled(match: re.Match[str]) -> str:
        if (exact := spellings.get(match[0])) is not None:
            return exact
        found = _SEPARATOR.findall(match[0])
        if before == after:
            marks = iter(found)
            return _SEPARATOR.sub(lambda _: next(marks), new)
        written = dict(zip(before, found, strict=True))
        return _SEPARATOR.sub(lambda mark: written.get(mark[0], mark[0]), new)

    return _any_spelling(old, new, apart and old.isdigit()).sub(spelled, text)


@lru_cache(maxsize=64)
def _all_spellings(old: str, new: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for before, after in _spellings(old, new):
        found.setdefault(before, after)
    return found


@lru_cache(maxsize=64)
def _any_spelling(old: str, new: str, apart: bool) -> re.Pattern[str]:
    """Match whole versions only: no part of a longer one (`11.2.3`, `1.2.3.4`) or of a pre-release (`1.2.3rc1`)."""
    before = r"(?<![0-9])(?<![0-9][._])" + (r"(?<![A-Za-uw-z])(?<![A-Za-z]v)" if apart else "")
    exact = sorted(map(re.escape, _all_spellings(old, new)), key=len, reverse=True)
    parts = parts_of(old)
    mixed = ["[._-]".join(map(re.escape, parts))] if len(parts) > 2 else []
    return re.compile(rf"{before}(?:{'|'.join((*exact, *mixed))})(?![0-9])(?![._][0-9]){_SUFFIX}")


def first_parts(old: str, new: str) -> Iterator[tuple[str, str]]:
    """Yield the first parts of both versions (`1.80` and `1.82`), longest first, in each spelling that differs."""
    before, after = parts_of(old), parts_of(new)
    for count in range(min(len(before), len(after)) - 1, 0, -1):
        if before[:count] == after[:count]:
            continue
        for separator in _SEPARATORS if count > 1 else (".",):
            yield separator.join(before[:count]), separator.join(after[:count])


def _spellings(old: str, new: str) -> Iterator[tuple[str, str]]:
    before, after = parts_of(old), parts_of(new)
    yield old, new
    for separator in _SEPARATORS if len(before) > 1 else ():
        if (spelled := separator.join(before)) != old:
            yield spelled, separator.join(after)
    for separator in _SEPARATORS:
        # Tags of git hosts have `1.0-rc1` where PEP 440 has `1.0rc1`.
        if (loose := _PRE.sub(rf"\1{separator}\2\3", old)) != old:
            yield loose, _PRE.sub(rf"\1{separator}\2\3", new)
    if len(before) == 3 and len(after) in {2, 3} and all(part.isdigit() for part in (*before, *after)):
        yield _in_diracs_scheme(before), _in_diracs_scheme(after)


def _in_diracs_scheme(parts: Sequence[str]) -> str:
    """Return `v1r2p3`, DIRAC's former scheme."""
    return "".join(f"{letter}{part}" for letter, part in zip("vrp", parts, strict=False))
