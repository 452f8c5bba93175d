"""Requests written out for copying: curl and Python, from an operation of the reference."""

import json
import shlex
from typing import Any

from smsplatform.reference import Operation


def curl(operation: Operation, *, base_url: str, key: str) -> str:
    """A command for a POSIX shell."""
    lines = [f"curl {_verb(operation)}{shlex.quote(base_url + operation.path)}", f"-H 'Authorization: Bearer {key}'"]
    if operation.example is not None:
        body = json.dumps(operation.example, ensure_ascii=False)
        lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(body)}"]
    return " \\\n  ".join(lines)


def python(operation: Operation, *, base_url: str, key: str) -> str:
    """A program for Python 3 with the ``requests`` package."""
    lines = [
        "import requests",
        "",
        f"answer = requests.{operation.method}(",
        f"    {_quoted(base_url + operation.path)},",
    ]
    lines.append(f'    headers={{"Authorization": {_quoted(f"Bearer {key}")}}},')
    if operation.example is not None:
        lines.append(f"    json={_literal(operation.example)},")
    lines += ["    timeout=10,", ")", "answer.raise_for_status()"]
    return "\n".join([*lines, "print(answer.json())"] if operation.answer is not None else lines)


def _verb(operation: Operation) -> str:
    expected = "post" if operation.example is not None else "get"
    return "" if operation.method == expected else f"-X {operation.method.upper()} "


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _literal(value: Any) -> str:
    """A JSON value as Python writes it, indented to stand in a call."""
    text = json.dumps(value, indent=4, ensure_ascii=False)
    for word, python_word in (("true", "True"), ("false", "False"), ("null", "None")):
        text = text.replace(f": {word}", f": {python_word}")
    return text.replace("\n", "\n    ")
