"""Tasks and pipelines of Martlet, declared in Python.

    from martlet import pipeline, task

    @task(retries=2)
    def load(rows: int) -> list:
        return list(range(rows))

    @task
    def total(numbers: list) -> int:
        return sum(numbers)

    @pipeline
    def sums(rows: int = 10):
        total(load(rows))

``python file.py`` prints the pipeline as YAML if the file ends with ``martlet.main()``; so does
``martlet pipeline compile file.py`` in any case. The server runs each task as a process of its own: what it is given
and what it returns are JSON. Called outside of a pipeline, a task is the function that it decorates.

This needs Python 3.9 and nothing else. Martlet puts it on the PYTHONPATH of tasks.
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
import json
import os
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from martlet_values import (
    NAME,
    RETURN,
    Artifact,
    Condition,
    Parameter,
    PipelineError,
    Reference,
    Result,
    escaped,
    plain,
    tasks_of,
)
from martlet_yaml import write

__all__ = ["Artifact", "Condition", "Pipeline", "Result", "Task", "compile", "main", "pipeline", "task"]

_KINDS = {int: "integer", float: "number", str: "string", bool: "boolean", list: "list", dict: "object"}
_building: _Graph | None = None


# --- tasks ---


class _Node:
    """One task of a pipeline that is being built."""

    def __init__(self, name: str, task: Task, fields: dict, needs: list, fans_out: bool) -> None:
        self.name = name
        self.task = task
        self.fields = fields
        self.needs = needs
        self.fans_out = fans_out
        self.outputs = dict(task.options.get("outputs") or {})


class Task:
    """A function that a pipeline runs as a process of its own."""

    def __init__(self, function: Callable[..., Any], options: dict) -> None:
        """Made by the decorator."""
        functools.update_wrapper(self, function)
        self.function = function
        self.options = options
        self.name = options.get("name") or function.__name__.replace("_", "-").strip("-")
        if not NAME.match(self.name):
            raise PipelineError(f"'{self.name}' is no name of a task: letters, digits, '_' and '-', at most 64")
        kinds = [one.kind for one in inspect.signature(function).parameters.values()]
        if inspect.Parameter.VAR_POSITIONAL in kinds or inspect.Parameter.VAR_KEYWORD in kinds:
            raise PipelineError(f"the task '{self.name}' must name its parameters; *args and **kwargs have no names")

    def with_options(self, **options: Any) -> Task:
        """The same task with other options, such as ``name``, ``when``, ``needs`` or ``retries``."""
        _check_options(options)
        return Task(self.function, {**self.options, **options})

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Makes it a task of the pipeline that is being built; elsewhere runs the function."""
        if _building is None:
            return self.function(*arguments, **named)
        return _building.add(self, self._bind(arguments, named), {})

    def map(self, values: Any, *arguments: Any, **named: Any) -> Result:
        """Runs the task once for each value, which becomes its first argument; the result is the list of results."""
        first = next(iter(inspect.signature(self.function).parameters), None)
        if first is None:
            raise PipelineError(f"the task '{self.name}' takes no argument that .map() could give it")
        bound = self._bind((_Item(None), *arguments), named)
        return _require(self).add(self, bound, {"foreach": _fan(values, f"{self.name}.map")}, values)

    def matrix(self, axes: Mapping[str, Any], *, exclude: Sequence[Mapping[str, Any]] = (), **named: Any) -> Result:
        """Runs the task once for each combination of values; each axis is the argument of its name."""
        fields: dict = {axis: _fan(values, f"{self.name}.{axis}") for axis, values in axes.items()}
        if exclude:
            fields["exclude"] = escaped(plain([dict(rule) for rule in exclude], f"{self.name}.exclude"))
        bound = self._bind((), {**named, **{axis: _Item(axis) for axis in axes}})
        return _require(self).add(self, bound, {"matrix": fields}, *axes.values())

    def _bind(self, arguments: tuple, named: dict) -> dict:
        try:
            return dict(inspect.signature(self.function).bind(*arguments, **named).arguments)
        except TypeError as error:
            raise PipelineError(f"the task '{self.name}': {error}") from None


