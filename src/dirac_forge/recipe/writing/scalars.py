"""How text is spelled in a recipe: one quoting routine for both formats, so that text from upstream stays text.

In recipe.yaml (v1) YAML is read first, then `${{ … }}` is rendered in each scalar (CEP 13). In meta.yaml (v0)
conda-build first drops lines by their selectors (`# [win]`), then renders Jinja over the whole text, and reads YAML
last. What must not be evaluated is therefore hidden: in v1 by an expression that yields the brace, in v0 by YAML
escapes.
"""

from __future__ import annotations

import re
from typing import Final

from dirac_forge.values import dataclass

TEXT_LIMIT: Final = 512
"""Characters of a line of text from upstream; also the limit of a summary on the index (core metadata, Summary)."""

_PLACEHOLDER: Final = re.compile(r"@\{([A-Za-z_][A-Za-z0-9_]*)\}")
_INVISIBLE: Final = re.compile(
    "[\ud800-\udfff\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb\ufffe\uffff]"
)
_CONTROL: Final = re.compile("[\x00-\x20\x7f-\xa0\u2028\u2029]+")

# A plain scalar that every YAML parser reads as this very string: it starts with a letter, a digit, `_`, `/`, `$` or
# `(`, and holds none of the characters that could end it, start a comment or make it look like a selector.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_/$(][^#\[\]{}\x00-\x1f\x7f-\xa0]*")
_RESOLVED: Final = re.compile(
    r"(?i)null|true|false|yes|no|on|off|y|n|nan|inf|0[ox][0-9a-f_]+|[0-9][0-9a-f_.,:+tz -]*(e[+-]?[0-9]+)?"
)


def sanitised(text: str, limit: int = TEXT_LIMIT) -> str:
    """Return one line of visible text: controls and white space folded to single spaces, invisible and unpaired code
    points left out (among them the ones that reorder what a reader sees), at most `limit` characters.
    """
    line = " ".join(_CONTROL.sub(" ", _INVISIBLE.sub("", text)).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one of the formats spells variables, and how it is kept from seeing any in plain text."""

    opening: str
    """What starts an expression: `${{` or `{{`."""
    rendered_first: bool
    """Templates and selectors are dealt with in the text of the file, before YAML is read."""

    def variable(self, expression: str) -> str:
        """Return the expression, to be rendered."""
        return f"{self.opening} {expression} }}}}"

    def literal(self, text: str) -> str:
        """Return the scalar that is read and rendered as exactly `text` (one line, see `sanitised`)."""
        return self._scalar([text])

    def quoted(self, text: str) -> str:
        """Return text like `literal`, always in double quotes: a version stays a string for every reader."""
        return f'"{self._escaped(text, text, rendered=False)}"'

    def template(self, text: str) -> str:
        """Return the scalar for text of ours: `@{name}` is a variable, and nothing else in it is evaluated."""
        return self._scalar(_PLACEHOLDER.split(self._adapted(text)))

    def comment(self, text: str) -> str:
        """Return a comment line, without its `# `: templates are rendered in comments of v0 too."""
        return re.sub(r"\{(?=[{%#])", "{ ", sanitised(text, 4 * TEXT_LIMIT))

    def _adapted(self, text: str) -> str:
        """Adapt a line (CFEP-25): host and test of v0 say `python {{ python_min }}`, those of v1 add the `.*`."""
        return text.replace("@{python_min}.*", "@{python_min}") if self.rendered_first else text

    def _scalar(self, parts: list[str]) -> str:
        """Write literals and names of variables, which alternate as `re.split` gives them."""
        texts, names = parts[::2], [self.variable(name) for name in parts[1::2]]
        seen = "x".join(texts)
        if _PLAIN.fullmatch(seen) and not re.search(r":(\s|$)|\s$", seen) and not _RESOLVED.fullmatch(seen):
            return _woven(texts, names)
        return f'"{_woven([self._escaped(text, seen, bool(names)) for text in texts], names)}"'

    def _escaped(self, text: str, seen: str, rendered: bool) -> str:
        """Escape text for double quotes; `seen` is all the text of the scalar, `rendered` if it has variables."""
        text = text.replace("\\", "\\\\").replace('"', '\\"')
        if self.rendered_first:
            text = re.sub(r"\{(?=[{%#]|$)", r"\\x7B", text)
        elif rendered or re.search(r"\$\{\{|\{[%#]", seen):
            # One expression makes rattler-build read all delimiters of the scalar, `{{` among them.
            text = re.sub(r"\{(?=[{%#])", self.variable("'{'"), text)
        # Both linters and conda-build look for selectors in lines of text, whatever quotes they are in.
        return text.replace("[", r"\x5B") if "#" in seen else text


def _woven(texts: list[str], names: list[str]) -> str:
    return texts[0] + "".join(name + text for name, text in zip(names, texts[1:], strict=True))


V0: Final = Dialect("{{", rendered_first=True)
V1: Final = Dialect("${{", rendered_first=False)
