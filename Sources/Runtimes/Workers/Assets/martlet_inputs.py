"""What a python_function takes, made of the tensors of a call."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from martlet_outputs import column_type
from martlet_protocol import COLUMN_DTYPES, DTYPES, ProtocolError, as_text, nested, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy
    import pandas
    from martlet_protocol import Blob
    from numpy.typing import NDArray

    # The dtype of a table's elements, its rows, its index, the dtype to cast to, and whether it is as the signature.
    Plan = tuple[numpy.dtype[Any], int, pandas.Index, numpy.dtype[Any] | None, bool]


class Inputs:
    """Turns the tensors of a call into what a python_function takes."""

    def __init__(self, schema: Any) -> None:
        """Takes MLflow's input schema; None when the model has none."""
        import numpy
        import pandas

        self.numpy: Any = numpy
        self.pandas: Any = pandas
        self.columns: dict[str | None, str] = {}
        self.names: list[str] = []
        self.types: list[str] = []
        self.is_tensor = False
        self.is_unnamed = False
        if schema is not None and schema.inputs:
            self.is_tensor = schema.is_tensor_spec()
            self.is_unnamed = self.is_tensor and not schema.has_input_names()
            if not self.is_tensor:
                self.names = schema.input_names() if schema.has_input_names() else []
                self.columns = {spec.name: column_type(spec) for spec in schema.inputs}
                self.types = [column_type(spec) for spec in schema.inputs]
        self.index = functools.lru_cache(maxsize=64)(lambda names: pandas.Index(list(names)))

    def decode(self, header: dict[str, Any], body: bytearray) -> tuple[Any, bool]:
        """The value that `predict` gets, and whether it is a table exactly as the signature wants it."""
        if header["layout"] == "columns":
            uniform = self.uniform(header, body)
            if uniform is not None:
                return uniform, header["plan"][-1]
        return self.any(header, body), False

    def any(self, header: dict[str, Any], body: bytearray) -> Any:
        """The value that `predict` gets."""
        layout = header["layout"]
        if layout == "json":
            return json.loads(body)
        if layout == "rows":
            return self.rows(header, body)
        tensors = list(self.tensors(header, body))
        if layout == "single" or (layout == "named" and self.is_unnamed and len(tensors) == 1):
            return self.single(*tensors[0])
        if layout == "named":
            return {name: self.array(values, kind) for name, kind, values in tensors}
        if layout == "columns":
            columns = {name: self.column(name, kind, values) for name, kind, values in tensors}
            return self.pandas.DataFrame(columns, columns=self.index(tuple(columns)))
        raise ProtocolError("an unknown layout")

    def tensors(self, header: dict[str, Any], body: bytearray) -> Iterator[tuple[str, str, NDArray[Any]]]:
        """Names, datatypes and arrays (of bytes objects for BYTES)."""
        view = memoryview(body)
        at = 0
        for tensor in header["tensors"]:
            size, kind, shape = tensor["bytes"], tensor["datatype"], tensor["shape"]
            if at + size > len(view):
                raise ProtocolError("a tensor lies outside the body")
            blob = view[at : at + size]
            yield tensor["name"], kind, self.tensor(kind, shape, blob)
            at += size
        if at != len(view):
            raise ProtocolError("the body has bytes left over")

    def tensor(self, kind: str, shape: list[int], blob: Blob) -> NDArray[Any]:
        """One array over the bytes of the frame."""
        numpy = self.numpy
        count = 1
        for extent in shape:
            count *= extent
        if kind == "BYTES":
            array: NDArray[Any] = numpy.empty(count, dtype=object)
            array[:] = texts(blob, count)
            return array.reshape(shape)
        dtype = numpy.dtype(DTYPES[kind])
        if count * dtype.itemsize != len(blob):
            raise ProtocolError("a tensor's shape and size differ")
        array = numpy.frombuffer(blob, dtype=dtype)
        if kind == "BF16":
            array = (array.astype(numpy.uint32) << 16).view(numpy.float32)
        elif not array.flags.aligned:
            array = array.copy()
        return array.reshape(shape)

    def uniform(self, header: dict[str, Any], body: bytearray) -> pandas.DataFrame | None:
        """A table whose columns are all numbers of one type, without touching one column after the other."""
        plan = header.get("plan")
        if plan is None:
            plan = header["plan"] = self.plan(header["tensors"]) or ()
        if not plan:
            return None
        dtype, rows, names, casts, _ = plan
        if rows * len(names) * dtype.itemsize != len(body):
            raise ProtocolError("the tensors and the body differ in size")
        block = self.numpy.frombuffer(body, dtype=dtype).reshape(len(names), rows)
        if casts is not None:
            block = block.astype(casts)
        return self.pandas.DataFrame(block.T, columns=names, copy=False)

    def plan(self, tensors: list[dict[str, Any]]) -> Plan | None:
        """How a table of one type is read: dtype, rows, index, dtype to cast to; None when types differ."""
        kinds = {tensor["datatype"] for tensor in tensors}
        shapes = {tuple(tensor["shape"]) for tensor in tensors}
        if len(kinds) != 1 or len(shapes) != 1:
            return None
        kind, shape = kinds.pop(), shapes.pop()
        if kind in ("BYTES", "BF16") or not shape or shape[1:] not in ((), (1,)):
            return None
        names = tuple(tensor["name"] for tensor in tensors)
        dtype = self.numpy.dtype(DTYPES[kind])
        wanted = {self.columns.get(name) for name in names}
        target: Any = COLUMN_DTYPES.get(next(iter(wanted)) or "") if len(wanted) == 1 else None
        casts = None
        if wanted != {None}:
            if target is None:
                return None
            target = self.numpy.dtype(target)
            if target != dtype:
                if not self.is_safe(dtype, target):
                    return None
                casts = target
        is_exact = target is not None and list(names) == self.names and set(self.types) <= wanted
        return dtype, shape[0], self.index(names), casts, is_exact

    def is_safe(self, dtype: numpy.dtype[Any], target: numpy.dtype[Any]) -> bool:
        """Whether a cast can lose no more than the rounding of a float."""
        return (target.kind == "f" and dtype.kind in "fiu") or self.numpy.can_cast(dtype, target, "safe")

    def column(self, name: str | None, kind: str, values: NDArray[Any]) -> Any:
        """One column in the signature's type."""
        wanted = self.columns.get(name)
        if values.ndim > 1 and values.shape[1:] == (1,):
            values = values.reshape(-1)
        if values.ndim > 1:
            return self.pandas.Series([self.array(row, kind) for row in values], dtype=object)
        if kind == "BYTES":
            return self.text_column(values, wanted)
        if wanted == "datetime":
            return self.pandas.to_datetime(values, unit="ms")
        target: Any = COLUMN_DTYPES.get(wanted or "")
        if target is not None:
            target = self.numpy.dtype(target)
            if target != values.dtype and self.is_safe(values.dtype, target):
                return values.astype(target)
        return values

    def text_column(self, values: NDArray[Any], wanted: str | None) -> Any:
        """A column that came as text."""
        if wanted == "binary":
            return values
        if wanted == "nested":
            return self.pandas.Series([nested(value) for value in values], dtype=object)
        decoded = [as_text(value) for value in values]
        if wanted == "datetime":
            return self.pandas.to_datetime(decoded, format="ISO8601")
        if wanted in ("integer", "long", "float", "double"):
            return self.pandas.to_numeric(self.pandas.Series(decoded))
        return self.pandas.Series(decoded, dtype=object)

    def single(self, name: str, kind: str, values: NDArray[Any]) -> NDArray[Any] | pandas.DataFrame:
        """One array; a table when the signature has columns."""
        array = self.array(values, kind)
        if self.is_tensor or not self.columns:
            return array
        width = array.shape[1] if array.ndim == 2 else 1
        if array.ndim in (1, 2) and width == len(self.types):
            matrix = array.reshape(len(array), width)
            names: list[Any] = self.names or list(range(width))
            columns = {
                label: self.column(label if self.names else None, "", matrix[:, at]) for at, label in enumerate(names)
            }
            return self.pandas.DataFrame(columns)
        return array

    def rows(self, header: dict[str, Any], body: bytearray) -> NDArray[Any] | pandas.DataFrame:
        """A row-major matrix of floats whose columns are the signature's."""
        matrix = self.tensor("FP32", header["shape"], body)
        if not self.columns or self.is_tensor:
            return matrix
        return self.single("", "FP32", matrix)

    def array(self, values: NDArray[Any], kind: str) -> NDArray[Any]:
        """Texts as text, where a tensor held bytes."""
        if kind != "BYTES":
            return values
        decoded: NDArray[Any] = self.numpy.empty(values.size, dtype=object)
        decoded[:] = [as_text(value) for value in values.reshape(-1)]
        decoded = decoded.reshape(values.shape)
        return decoded.astype(str) if self.is_tensor and all(isinstance(v, str) for v in decoded.flat) else decoded
