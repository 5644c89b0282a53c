"""Runs one MLflow python_function model for Martlet, which starts this file and talks to it over descriptor 3.

The protocol is described in docs/python-models.md. Nothing that arrives is unpickled or evaluated.
"""

import copy
import datetime
import decimal
import functools
import inspect
import json
import os
import resource
import socket
import struct
import sys
import time
import traceback
import uuid

PRELUDE = struct.Struct("<4sHHQIIQ")
MAGIC = b"MTLW"
VERSION = 1
LOAD, READY, FAILED, CALL, RESULT, ERROR = range(1, 7)

HEADER_LIMIT = 4 * 1024 * 1024
BODY_LIMIT = 512 * 1024 * 1024
MESSAGE_LIMIT = 1000
TRACEBACK_LINES = 40
DTYPES = {
    "BOOL": "?",
    "UINT8": "u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "INT8": "i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "FP16": "<f2",
    "BF16": "<u2",
    "FP32": "<f4",
    "FP64": "<f8",
}
DATATYPES = {
    ("b", 1): "BOOL",
    ("u", 1): "UINT8",
    ("u", 2): "UINT16",
    ("u", 4): "UINT32",
    ("u", 8): "UINT64",
    ("i", 1): "INT8",
    ("i", 2): "INT16",
    ("i", 4): "INT32",
    ("i", 8): "INT64",
    ("f", 2): "FP16",
    ("f", 4): "FP32",
    ("f", 8): "FP64",
}
# The dtypes of MLflow's column types that a cast from another number keeps exactly enough.
COLUMN_DTYPES = {
    "boolean": "bool",
    "integer": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
}

SCALARS = (*COLUMN_DTYPES, "string", "binary", "datetime")


class ProtocolError(Exception):
    """The other side does not speak this protocol; the process ends."""


class UnfitError(Exception):
    """A value that no tensor holds; it travels as JSON."""


def compact(value):
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


class Channel:
    """Frames over a stream socket."""

    def __init__(self, connection):
        """Takes a connected socket."""
        self.connection = connection

    def receive(self):
        """The next frame as (kind, id, header bytes, body); None when the server has closed the connection."""
        prelude = self._exactly(PRELUDE.size, at_start=True)
        if prelude is None:
            return None
        magic, version, kind, number, header, reserved, body = PRELUDE.unpack(prelude)
        if magic != MAGIC or version != VERSION or reserved != 0:
            raise ProtocolError(f"not a frame of protocol version {VERSION}")
        if header > HEADER_LIMIT or body > BODY_LIMIT:
            raise ProtocolError(f"a frame of {header} + {body} bytes is too large")
        return kind, number, bytes(self._exactly(header)), self._exactly(body)

    def _exactly(self, count, at_start=False):
        data = bytearray(count)
        view = memoryview(data)
        done = 0
        while done < count:
            received = self.connection.recv_into(view[done:])
            if received == 0:
                if at_start and done == 0:
                    return None
                raise ProtocolError("the connection ended within a frame")
            done += received
        return data

    def send(self, kind, number, header, blobs=()):
        """Sends a frame; `header` is JSON or can be, `blobs` are bytes-like and become the body."""
        head = header if isinstance(header, bytes) else compact(header)
        size = sum(len(blob) for blob in blobs)
        if len(head) > HEADER_LIMIT or size > BODY_LIMIT:
            raise ValueError(f"The model's answer of {len(head) + size} bytes is too large.")
        start = PRELUDE.pack(MAGIC, VERSION, kind, number, len(head), 0, size) + head
        if size <= 65536:
            self.connection.sendall(b"".join((start, *blobs)))
            return
        self.connection.sendall(start)
        for blob in blobs:
            self.connection.sendall(blob)


# What goes in


@functools.lru_cache(maxsize=64)
def parsed(header):
    """The header of a call; requests of one shape have the same bytes."""
    return json.loads(header)


