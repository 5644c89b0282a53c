"""The tensors of an answer, made of what a python_function gives."""

from __future__ import annotations

import datetime
import decimal
import json
import uuid
from typing import TYPE_CHECKING, Any

from martlet_protocol import DATATYPES, SCALARS, UnfitError, compact

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas
    from martlet_protocol import Blob
    from numpy.typing import NDArray

    # Datatype, shape and bytes of a tensor.
    Packed = tuple[str, list[int], Blob]


def column_type(spec: Any) -> str:
    """MLflow's name of a column's type, `nested` for arrays, objects and the like, which come as JSON text."""
    name = getattr(spec.type, "name", None)
    return name if isinstance(name, str) and name in SCALARS else "nested"


class Outputs:
    """Turns what a python_function gives into a header and blobs."""

    def __init__(self) -> None:
        """Needs nothing but the packages."""
        import numpy
        import pandas

        self.numpy: Any = numpy
        self.pandas: Any = pandas
        self.last_header: tuple[tuple[Any, str | None, int], bytes] = ((None, None, 0), b"")

    def encode(self, result: Any, nanoseconds: int) -> tuple[bytes, list[Blob]]:
        """The header and the body of an answer; the header tells how long the model itself took."""
        head, blobs = self.uniform(result) or self.described(result)
        return b'%s,"nanoseconds":%d}' % (head, nanoseconds), blobs

    def described(self, result: Any) -> tuple[bytes, list[Blob]]:
        """The start of the header and the body of any answer."""
        try:
            header, blobs = self.tensors(result)
        except UnfitError:
            header, blobs = {"layout": "json", "tensors": []}, [self.json(result)]
        return compact(header)[:-1], blobs

    def uniform(self, result: Any) -> tuple[bytes, list[Blob]] | None:
        """The same for a table whose columns are all numbers of one type; None for anything else."""
        if not isinstance(result, self.pandas.DataFrame):
            return None
        # One block is one type. Where pandas is built otherwise, the slow way gives the same answer.
        if getattr(getattr(result, "_mgr", None), "nblocks", 0) != 1:
            return None
        values = result.to_numpy()
        kind = DATATYPES.get((values.dtype.kind, values.dtype.itemsize))
        if kind is None or values.ndim != 2 or not values.dtype.isnative:
            return None
        head = self.columns_header(result.columns, kind, len(values), values.dtype.itemsize)
        if head is None:
            return None
        columns = self.numpy.ascontiguousarray(values.T)
        return head, [memoryview(columns.reshape(-1)).cast("B")] if columns.size else []

    def columns_header(self, names: pandas.Index, kind: str, rows: int, size: int) -> bytes | None:
        """The start of the header of a uniform table, kept for the next one of the same shape."""
        (last, *shape), head = self.last_header
        if shape == [kind, rows] and (last is names or (last.dtype == names.dtype and last.equals(names))):
            return head
        if not names.is_unique:
            return None
        tensors = [{"name": str(name), "datatype": kind, "shape": [rows], "bytes": rows * size} for name in names]
        head = compact({"layout": "columns", "tensors": tensors})[:-1]
        self.last_header = ((names, kind, rows), head)
        return head

    def tensors(self, result: Any) -> tuple[dict[str, Any], list[Blob]]:
        """The header and the body of an answer that tensors hold."""
        numpy, pandas = self.numpy, self.pandas
        if isinstance(result, pandas.DataFrame):
            if not result.columns.is_unique:
                raise UnfitError
            return self.layout("columns", [(str(name), self.series(result[name])) for name in result.columns])
        if isinstance(result, pandas.Series):
            return self.layout("single", [("", self.series(result))])
        if isinstance(result, (pandas.Index, pandas.api.extensions.ExtensionArray)):
            return self.layout("single", [("", self.series(pandas.Series(result)))])
        if isinstance(result, dict):
            if not result or not all(self.is_array(value) for value in result.values()):
                raise UnfitError
            return self.layout("named", [(str(name), self.any(value)) for name, value in result.items()])
        if isinstance(result, (bool, int, float, str, bytes, numpy.generic)):
            return self.layout("single", [("", self.any(result))])
        if self.is_array(result):
            return self.layout("single", [("", self.any(result))])
        raise UnfitError

    def is_array(self, value: Any) -> bool:
        """Whether a value has elements side by side."""
        if isinstance(value, (self.numpy.ndarray, self.pandas.Series)) or hasattr(value, "__array__"):
            return not isinstance(value, self.numpy.generic)
        return isinstance(value, (list, tuple)) and len(value) > 0

    def any(self, value: Any) -> Packed:
        """One tensor of an array, a list or a scalar."""
        if isinstance(value, self.pandas.Series):
            return self.series(value)
        if hasattr(value, "toarray"):
            value = value.toarray()
        if isinstance(value, (list, tuple)):
            return self.listed(value)
        if isinstance(value, (str, bytes)):
            holder = self.numpy.empty((), dtype=object)
            holder[()] = value
            return self.packed(holder)
        try:
            return self.packed(self.numpy.asarray(value))
        except OverflowError as error:
            raise UnfitError from error

    def listed(self, values: Sequence[Any]) -> Packed:
        """A list whose elements are all of one kind; others travel as JSON, which keeps each as it is."""
        numpy = self.numpy
        leaf: Any = values
        while isinstance(leaf, (list, tuple)) and leaf:
            leaf = leaf[0]
        if isinstance(leaf, (list, tuple, dict)) or leaf is None:
            raise UnfitError
        flat: list[Any] = []
        shape: list[int] = []
        level: Any = values
        while isinstance(level, (list, tuple)):
            shape.append(len(level))
            level = level[0]
        flatten(values, shape, 0, flat)
        kinds = {scalar_kind(value, numpy) for value in flat}
        if kinds == {"text"}:
            array = numpy.empty(len(flat), dtype=object)
            array[:] = flat
            return self.packed(array.reshape(shape))
        if (len(kinds) != 1 and kinds != {"int", "float"}) or kinds == {"other"}:
            if all(isinstance(value, numpy.ndarray) for value in flat):
                return self.arrays(values)
            raise UnfitError
        try:
            return self.packed(numpy.asarray(values))
        except (OverflowError, ValueError) as error:
            raise UnfitError from error

    def arrays(self, values: Sequence[Any]) -> Packed:
        """A list of arrays of one shape."""
        try:
            return self.packed(self.numpy.asarray(values))
        except ValueError as error:
            raise UnfitError from error

    def series(self, series: pandas.Series) -> Packed:
        """One column of numbers, truth values, texts or moments."""
        pandas, numpy = self.pandas, self.numpy
        dtype = series.dtype
        if isinstance(dtype, pandas.CategoricalDtype):
            series = series.astype(dtype.categories.dtype if not series.hasnans else object)
            dtype = series.dtype
        if pandas.api.types.is_datetime64_any_dtype(dtype):
            if series.hasnans:
                raise UnfitError
            return self.packed(numpy.array([moment.isoformat() for moment in series], dtype=object))
        if pandas.api.types.is_timedelta64_dtype(dtype):
            raise UnfitError
        if isinstance(dtype, numpy.dtype):
            return self.packed(series.to_numpy())
        if pandas.api.types.is_bool_dtype(dtype) or pandas.api.types.is_numeric_dtype(dtype):
            if series.hasnans:
                return self.packed(series.to_numpy(dtype="float64", na_value=float("nan")))
            return self.packed(series.to_numpy(dtype=getattr(dtype, "numpy_dtype", None)))
        return self.packed(series.to_numpy(dtype=object))

    def packed(self, array: NDArray[Any]) -> Packed:
        """Datatype, shape and bytes of an array."""
        numpy = self.numpy
        kind = array.dtype.kind
        if kind in "OUS":
            return self.packed_texts(array)
        if kind == "M":
            if numpy.isnat(array).any():
                raise UnfitError
            return self.packed_texts(numpy.datetime_as_string(array, unit="us" if array.dtype != "M8[ns]" else "ns"))
        datatype = DATATYPES.get((kind, array.dtype.itemsize))
        if datatype is None:
            if kind != "f":
                raise UnfitError
            datatype, array = "FP64", array.astype("f8")
        array = numpy.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).reshape(array.shape)
        return datatype, list(array.shape), array.reshape(-1).data.cast("B") if array.size else b""

    def packed_texts(self, array: NDArray[Any]) -> Packed:
        """A BYTES tensor of texts, or numbers that an array of objects holds."""
        shape = list(array.shape)
        parts: list[bytes] = []
        values = array.reshape(-1)
        if array.dtype.kind == "O":
            kinds = {scalar_kind(value, self.numpy) for value in values}
            if kinds - {"text"}:
                if kinds in ({"int"}, {"float"}, {"int", "float"}, {"bool"}):
                    return self.numbers(values, kinds, shape)
                raise UnfitError
        for value in values:
            encoded = value.encode() if isinstance(value, str) else bytes(value)
            parts.append(len(encoded).to_bytes(4, "little"))
            parts.append(encoded)
        return "BYTES", shape, b"".join(parts)

    def numbers(self, values: NDArray[Any], kinds: set[str], shape: list[int]) -> Packed:
        """An array of objects that are all numbers."""
        dtype = "?" if kinds == {"bool"} else "i8" if kinds == {"int"} else "f8"
        try:
            return self.packed(values.astype(dtype).reshape(shape))
        except OverflowError as error:
            raise UnfitError from error

    def layout(self, layout: str, named: Iterable[tuple[str, Packed]]) -> tuple[dict[str, Any], list[Blob]]:
        """The header and blobs of named tensors."""
        tensors: list[dict[str, Any]] = []
        blobs: list[Blob] = []
        for name, (datatype, shape, blob) in named:
            tensors.append({"name": name, "datatype": datatype, "shape": shape, "bytes": len(blob)})
            blobs.append(blob)
        return {"layout": layout, "tensors": tensors}, blobs

    def json(self, result: Any) -> bytes:
        """JSON of anything that can be told in JSON; NaN stays NaN."""
        return json.dumps(result, default=self.plain, separators=(",", ":")).encode()

    def plain(self, value: Any) -> Any:
        """What JSON knows in place of what it does not."""
        pandas, numpy = self.pandas, self.numpy
        if isinstance(value, pandas.DataFrame):
            names = [str(name) for name in value.columns]
            # Without `strict`, which Python 3.9 lacks: rows are as wide as the header.
            return [dict(zip(names, row)) for row in value.astype(object).itertuples(False, None)]  # noqa: B905
        if isinstance(value, (pandas.Series, pandas.Index, numpy.ndarray)):
            return value.tolist()
        if value is pandas.NA or value is pandas.NaT:
            return None
        if isinstance(value, numpy.datetime64):
            return None if numpy.isnat(value) else str(value)
        if isinstance(value, numpy.generic):
            return value.item()
        if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
            return value.isoformat()
        if isinstance(value, (datetime.timedelta, decimal.Decimal, uuid.UUID)):
            return str(value)
        if isinstance(value, (set, frozenset)):
            return list(value)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return bytes(value).decode("utf-8", "replace")
        for method in ("model_dump", "to_dict", "tolist", "_asdict"):
            if callable(getattr(value, method, None)):
                return getattr(value, method)()
        if hasattr(value, "__dataclass_fields__"):
            return {name: getattr(value, name) for name in value.__dataclass_fields__}
        if hasattr(value, "__iter__"):
            return list(value)
        raise TypeError(f"The model gave a {type(value).__name__}, which cannot be sent.")


def flatten(values: Any, shape: list[int], depth: int, flat: list[Any]) -> None:
    """Collects the leaves of nested lists that all have `shape`."""
    if depth == len(shape):
        if isinstance(values, (list, tuple)):
            raise UnfitError
        flat.append(values)
        return
    if not isinstance(values, (list, tuple)) or len(values) != shape[depth]:
        raise UnfitError
    for value in values:
        flatten(value, shape, depth + 1, flat)


def scalar_kind(value: Any, numpy: Any) -> str:
    """What a leaf is, as far as tensors care."""
    if isinstance(value, (bool, numpy.bool_)):
        return "bool"
    if isinstance(value, (int, numpy.integer)):
        return "int"
    if isinstance(value, (float, numpy.floating)):
        return "float"
    if isinstance(value, (str, bytes)):
        return "text"
    return "other"
