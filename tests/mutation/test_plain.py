"""Decorators as calls: the same code, in a form that mutmut changes."""

from __future__ import annotations

import textwrap

import pytest

from tests.mutation.plain import plainly_decorated


@pytest.mark.parametrize(
    ("decorated", "plain"),
    [
        ('@red_flag("cramp")\ndef f():\n    return 1', "def f():\n    return 1\nf = red_flag('cramp')(f)"),
        ("@a\n@b(1)\ndef f():\n    return 1", "def f():\n    return 1\nf = a(b(1)(f))"),
        ("@a(\n    1,\n)\ndef f():\n    return 1", "def f():\n    return 1\nf = a(1)(f)"),
        ("@lru_cache(maxsize=9)\ndef f():\n    return 1", "def f():\n    return 1"),
        ("@dataclass\nclass C:\n    x: int = 0", "@dataclass\nclass C:\n    x: int = 0"),
    ],
)
def test_a_decorator_becomes_a_call_behind_its_function(decorated: str, plain: str) -> None:
    assert plainly_decorated(decorated) == f"{plain}\n"


def test_methods_and_inner_functions_mean_what_they_meant() -> None:
    source = """
        def twice(f):
            def inner(*given):
                return 2 * f(*given)
            return inner

        class Square:
            side = 3
            @property
            @twice
            def area(self):
                return self.side**2
            @classmethod
            def named(cls):
                @twice
                def one():
                    return 1
                return one()
    """

    code = plainly_decorated(textwrap.dedent(source))

    defined: dict = {}
    exec(code, defined)
    assert "@property" not in code
    assert (defined["Square"]().area, defined["Square"].named()) == (18, 2)