def texts(blob, count):
    """The elements of a BYTES tensor: each is its length in four bytes, then its bytes."""
    found = []
    at = 0
    for _ in range(count):
        if at + 4 > len(blob):
            raise ProtocolError("a BYTES tensor ends early")
        size = int.from_bytes(blob[at : at + 4], "little")
        at += 4
        if at + size > len(blob):
            raise ProtocolError("a BYTES tensor ends early")
        found.append(bytes(blob[at : at + size]))
        at += size
    if at != len(blob):
        raise ProtocolError("a BYTES tensor has bytes left over")
    return found


def nested(value):
    """The value of a cell that came as JSON text; text that is no JSON stays text."""
    try:
        return json.loads(value)
    except ValueError:
        return as_text(value)


def as_text(value):
    """Text where the bytes are UTF-8, else the bytes."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


class Inputs:
    """Turns the tensors of a call into what a python_function takes."""

    def __init__(self, schema):
        """Takes MLflow's input schema; None when the model has none."""
        import numpy
        import pandas

        self.numpy = numpy
        self.pandas = pandas
        self.columns = {}
        self.names = []
        self.types = []
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

    def decode(self, header, body):
        """The value that `predict` gets, and whether it is a table exactly as the signature wants it."""
        if header["layout"] == "columns":
            uniform = self.uniform(header, body)
            if uniform is not None:
                return uniform, header["plan"][-1]
        return self.any(header, body), False

    def any(self, header, body):
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

    def tensors(self, header, body):
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

    def tensor(self, kind, shape, blob):
        """One array over the bytes of the frame."""
        numpy = self.numpy
        count = 1
        for extent in shape:
            count *= extent
        if kind == "BYTES":
            array = numpy.empty(count, dtype=object)
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

    def uniform(self, header, body):
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

    def plan(self, tensors):
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
        target = COLUMN_DTYPES.get(next(iter(wanted))) if len(wanted) == 1 else None
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

    def is_safe(self, dtype, target):
        """Whether a cast can lose no more than the rounding of a float."""
        return (target.kind == "f" and dtype.kind in "fiu") or self.numpy.can_cast(dtype, target, "safe")

    def column(self, name, kind, values):
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
        target = COLUMN_DTYPES.get(wanted)
        if target is not None:
            target = self.numpy.dtype(target)
            if target != values.dtype and self.is_safe(values.dtype, target):
                return values.astype(target)
        return values

    def text_column(self, values, wanted):
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

    def single(self, name, kind, values):
        """One array; a table when the signature has columns."""
        array = self.array(values, kind)
        if self.is_tensor or not self.columns:
            return array
        width = array.shape[1] if array.ndim == 2 else 1
        if array.ndim in (1, 2) and width == len(self.types):
            matrix = array.reshape(len(array), width)
            names = self.names or list(range(width))
            columns = {
                label: self.column(label if self.names else None, "", matrix[:, at]) for at, label in enumerate(names)
            }
            return self.pandas.DataFrame(columns)
        return array

    def rows(self, header, body):
        """A row-major matrix of floats whose columns are the signature's."""
        matrix = self.tensor("FP32", header["shape"], body)
        if not self.columns or self.is_tensor:
            return matrix
        return self.single("", "FP32", matrix)

    def array(self, values, kind):
        """Texts as text, where a tensor held bytes."""
        if kind != "BYTES":
            return values
        decoded = self.numpy.empty(values.size, dtype=object)
        decoded[:] = [as_text(value) for value in values.reshape(-1)]
        decoded = decoded.reshape(values.shape)
        return decoded.astype(str) if self.is_tensor and all(isinstance(v, str) for v in decoded.flat) else decoded


def column_type(spec):
    """MLflow's name of a column's type, `nested` for arrays, objects and the like, which come as JSON text."""
    name = getattr(spec.type, "name", None)
    return name if isinstance(name, str) and name in SCALARS else "nested"


# What comes out


