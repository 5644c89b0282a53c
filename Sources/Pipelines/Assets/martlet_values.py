"""What stands for values of a pipeline that are known only when it runs."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
RETURN = "return"


class PipelineError(Exception):
    """A declaration that no pipeline can be made of."""


class Reference:
    """A value that a run will know: a parameter, a task's result, or a member of one."""

    def text_of(self) -> str:
        """The reference in text."""
        raise NotImplementedError

    def source_of(self) -> dict:
        """Where a task finds the value when it runs."""
        raise NotImplementedError

    def tasks_before(self) -> list:
        """The tasks that must have run."""
        return []

    def _compare(self, sign: str, other: Any) -> Condition:
        return Condition(f"{self.text_of()} {sign} {_operand(other)}", self.tasks_before() + tasks_of(other))

    def __eq__(self, other: Any) -> Condition:  # type: ignore[override]
        """A condition."""
        return self._compare("==", other)

    def __ne__(self, other: Any) -> Condition:  # type: ignore[override]
        """A condition."""
        return self._compare("!=", other)

    def __lt__(self, other: Any) -> Condition:
        """A condition."""
        return self._compare("<", other)

    def __le__(self, other: Any) -> Condition:
        """A condition."""
        return self._compare("<=", other)

    def __gt__(self, other: Any) -> Condition:
        """A condition."""
        return self._compare(">", other)

    def __ge__(self, other: Any) -> Condition:
        """A condition."""
        return self._compare(">=", other)

    __hash__ = None  # type: ignore[assignment]

    def is_in(self, values: Iterable[Any]) -> Condition:
        """Whether it is one of the values."""
        listed = list(values)
        text = ", ".join(_operand(value) for value in listed)
        return Condition(f"{self.text_of()} in [{text}]", self.tasks_before() + tasks_of(listed))

    def is_true(self) -> Condition:
        """Whether it is true."""
        return self._compare("==", True)

    def __bool__(self) -> bool:
        """Refused: it is not known yet."""
        raise PipelineError(
            f"'{self.text_of()}' is known only when the pipeline runs; give it to when=, and join conditions with & | ~"
        )

    def __iter__(self) -> Any:
        """Refused: it is not known yet."""
        raise PipelineError(f"'{self.text_of()}' is known only when the pipeline runs; use .map() to go over it")


class Parameter(Reference):
    """A parameter of the pipeline that is being built."""

    def __init__(self, name: str) -> None:
        """Made by the pipeline."""
        self.name = name

    def text_of(self) -> str:
        """The reference in text."""
        return f"${{parameters.{self.name}}}"

    def source_of(self) -> dict:
        """Where a task finds the value when it runs."""
        return {"parameter": self.name}


class Result(Reference):
    """What a task of the pipeline will return; ``result["key"]`` is a member of a dict."""

    def __init__(self, node: Any, key: str | None = None) -> None:
        """Made by a call of a task."""
        self.node = node
        self._key = key

    @property
    def name(self) -> str:
        """The task's name in the pipeline."""
        return self.node.name

    def text_of(self) -> str:
        """The reference in text."""
        return f"${{tasks.{self.node.name}.outputs.{self._key or RETURN}}}"

    def source_of(self) -> dict:
        """Where a task finds the value when it runs."""
        return {"task": self.node.name, "key": self._key or RETURN, "many": self.node.fans_out}

    def tasks_before(self) -> list:
        """The tasks that must have run."""
        return [self.node.name]

    def __getitem__(self, key: str) -> Result:
        """A member of the dict that the task returns."""
        if self._key is not None or not isinstance(key, str) or not NAME.match(key):
            raise PipelineError(f"'{self.node.name}': only the members of a returned dict can be named, not {key!r}")
        return Result(self.node, key)

    def artifact(self, name: str) -> Artifact:
        """A file or directory among the task's ``outputs``; the task that it is given to gets its path."""
        if name not in self.node.outputs:
            raise PipelineError(f"'{self.node.name}' has no output '{name}'")
        return Artifact(self.node, name)

    def succeeded(self) -> Condition:
        """Whether the task succeeded."""
        return Condition(f"succeeded({self.node.name})", self.tasks_before())

    def failed(self) -> Condition:
        """Whether the task failed."""
        return Condition(f"failed({self.node.name})", self.tasks_before())

    def skipped(self) -> Condition:
        """Whether the task was skipped."""
        return Condition(f"skipped({self.node.name})", self.tasks_before())


class Artifact:
    """A file or directory that one task leaves and another one reads."""

    def __init__(self, node: Any, name: str) -> None:
        """Made by ``Result.artifact``."""
        self.node = node
        self.name = name


class Condition:
    """A condition for ``when=``; join them with ``&``, ``|`` and ``~``."""

    def __init__(self, text: str, tasks: Sequence[str] = ()) -> None:
        """A condition by its text, and the tasks that it asks for."""
        self.text = text
        self.tasks = list(tasks)

    def __and__(self, other: Condition) -> Condition:
        """Both."""
        return Condition(f"({self.text}) and ({other.text})", self.tasks + other.tasks)

    def __or__(self, other: Condition) -> Condition:
        """One or both."""
        return Condition(f"({self.text}) or ({other.text})", self.tasks + other.tasks)

    def __invert__(self) -> Condition:
        """Not this."""
        return Condition(f"not ({self.text})", self.tasks)

    def __bool__(self) -> bool:
        """Refused: it is not known yet."""
        raise PipelineError("a condition is known only when the pipeline runs; give it to when=, and join with & | ~")


def _operand(value: Any) -> str:
    if isinstance(value, Reference):
        return value.text_of()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_operand(item) for item in value) + "]"
    return json.dumps(plain(value, "a condition"), ensure_ascii=False)


def tasks_of(value: Any) -> list:
    """The tasks that must have run before a value is known."""
    if isinstance(value, Reference):
        return value.tasks_before()
    if isinstance(value, (list, tuple)):
        return [name for item in value for name in tasks_of(item)]
    return []


def plain(value: Any, place: str) -> Any:
    """The value as JSON has it; refuses what has no form there."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise PipelineError(f"{place} is {value}, which JSON does not have")
        return float(value)
    if isinstance(value, (list, tuple)):
        return [plain(item, place) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item, place) for key, item in value.items()}
    raise PipelineError(
        f"{place} is a {type(value).__name__}; give numbers, text, lists and dicts, or what a task returns"
    )


def escaped(value: Any) -> Any:
    """The value with every ``${`` kept as it is: nothing is filled in."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, list):
        return [escaped(item) for item in value]
    if isinstance(value, dict):
        return {key: escaped(item) for key, item in value.items()}
    return value
