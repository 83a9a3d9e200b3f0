"""Source code whose decorators are calls behind the function, so that mutmut changes what they decorate.

mutmut leaves decorated functions alone: all rules, and every property. `@red_flag("x") def f` is
therefore written as `def f` and, behind it, `f = red_flag("x")(f)`, which means the same. Caches of the
whole process are left out: they would hand a mutant what the code had answered before it was changed.
"""

from __future__ import annotations

import ast

KEPT = ("classmethod", "staticmethod")  # mutmut knows these two
DROPPED = ("cache", "lru_cache")


def plainly_decorated(source: str) -> str:
    """The same code with the decorators of functions written as calls."""
    lines = source.splitlines()
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    for function in sorted(functions, key=lambda function: function.lineno, reverse=True):
        if not function.decorator_list or _name(function.decorator_list[0]) in KEPT:
            continue
        calls = _called(function)
        if calls != function.name:
            indent = " " * function.col_offset
            lines.insert(function.end_lineno or function.lineno, f"{indent}{function.name} = {calls}")
        del lines[function.decorator_list[0].lineno - 1 : function.lineno - 1]
    return "\n".join(lines) + "\n"


def _called(function: ast.FunctionDef) -> str:
    calls = function.name
    for decorator in reversed(function.decorator_list):
        if _name(decorator) not in DROPPED:
            calls = f"{ast.unparse(decorator)}({calls})"
    return calls


def _name(decorator: ast.expr) -> str:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return called.id if isinstance(called, ast.Name) else ""