class Outputs:
    """Turns what a python_function gives into a header and blobs."""

    def __init__(self):
        """Needs nothing but the packages."""
        import numpy
        import pandas

        self.numpy = numpy
        self.pandas = pandas
        self.last_header = ((None, None, 0), b"")

    def encode(self, result, nanoseconds):
        """The header and the body of an answer; the header tells how long the model itself took."""
        head, blobs = self.uniform(result) or self.described(result)
        return b'%s,"nanoseconds":%d}' % (head, nanoseconds), blobs

    def described(self, result):
        """The start of the header and the body of any answer."""
        try:
            header, blobs = self.tensors(result)
        except UnfitError:
            header, blobs = {"layout": "json", "tensors": []}, [self.json(result)]
        return compact(header)[:-1], blobs

    def uniform(self, result):
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

    def columns_header(self, names, kind, rows, size):
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

    def tensors(self, result):
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

    def is_array(self, value):
        """Whether a value has elements side by side."""
        if isinstance(value, (self.numpy.ndarray, self.pandas.Series)) or hasattr(value, "__array__"):
            return not isinstance(value, self.numpy.generic)
        return isinstance(value, (list, tuple)) and len(value) > 0

    def any(self, value):
        """One tensor of an array, a list or a scalar."""
        if isinstance(value, self.pandas.Series):
            return self.series(value)
        if hasattr(value, "toarray"):
            value = value.toarray()
        if isinstance(value, (list, tuple)):
            return self.list(value)
        if isinstance(value, (str, bytes)):
            holder = self.numpy.empty((), dtype=object)
            holder[()] = value
            return self.packed(holder)
        try:
            return self.packed(self.numpy.asarray(value))
        except OverflowError as error:
            raise UnfitError from error

    def list(self, values):
        """A list whose elements are all of one kind; others travel as JSON, which keeps each as it is."""
        numpy = self.numpy
        leaf = values
        while isinstance(leaf, (list, tuple)) and leaf:
            leaf = leaf[0]
        if isinstance(leaf, (list, tuple, dict)) or leaf is None:
            raise UnfitError
        flat = []
        shape = []
        level = values
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

    def arrays(self, values):
        """A list of arrays of one shape."""
        try:
            return self.packed(self.numpy.asarray(values))
        except ValueError as error:
            raise UnfitError from error

    def series(self, series):
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

    def packed(self, array):
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
        return datatype, list(array.shape), memoryview(array.reshape(-1)).cast("B") if array.size else b""

    def packed_texts(self, array):
        """A BYTES tensor of texts, or numbers that an array of objects holds."""
        shape = list(array.shape)
        parts = []
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

    def numbers(self, values, kinds, shape):
        """An array of objects that are all numbers."""
        dtype = "?" if kinds == {"bool"} else "i8" if kinds == {"int"} else "f8"
        try:
            return self.packed(values.astype(dtype).reshape(shape))
        except OverflowError as error:
            raise UnfitError from error

    def layout(self, layout, named):
        """The header and blobs of named tensors."""
        tensors, blobs = [], []
        for name, (datatype, shape, blob) in named:
            tensors.append({"name": name, "datatype": datatype, "shape": shape, "bytes": len(blob)})
            blobs.append(blob)
        return {"layout": layout, "tensors": tensors}, blobs

    def json(self, result):
        """JSON of anything that can be told in JSON; NaN stays NaN."""
        return json.dumps(result, default=self.plain, separators=(",", ":")).encode()

    def plain(self, value):
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


def flatten(values, shape, depth, flat):
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


def scalar_kind(value, numpy):
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


# The process


def described(error):
    """Type and message of an exception, without its stack."""
    if getattr(error, "error_class", None) == "SCHEMA_ENFORCEMENT_FAILED" and error.__context__ is not None:
        # MLflow's own text says only that something does not fit, or else repeats the whole input.
        error = error.__context__
    return {"type": type(error).__name__, "message": str(error)[:MESSAGE_LIMIT]}


def log_traceback():
    """Writes the stack to the server's log, its last lines only."""
    lines = traceback.format_exc().splitlines()
    print("\n".join(lines[-TRACEBACK_LINES:]), file=sys.stderr, flush=True)


def failure_code(error):
    """Whose fault an exception is: that of the request, of the memory limit, or of the model."""
    if isinstance(error, MemoryError):
        return "memory"
    code = getattr(error, "error_code", None)
    if type(error).__name__ == "MlflowException":
        return "request" if code in ("INVALID_PARAMETER_VALUE", "BAD_REQUEST") else "model"
    return "request" if isinstance(error, (ValueError, TypeError, KeyError)) else "model"


