"""Which tests show which promises: read from their source, kept in ``tested.json`` for machines without the tests.

A test says it by ``@pytest.mark.promise("transit-22")``, on the function, one of its parameters, its class, or for a
whole file by ``pytestmark``. ``manage.py privacy tested --write`` renews the file; a test compares it with the source.
"""

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("tested.json")
Marked = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@cache
def entries() -> dict[str, list[str]]:
    """Node ids of tests by promise, as they were when this version was made."""
    found: dict[str, list[str]] = json.loads(FILE.read_text()) if FILE.exists() else {}
    return found


def text(found: dict[str, list[str]]) -> str:
    """The file's content, in one order only."""
    return json.dumps({key: sorted(found[key]) for key in sorted(found)}, indent=1) + "\n"


def scan(root: Path) -> dict[str, list[str]]:
    """Every marked test below ``root``/tests."""
    found: dict[str, list[str]] = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        for name, node_id in _of_file(path, path.relative_to(root).as_posix()):
            found.setdefault(name, []).append(node_id)
    return {key: sorted(set(found[key])) for key in sorted(found)}


def _of_file(path: Path, name: str) -> Iterator[tuple[str, str]]:
    source = path.read_text()
    if "mark.promise" in source:
        tree = ast.parse(source)
        yield from _of_body(tree.body, name, _module_marks(tree))


def _of_body(body: list[ast.stmt], prefix: str, inherited: list[str]) -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, Marked) and node.name.lower().startswith("test"):
            inner = [part for each in node.decorator_list for part in ast.walk(each)]  # also marks of parameters
            marks = inherited + [name for part in inner if isinstance(part, ast.expr) for name in _promises(part)]
            if isinstance(node, ast.ClassDef):
                yield from _of_body(node.body, f"{prefix}::{node.name}", marks)
            else:
                yield from ((name, f"{prefix}::{node.name}") for name in marks)


def _module_marks(tree: ast.Module) -> list[str]:
    values = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets)
    ]
    single = [each for value in values for each in (value.elts if isinstance(value, ast.List | ast.Tuple) else [value])]
    return [name for each in single for name in _promises(each)]


def _promises(node: ast.expr) -> list[str]:
    """The ids in ``pytest.mark.promise("…")``."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "promise"):
        return []
    return [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
