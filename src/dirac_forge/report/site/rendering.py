"""Pages as HTML: templates with autoescape, which show foreign text as text."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from dirac_forge.report.numbers import percent
from dirac_forge.report.site.links import slug, web_url
from dirac_forge.report.site.words import change_words, day, moment, number, parted, plural, state_words
from dirac_forge.untrusted import visible
from dirac_forge.values import dataclass

ASSETS = ("site.css", "vendor.js", "site.js")
"""In the order in which a page loads them."""
_PACKAGE = "dirac_forge.report.site"
_COMMON = "default-src 'none'; img-src {images} data:; base-uri 'none'; form-action 'none'"
_TRUSTED = "require-trusted-types-for 'script'; trusted-types 'none'"
"""No script may make HTML of text: https://www.w3.org/TR/trusted-types/"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """What surrounds a page."""

    title: str
    root: str
    """The way to the site's first page: "" or "../"; unused where the page is alone."""
    here: str
    """Which entry of the navigation it belongs to."""
    alone: bool = False
    """It is one file without a site around it: styles and scripts are inside."""


@cache
def asset(name: str) -> str:
    """Return the text of an asset."""
    return (files(_PACKAGE) / "assets" / name).read_text(encoding="utf-8")


def render(template: str, frame: Frame, **values: Any) -> str:
    """Return the HTML of a page."""
    inline = {name: Markup(asset(name)) for name in ASSETS} if frame.alone else {}  # noqa: S704  # our own files
    page = _environment().get_template(template)
    return page.render(frame=frame, policy=_policy(alone=frame.alone), inline=inline, **values)


def fragment(template: str, **values: Any) -> str:
    """Return what a template makes of values: an image or a feed, escaped as pages are."""
    return _environment().get_template(template).render(**values)


@cache
def _policy(*, alone: bool) -> str:
    """Return the content security policy: only the assets run, none of what a page says."""
    if not alone:
        return f"{_COMMON.format(images=_SELF)}; script-src 'self'; style-src 'self'; {_TRUSTED}"
    style, *scripts = ASSETS
    hashes = " ".join(_hash(name) for name in scripts)
    return f"{_COMMON.format(images='')}; script-src {hashes}; style-src {_hash(style)}; {_TRUSTED}".replace("  ", " ")


_SELF = "'self'"


def _hash(name: str) -> str:
    digest = hashlib.sha256(asset(name).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(lambda name: (files(_PACKAGE) / "templates" / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "change": change_words,
        "day": day,
        "moment": moment,
        "number": number,
        "parted": parted,
        "percent": percent,
        "plural": plural,
        "slug": slug,
        "state": state_words,
        "web": web_url,
    }
    return environment


def _shown(value: Any) -> Any:
    """Return a value of a template without marks that hide or turn text."""
    return visible(value, but="\n\t") if isinstance(value, str) and not isinstance(value, Markup) else value