def resident_bytes():
    """The memory of this process."""
    try:
        with open("/proc/self/statm") as status:
            return int(status.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Model:
    """The loaded model and its translations."""

    def __init__(self, path):
        """Loads the model at `path`."""
        from mlflow import pyfunc

        self.model = pyfunc.load_model(path)
        metadata = self.model.metadata
        self.schema = metadata.get_input_schema() if metadata is not None else None
        self.inputs = Inputs(self.schema)
        self.outputs = Outputs()
        self.direct = direct_predict(self.model, metadata)

    def call(self, header, body):
        """The header and blobs of an answer."""
        value, is_exact = self.inputs.decode(header, body)
        params = header.get("params")
        begun = time.perf_counter_ns()
        if params:
            result = self.model.predict(value, params=copy.deepcopy(params))
        elif self.direct is not None and (is_exact or self.schema is None):
            result = self.direct(value)
        else:
            result = self.model.predict(value)
        return self.outputs.encode(result, time.perf_counter_ns() - begun)


def direct_predict(model, metadata):
    """The model's own function without MLflow's check of the schema, where that check would change nothing.

    The check takes milliseconds for a wide table, even if every column is what the signature says. None for models
    whose calls MLflow completes in other ways, and for versions of MLflow that are built otherwise.
    """
    from mlflow import pyfunc

    try:
        if type(model) is not pyfunc.PyFuncModel or metadata.get_params_schema() is not None:
            return None
        if metadata._is_signature_from_type_hint() or metadata._is_type_hint_from_example():
            return None
        if (metadata.metadata or {}).get("dependencies_schemas"):
            return None
        function = model._predict_fn
        params = inspect.signature(function).parameters.get("params")
    except (AttributeError, TypeError, ValueError):
        return None
    if params is not None and params.kind != inspect.Parameter.VAR_KEYWORD:
        return functools.partial(function, params=None)
    return function


def load(channel):
    """Waits for the path and loads the model; says what is wrong when that fails."""
    frame = channel.receive()
    if frame is None:
        return None
    kind, number, header, _ = frame
    if kind != LOAD:
        raise ProtocolError("the first frame must name the model")
    try:
        model = Model(json.loads(header)["path"])
    except BaseException as error:
        log_traceback()
        answer = described(error)
        if isinstance(error, ModuleNotFoundError):
            answer["module"] = (error.name or "").split(".")[0]
        answer["code"] = "memory" if isinstance(error, MemoryError) else "model"
        channel.send(FAILED, number, answer)
        return None
    python = ".".join(map(str, sys.version_info[:3]))
    channel.send(READY, number, {"python": python, "memory_bytes": resident_bytes()})
    return model


def serve(channel, model):
    """Answers calls until the server closes the connection."""
    while True:
        frame = channel.receive()
        if frame is None:
            return
        kind, number, header, body = frame
        if kind != CALL:
            raise ProtocolError("only calls follow the model's path")
        try:
            answer, blobs = model.call(parsed(header), body)
            channel.send(RESULT, number, answer, blobs)
        except (ProtocolError, OSError):
            raise
        except Exception as error:
            code = failure_code(error)
            answer = described(error)
            answer["code"] = code
            if code != "request":
                log_traceback()
            channel.send(ERROR, number, answer)
            if code == "memory":
                # What the model holds after this is unknown; the server starts another process.
                return


def main():
    """Loads and serves."""
    channel = Channel(socket.socket(fileno=3))
    # Processes that the model starts must not hold the connection open.
    os.set_inheritable(3, False)
    try:
        model = load(channel)
        if model is not None:
            serve(channel, model)
    except (ProtocolError, OSError) as error:
        print(f"The connection to the server ended: {error}", file=sys.stderr, flush=True)
    sys.stdout.flush()
    # Threads of the model must not keep the process alive.
    os._exit(0)


if __name__ == "__main__":
    main()
