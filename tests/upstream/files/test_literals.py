"""Command-line parsers found in syntax trees, and trees that are made to hurt."""

from __future__ import annotations

import ast
import threading
import time

import pytest

from dirac_forge.upstream.files.literals import Constants, NotLiteralError, builds_parser, parse


@pytest.mark.parametrize(
    "source",
    [
        "import argparse\ndef main():\n    p = argparse.ArgumentParser()",
        "from argparse import ArgumentParser as P\nP()",
        "import argparse as ap\nclass X(ap.ArgumentParser): pass",
        "import click\n@click.command()\ndef f(): pass",
        "import click\n@click.group\ndef f(): pass",
        "from click import command\n@command()\ndef f(): pass",
        "import typer\napp = typer.Typer()",
        "from optparse import OptionParser\nOptionParser()",
        "from docopt import docopt\ndocopt(__doc__)",
        "import fire\nfire.Fire(f)",
        "from DIRAC.Core.Base.Script import Script\n@Script()\ndef main():\n    Script.parseCommandLine()",
    ],
)
def test_parsers_are_seen(source: str) -> None:
    assert builds_parser(source.encode())


@pytest.mark.parametrize(
    "source",
    [
        "",
        "import argparse",
        "# argparse.ArgumentParser()",
        "x = 'argparse.ArgumentParser()'",
        "import argparse\nargparse.Namespace()",
        "from mine import ArgumentParser\nArgumentParser()",
        "from .argparse import ArgumentParser\nArgumentParser()",
        "import argparse\nthis is not a python",
        "import click\nclick.echo('x')",
    ],
)
def test_others_are_not(source: str) -> None:
    assert not builds_parser(source.encode())


HOSTILE = {
    "brackets": b"import argparse\nx = " + b"(" * 90_000 + b")" * 90_000,
    "lists": b"import argparse\nx = " + b"[" * 140 + b"]" * 140,
    "minus": b"import argparse\nx = " + b"-" * 500_000 + b"1",
    "spaced minus": b"import argparse\nx = " + b"- \\\n" * 200_000 + b"1",
    "nots": b"import argparse\nx = " + b"not " * 200_000 + b"1",
    "sum": b"import argparse\nx = " + b"1+" * 100_000 + b"1",
    "power": b"import argparse\nx = " + b"1**" * 200_000 + b"1",
    "lambdas": b"import argparse\nx = " + b"lambda:" * 100_000 + b"1",
    "ternaries": b"import argparse\nx = " + b"1 if 1 else " * 80_000 + b"1",
    "elif": b"import argparse\nif 1: pass\n" + b"elif 1: pass\n" * 70_000,
    "attributes": b"import argparse\nx" + b".a" * 100_000,
    "calls": b"import argparse\nx" + b"()" * 100_000,
    "digits": b"import argparse\nx = " + b"9" * 900_000,
    "awaits": b"import argparse\nasync def f(): " + b"await " * 100_000 + b"x",
    "blocks": b"import argparse\n" + b"".join(b" " * n + b"if 1:\n" for n in range(1_000)),
    "nul": b"import argparse\n\0",
    "codec": b"# coding: no_such_codec\nimport argparse\n\xff\xfe",
    "too large": b"import argparse\n" + b"#" * 2_000_000,
    "f-strings": b"import argparse\nx = " + b"f'{" * 120 + b"1" + b"}'" * 120,
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_hostile_source_is_survived_in_a_thread(source: bytes) -> None:
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(builds_parser(source)))
    thread.start()
    thread.join()
    assert answers == [False]


def test_warnings_of_the_parser_stay_silent() -> None:
    assert parse(b"x = '\\d'\nassert (1, 'x')\n") is not None


def test_a_coding_cookie_is_ignored() -> None:
    assert parse(b"# -*- coding: latin-1 -*-\nx = '\xe9'\n") is not None


@pytest.mark.parametrize(
    "source",
    [
        b"import " + b".".join([b"a"] * 50_000),
        b"x = y" + b".y" * 50_000,
        b"x = " + b" + ".join([b"1"] * 5_000),
        b"x = " + b"not " * 5_000 + b"1",
        b"a" * 250_000,
        b"x = [" + b"[]," * 90_000 + b"]",
    ],
    ids=["import", "attributes", "sum", "not", "word", "too large"],
)
def test_long_chains_are_not_parsed(source: bytes) -> None:
    before = time.process_time()
    parse(source)
    assert time.process_time() - before < 5


def test_names_that_multiply_are_no_literals() -> None:
    lines = ["x0 = ['a'] * 1", "x1 = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']"]
    lines += [f"x{n} = [{', '.join([f'x{n - 1}'] * 8)}]" for n in range(2, 10)]
    tree = parse("\n".join(lines).encode())
    assert tree is not None
    with pytest.raises(NotLiteralError):
        Constants(tree).literal(ast.Name(id="x9"))