class _Item:
    """The value, or a member of it, that a task of a fan-out runs for."""

    def __init__(self, axis: str | None) -> None:
        self.axis = axis


def _require(task: Task) -> _Graph:
    if _building is None:
        raise PipelineError(f"'{task.name}' can fan out only inside of a pipeline")
    return _building


def _fan(values: Any, place: str) -> Any:
    return values.text_of() if isinstance(values, Reference) else escaped(plain(list(values), place))


_OPTIONS = {
    "name",
    "needs",
    "when",
    "retries",
    "backoff",
    "timeout",
    "env",
    "secrets",
    "resources",
    "cache",
    "inputs",
    "outputs",
    "queue",
    "pool",
    "priority",
    "on_failure",
    "fan_out",
    "image",
    "python",
}
_PASSED = [
    "when",
    "retries",
    "backoff",
    "timeout",
    "secrets",
    "resources",
    "cache",
    "outputs",
    "queue",
    "pool",
    "priority",
    "on_failure",
    "fan_out",
]


def _check_options(options: Mapping[str, Any]) -> None:
    for name in options:
        if name not in _OPTIONS:
            raise PipelineError(f"a task has no option '{name}'; there are {', '.join(sorted(_OPTIONS))}")


def task(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Makes a function a task: ``@task`` or ``@task(retries=2, timeout="5m", …)``.

    The options are the keys of a task in YAML, beside ``image`` (run it in that container) and ``python`` (the
    interpreter).
    """
    _check_options(options)
    if function is None:
        return lambda function: Task(function, options)
    return Task(function, options)


# --- pipelines ---


class _Graph:
    """The tasks of a pipeline while its function runs."""

    def __init__(self, path: str, python: str) -> None:
        self.path = path
        self.python = python
        self.nodes: dict = {}

    def add(self, task: Task, bound: dict, fan: dict, *sources: Any) -> Result:
        name = self._name(task)
        needs: list = []
        inputs = dict(task.options.get("inputs") or {})
        arguments = {}
        for parameter, value in bound.items():
            arguments[parameter] = self._argument(name, parameter, value, needs, inputs)
        for source in sources:
            needs += tasks_of(source)
        for other in task.options.get("needs") or []:
            needs.append(other.name if isinstance(other, Result) else str(other))
        fields = self._fields(task, arguments, inputs, fan, needs)
        node = _Node(name, task, fields, list(dict.fromkeys(needs)), bool(fan))
        self.nodes[name] = node
        return Result(node)

    def _name(self, task: Task) -> str:
        name, number = task.name, 1
        while name in self.nodes:
            number += 1
            name = f"{task.name}-{number}"
        return name

    def _argument(self, name: str, parameter: str, value: Any, needs: list, inputs: dict) -> dict:
        if isinstance(value, Reference):
            needs += value.tasks_before()
            return value.source_of()
        if isinstance(value, _Item):
            return {"item": value.axis}
        if isinstance(value, Artifact):
            needs.append(value.node.name)
            inputs[parameter] = {"from": f"{value.node.name}.{value.name}", "path": f"inputs/{parameter}"}
            return {"path": f"inputs/{parameter}"}
        if isinstance(value, (list, tuple)) and any(isinstance(item, Reference) for item in value):
            return {"list": [self._argument(name, parameter, item, needs, inputs) for item in value]}
        return {"value": plain(value, f"{name}({parameter})")}

    def _fields(self, task: Task, arguments: dict, inputs: dict, fan: dict, needs: list) -> dict:
        options = task.options
        words = ["-m", "martlet", "run", f"${{pipeline.directory}}/{self.path}", task.function.__qualname__]
        python = options.get("python") or self.python
        fields: dict = {}
        if options.get("image"):
            fields["container"] = {"image": options["image"], "command": [python, *words]}
        else:
            fields["run"] = [python, *words]
        environment = {str(key): value for key, value in (options.get("env") or {}).items()}
        environment["ARGUMENTS"] = escaped(json.dumps(arguments, ensure_ascii=False))
        fields["env"] = environment
        fields.update(fan)
        for key in _PASSED:
            value = options.get(key)
            if isinstance(value, Condition):
                needs += value.tasks
                value = value.text
            if value is not None and value is not False:
                fields[key] = plain(value, f"{task.name}.{key}")
        if inputs:
            fields["inputs"] = plain(inputs, f"{task.name}.inputs")
        return fields


class Pipeline:
    """A function whose calls of tasks are the pipeline."""

    def __init__(self, function: Callable[..., Any], options: dict) -> None:
        """Made by the decorator."""
        functools.update_wrapper(self, function)
        self.function = function
        self.options = options
        self.name = options.get("name") or function.__name__.replace("_", "-").strip("-")
        if not NAME.match(self.name):
            raise PipelineError(f"'{self.name}' is no name of a pipeline: letters, digits, '_' and '-', at most 64")

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Runs the function as it stands, its tasks as plain functions: for trying out."""
        return self.function(*arguments, **named)

    def document(self, path: str | None = None) -> dict:
        """The pipeline as it stands below ``pipelines.<name>`` in YAML.

        ``path`` is where this file lies, seen from the manifest; by default beside it.
        """
        global _building
        parameters = self._parameters()
        source = path or os.path.basename(inspect.getsourcefile(self.function) or "")
        graph = _Graph(source, self.options.get("python") or "python3")
        outer, _building = _building, graph
        try:
            self.function(**{name: Parameter(name) for name in parameters})
        finally:
            _building = outer
        if not graph.nodes:
            raise PipelineError(f"the pipeline '{self.name}' calls no task")
        document: dict = {}
        description = self.options.get("description") or (self.function.__doc__ or "").strip().split("\n")[0]
        if description:
            document["description"] = description
        if parameters:
            document["parameters"] = parameters
        for key in ("triggers", "concurrency", "pools", "parallel", "priority", "executor"):
            if self.options.get(key) is not None:
                document[key] = plain(self.options[key], f"{self.name}.{key}")
        document["tasks"] = {name: self._task(node) for name, node in graph.nodes.items()}
        return document

    @staticmethod
    def _task(node: _Node) -> dict:
        fields = dict(node.fields)
        if node.needs:
            fields["needs"] = node.needs
        return fields

    def _parameters(self) -> dict:
        try:
            hints = typing.get_type_hints(self.function)
        except Exception as error:
            raise PipelineError(f"the annotations of '{self.name}' cannot be read: {error}") from None
        parameters: dict = {}
        for name, one in inspect.signature(self.function).parameters.items():
            if one.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
                raise PipelineError(f"the pipeline '{self.name}' must name its parameters")
            default = None if one.default is inspect.Parameter.empty else one.default
            parameters[name] = _parameter(f"{self.name}({name})", hints.get(name), default)
        return parameters


def _parameter(place: str, hint: Any, default: Any) -> Any:
    choices: list = []
    if typing.get_origin(hint) is typing.Literal:
        choices = list(typing.get_args(hint))
        hint = type(choices[0])
    kind = _KINDS.get(typing.get_origin(hint) or hint) if hint is not None else None
    if hint is not None and kind is None:
        names = ", ".join(sorted(known.__name__ for known in _KINDS))
        raise PipelineError(f"{place} is annotated with {hint!r}; parameters are {names} or Literal")
    if kind is None:
        return escaped(plain(default, place))
    declared: dict = {"type": kind}
    if default is not None:
        value = plain(default, place)
        # A whole number is a number, too.
        declared["default"] = float(value) if kind == "number" and isinstance(value, int) else value
    if choices:
        declared["choices"] = plain(choices, place)
    return declared


def pipeline(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Makes a function a pipeline: its parameters are those of the pipeline, the tasks that it calls are its tasks.

    Options: ``name``, ``description``, ``triggers``, ``concurrency``, ``pools``, ``parallel``, ``priority``,
    ``executor``, ``python`` (the interpreter of its tasks).
    """
    known = {
        "name",
        "description",
        "triggers",
        "concurrency",
        "pools",
        "parallel",
        "priority",
        "executor",
        "python",
    }
    for name in options:
        if name not in known:
            raise PipelineError(f"a pipeline has no option '{name}'; there are {', '.join(sorted(known))}")
    if function is None:
        return lambda function: Pipeline(function, options)
    return Pipeline(function, options)


# --- YAML ---


def compile(*pipelines: Pipeline, path: str | None = None) -> str:
    """The pipelines as the text of a manifest."""
    document = {one.name: one.document(path) for one in pipelines}
    return "\n".join(["version: 1", *write({"pipelines": document}, 0)]) + "\n"


# --- running ---


def _load(path: str) -> dict:
    """The names of a Python file."""
    directory = os.path.dirname(os.path.abspath(path))
    if directory not in sys.path:
        sys.path.insert(0, directory)
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not os.path.isfile(path):
        raise PipelineError(f"'{path}' is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return vars(module)


def _pipelines(names: Mapping[str, Any]) -> list:
    found = [value for value in names.values() if isinstance(value, Pipeline)]
    if not found:
        raise PipelineError("the file declares no pipeline; put @pipeline before a function")
    return list(dict.fromkeys(found))


def main() -> None:
    """Prints the pipelines of the file that calls this as YAML, if that file was started by ``python file.py``."""
    frame = inspect.currentframe()
    names = frame.f_back.f_globals if frame is not None and frame.f_back is not None else {}
    if names.get("__name__") == "__main__":
        sys.stdout.write(compile(*_pipelines(names)))


def _value(source: dict, given: dict) -> Any:
    """What an argument is in this run."""
    if "value" in source:
        return source["value"]
    if "list" in source:
        return [_value(item, given) for item in source["list"]]
    if "path" in source:
        return os.path.abspath(source["path"])
    if "parameter" in source:
        return json.loads(os.environ["MARTLET_PARAMETERS"])[source["parameter"]]
    if "item" in source:
        item = given.get("item")
        return item if source["item"] is None else item[source["item"]]
    upstream, name, key = given.get("upstream", {}), source["task"], source["key"]
    if not source["many"]:
        return upstream.get(name, {}).get(key)
    count = 0
    values = []
    while f"{name}.{count}" in upstream:
        values.append(upstream[f"{name}.{count}"].get(key))
        count += 1
    return values if count else upstream.get(name, {}).get(key)


def _run(path: str, name: str) -> None:
    one = _load(path).get(name)
    if not isinstance(one, Task):
        raise PipelineError(f"'{os.path.basename(path)}' has no task '{name}' at its top")
    given: dict = {}
    if os.path.exists(os.environ.get("MARTLET_INPUTS", "")):
        with open(os.environ["MARTLET_INPUTS"], encoding="utf-8") as file:
            given = json.load(file)
    arguments = {key: _value(source, given) for key, source in json.loads(os.environ.get("ARGUMENTS", "{}")).items()}
    returned = plain(one.function(**arguments), f"what '{name}' returns")
    outputs = {}
    if isinstance(returned, dict):
        outputs = {key: value for key, value in returned.items() if NAME.match(key)}
    outputs[RETURN] = returned
    with open(os.environ["MARTLET_OUTPUTS"], "w", encoding="utf-8") as file:
        json.dump(outputs, file, ensure_ascii=False, allow_nan=False)


def _command(words: Sequence[str]) -> int:
    try:
        if len(words) == 3 and words[0] == "run":
            _run(words[1], words[2])
            return 0
        if words[:1] == ["compile"] and len(words) in (2, 4) and (len(words) == 2 or words[2] == "--path"):
            sys.stdout.write(compile(*_pipelines(_load(words[1])), path=words[3] if len(words) == 4 else None))
            return 0
    except PipelineError as error:
        sys.stderr.write(f"martlet: {error}\n")
        return 1
    sys.stderr.write("usage: python -m martlet compile FILE.py [--path PATH] | run FILE.py TASK\n")
    return 2


if __name__ == "__main__":
    # The file that is loaded imports this one by its name, and must find the same classes.
    sys.modules["martlet"] = sys.modules["__main__"]
    sys.exit(_command(sys.argv[1:]))
