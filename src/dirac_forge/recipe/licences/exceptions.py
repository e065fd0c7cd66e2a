"""Exceptions to licences, as SPDX lists them for expressions with WITH (https://spdx.org/licenses/exceptions-index.html)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from dirac_forge.values import dataclass


@dataclass(frozen=True, slots=True)
class _Exception:
    """An exception: its identifier, the licences that it goes with, and how its text or its name is recognised."""

    spdx: str
    licences: str
    words: str


_GNU: Final = "[AL]?GPL-.*"
_EXCEPTIONS: Final = (
    _Exception(
        "LLVM-exception", "Apache-2.0", r"llvm exceptions? to the apache 2\.0|apache.{0,40}with llvm.exceptions?"
    ),
    _Exception("Swift-exception", "Apache-2.0", r"apache.{0,40}runtime library exception"),
    _Exception("Bootloader-exception", _GNU, "link or embed compiled bootloader|distribute non-free programs"),
    _Exception("GCC-exception-3.1", _GNU, "gcc runtime library exception"),
    _Exception("GCC-exception-2.0", _GNU, "unlimited permission to link the compiled version of this file"),
    _Exception(
        "Classpath-exception-2.0", _GNU, "classpath.{0,5}exception|linking this library statically or dynamically"
    ),
    _Exception("LGPL-3.0-linking-exception", "LGPL-3.0-.*", "static linking exception"),
    _Exception("WxWindows-exception-3.1", "LGPL-2.*", "wx(?:windows|widgets) library licen[cs]e"),
    _Exception("FLTK-exception", "LGPL-2.*", "modifications to the fltk configure script"),
    _Exception("Font-exception-2.0", "A?GPL-.*", "if you create a document which uses this font"),
    _Exception("Autoconf-exception-3.0", "GPL-3.*", "autoconf configure script exception"),
    _Exception("Universal-FOSS-exception-1.0", "GPL-2.*", "universal foss exception"),
    _Exception("Linux-syscall-note", "GPL-2.*", "this copyright does not cover user programs that use kernel"),
)


def with_exception(expression: str, texts: Iterable[str]) -> str:
    """Return a single licence with the exception that the texts grant; any other expression as it is."""
    if " " in expression:
        return expression
    words = [" ".join(re.sub(r"[\"'`*#|]|^[ \t]*//", " ", text.lower(), flags=re.MULTILINE).split()) for text in texts]
    for exception in _EXCEPTIONS:
        fits = re.fullmatch(exception.licences, expression)
        if fits and any(re.search(exception.words, text) for text in words):
            return f"{expression} WITH {exception.spdx}"
    return expression
