"""YAML for what JSON can say, with everything quoted that could mean something else."""

from __future__ import annotations

import json
import re
from typing import Any

from martlet_values import PipelineError

_SAFE = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*\Z")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_HIDDEN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        text = repr(value)
        return text if "." in text or "e" not in text else text.replace("e", ".0e")
    if _SAFE.match(value) and value.lower() not in _WORDS:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    try:
        quoted.encode()
    except UnicodeEncodeError:
        raise PipelineError(f"{value!r} is no text") from None
    return _HIDDEN.sub(lambda found: f"\\u{ord(found.group()):04x}", quoted)


def write(value: Any, indent: int = 0) -> list:
    """The lines of a dict or list that is not empty."""
    margin = "  " * indent
    lines: list = []
    if isinstance(value, dict):
        for key, item in value.items():
            head = f"{margin}{_scalar(str(key))}:"
            if isinstance(item, (dict, list)) and item:
                lines += [head, *write(item, indent + 1)]
            else:
                lines.append(f"{head} {_leaf(item)}")
        return lines
    for item in value:
        if isinstance(item, (dict, list)) and item:
            first, *rest = write(item, indent + 1)
            lines += [f"{margin}- {first[len(margin) + 2 :]}", *rest]
        else:
            lines.append(f"{margin}- {_leaf(item)}")
    return lines


def _leaf(value: Any) -> str:
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, list):
        return "[]"
    return _scalar(value)
