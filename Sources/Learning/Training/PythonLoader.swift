/// The Python that travels with a model whose raw rows MLflow's own flavor cannot read: it applies `transform.json` and tells
/// the library which features are categories.
enum PythonLoader {
    /// The folder in the model's directory.
    static let folder = "code"
    /// The module's name.
    static let module = "martlet_pyfunc"
    /// The file in the model's directory.
    static let file = "\(folder)/\(module).py"

    /// The file's contents; it keeps the rules of the module Transforms.
    static let source = ##"""
        """Applies transform.json and asks the model, as Martlet does. Martlet wrote this file; it needs numpy and the library."""

        import datetime
        import json
        import math
        import os
        import re
        import unicodedata

        import numpy as np

        NAN = float("nan")
        TEXT_BYTES = 65536
        WHITE = " \t\n\v\f\r"
        MOMENT = re.compile(
            r"(\d{4})-(\d\d)-(\d\d)"
            r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?(?:[Zz]|([+-])(\d\d):?(\d\d)?)?)?",
            re.ASCII,
        )


        def finite(value):
            return value if math.isfinite(value) else NAN


        def missing(value):
            return value is None or (isinstance(value, float) and math.isnan(value))


        def key(value):
            return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


        def decimal(text):
            text = text.strip(WHITE)
            if not text or len(text.encode()) > 400 or text.strip("0123456789+-.eE"):
                return NAN
            try:
                return finite(float(text)) if all(c in "0123456789+-.eE" for c in text) else NAN
            except ValueError:
                return NAN


        def text_of(number):
            if math.isnan(number):
                return None
            return str(int(number)) if number == math.trunc(number) and abs(number) < 2**63 else repr(number)


        def moment(text):
            found = MOMENT.fullmatch(text) if len(text.encode()) < 40 else None
            if not found:
                return None
            year, month, day, hour, minute, second, fraction, sign, hours, minutes = found.groups()
            try:
                date = datetime.date(int(year), int(month), int(day))
            except ValueError:
                return None
            hour, minute, second = int(hour or 0), int(minute or 0), int(second or 0)
            hours, minutes = int(hours or 0), int(minutes or 0)
            if hour > 23 or minute > 59 or second > 59 or hours > 23 or minutes > 59:
                return None
            offset = (hours * 60 + minutes) * (-1 if sign == "-" else 1)
            whole = (date.toordinal() - 719163) * 1440 + hour * 60 + minute - offset
            part = int(fraction[1:]) / 10.0 ** len(fraction[1:]) if fraction else 0.0
            return date, hour, minute, whole * 60.0 + (second + part)


        def dated(name, text):
            found = moment(text)
            if found is None:
                return NAN
            date, hour, minute, seconds = found
            return float(
                {
                    "date": seconds,
                    "days": math.floor(seconds / 86400),
                    "year": date.year,
                    "month": date.month,
                    "day": date.day,
                    "hour": hour,
                    "minute": minute,
                    "weekday": date.isoweekday(),
                }[name]
            )


        def is_text(value):
            return value is None or isinstance(value, str)


        def guarded(function, *values):
            try:
                return finite(function(*values))
            except (ValueError, OverflowError, ZeroDivisionError):
                return NAN


        def away(value):
            whole = math.trunc(value)
            return float(whole + math.copysign(1, value) if abs(value - whole) >= 0.5 else whole)


        def rounded(value, places=0.0):
            if places == 0:
                return away(value)
            if abs(places) > 15:
                return value if places > 0 else 0.0
            scale = math.pow(10, abs(math.trunc(places)))
            scaled = value * scale if places > 0 else value / scale
            if not math.isfinite(scaled):
                return value
            return away(scaled) / scale if places > 0 else away(scaled) * scale


        UNARY = {
            "abs": abs,
            "sqrt": math.sqrt,
            "exp": math.exp,
            "log": math.log,
            "log1p": math.log1p,
            "log10": math.log10,
            "floor": math.floor,
            "ceil": math.ceil,
            "sign": lambda value: (value > 0) - (value < 0),
        }
        FOLDS = {
            "min": min,
            "max": max,
            "pow": math.pow,
            "round": rounded,
            "clip": lambda value, low, high: max(low, min(high, value)),
        }
        COMPARISONS = {
            "==": lambda a, b: a == b,
            "!=": lambda a, b: a != b,
            "<": lambda a, b: a < b,
            "<=": lambda a, b: a <= b,
            ">": lambda a, b: a > b,
            ">=": lambda a, b: a >= b,
        }
        ARITHMETIC = {
            "+": lambda a, b: a + b,
            "-": lambda a, b: a - b,
            "*": lambda a, b: a * b,
            "/": lambda a, b: a / b,
            "%": lambda a, b: a - b * math.floor(a / b),
            "^": math.pow,
        }
        TESTS = {
            "contains": lambda text, part: part in text,
            "starts_with": str.startswith,
            "ends_with": str.endswith,
        }


        def binary(operator, left, right):
            if operator == "and":
                return 0.0 if left == 0 or right == 0 else NAN if math.isnan(left) or math.isnan(right) else 1.0
            if operator == "or":
                if any(not math.isnan(side) and side != 0 for side in (left, right)):
                    return 1.0
                return NAN if math.isnan(left) or math.isnan(right) else 0.0
            if is_text(left):
                if left is None or right is None:
                    return NAN
                return float(COMPARISONS[operator](left.encode(), right.encode()))
            if math.isnan(left) or math.isnan(right):
                return NAN
            if operator in COMPARISONS:
                return float(COMPARISONS[operator](left, right))
            return guarded(ARITHMETIC[operator], left, right)


        def call(name, values):
            first = values[0]
            if name == "if":
                if math.isnan(first):
                    return None if is_text(values[1]) else NAN
                return values[1] if first != 0 else values[2]
            if name == "is_missing":
                return float(first is None if is_text(first) else math.isnan(first))
            if name == "coalesce":
                known = [value for value in values if not missing(value)]
                return known[0] if known else None if is_text(first) else NAN
            if name == "number" and not is_text(first):
                return first
            if name == "string":
                return first if is_text(first) else text_of(first)
            if first is None or (not is_text(first) and math.isnan(first)):
                return None if name in ("lower", "upper", "trim", "concat") else NAN
            if name == "in":
                return float(key(first) in [key(value) for value in values[1:]])
            if name in UNARY:
                return guarded(lambda value: float(UNARY[name](value)), first)
            if name in FOLDS:
                return NAN if any(math.isnan(value) for value in values) else guarded(FOLDS[name], *values)
            if name == "concat":
                joined = None if None in values else "".join(values)
                return None if joined is None or len(joined.encode()) > TEXT_BYTES else joined
            if name in TESTS:
                return NAN if values[1] is None else float(TESTS[name](first, values[1]))
            if name in ("lower", "upper"):
                return getattr(first, name)()
            if name == "trim":
                return first.strip()
            if name == "length":
                return float(len(first))
            return decimal(first) if name == "number" else dated(name, first)


        def evaluate(program, columns, row):
            stack = []
            for operation in program:
                kind = operation[0]
                if kind in ("number", "text"):
                    stack.append(float(operation[1]) if kind == "number" else operation[1])
                elif kind == "missing":
                    stack.append(NAN)
                elif kind == "column":
                    stack.append(columns[operation[1]][row])
                elif kind == "negate":
                    stack.append(finite(0.0 - stack.pop()))
                elif kind == "not":
                    value = stack.pop()
                    stack.append(NAN if math.isnan(value) else float(value == 0))
                elif kind == "binary":
                    right = stack.pop()
                    stack.append(binary(operation[1], stack.pop(), right))
                else:
                    count = operation[2]
                    values = stack[-count:]
                    del stack[-count:]
                    stack.append(call(operation[1], values))
            return stack.pop()


        def read(values, kind, is_single):
            result = []
            for value in values:
                if missing(value) or value == "":
                    result.append(None if kind == "string" else NAN)
                elif kind == "string":
                    result.append(value if isinstance(value, str) else text_of(finite(float(value))))
                elif isinstance(value, str):
                    result.append(decimal(value))
                else:
                    # Where all columns are numbers, Martlet reads them with 32 bits.
                    result.append(finite(float(np.float32(value)) if is_single else float(value)))
            return result


        def cast(values, before, after):
            if before == after or (before, after) == ("integer", "number"):
                return values
            if after == "string":
                return [text_of(value) for value in values]
            if before == "string":
                values = [NAN if value is None else decimal(value) for value in values]
            return [value if after == "number" or math.isnan(value) else float(math.trunc(value)) for value in values]


        def code(step, codes, value):
            if missing(value):
                return NAN
            found = codes.get(key(value))
            if found is None and step["unseen"] == "error":
                raise ValueError(f"The column '{step['column']}' has the value '{value}', which the training rows do not have.")
            return NAN if found is None else found


        class Transform:
            """What is done to a table before the model sees it."""

            def __init__(self, document):
                self.inputs = document["inputs"]
                self.outputs = document["outputs"]
                self.steps = document["steps"]

            def matrix(self, frame):
                is_single = all(column["type"] != "string" for column in self.inputs)
                kinds = {column["name"]: column["type"] for column in self.inputs}
                columns = {name: read(frame[name].tolist(), kind, is_single) for name, kind in kinds.items()}
                for step in self.steps:
                    columns, kinds = self.apply(step, columns, kinds, len(frame))
                made = [columns[column["name"]] for column in self.outputs]
                return np.array(made, dtype=np.float64).T.reshape(len(frame), len(made)).astype(np.float32)

            def apply(self, step, columns, kinds, rows):
                kind, name = step["step"], step.get("column")
                if kind == "keep":
                    return {n: columns[n] for n in step["columns"]}, {n: kinds[n] for n in step["columns"]}
                if kind == "rename":
                    to = {name: step["to"]}
                    return {to.get(n, n): v for n, v in columns.items()}, {to.get(n, n): v for n, v in kinds.items()}
                if kind == "one_hot":
                    return self.one_hot(step, columns, kinds)
                columns, kinds = dict(columns), dict(kinds)
                if kind == "cast":
                    columns[name] = cast(columns[name], kinds[name], step["type"])
                    kinds[name] = step["type"]
                elif kind == "fill":
                    value = step["value"] if isinstance(step["value"], str) else float(step["value"])
                    columns[name] = [value if missing(old) else old for old in columns[name]]
                    if kinds[name] == "integer" and value != math.trunc(value):
                        kinds[name] = "number"
                elif kind == "scale":
                    columns[name] = [finite((value - step["centre"]) / step["divisor"]) for value in columns[name]]
                    kinds[name] = "number"
                elif kind == "encode":
                    codes = {key(c): float(n) for c, n in zip(step["categories"], step["codes"])}
                    other = NAN if step.get("other") is None else float(step["other"])
                    found = [code(step, codes, value) for value in columns[name]]
                    columns[name] = [other if math.isnan(value) else value for value in found]
                    kinds[name] = "number"
                else:
                    made = [evaluate(step["program"], columns, row) for row in range(rows)]
                    columns[name] = made
                    kinds[name] = "string" if any(is_text(value) for value in made) else "number"
                return columns, kinds

            def one_hot(self, step, columns, kinds):
                name = step["column"]
                categories = step["categories"]
                codes = {key(category): place for place, category in enumerate(categories)}
                found = [code(step, codes, value) for value in columns[name]]
                made, types = {}, {}
                for column, values in columns.items():
                    if column != name:
                        made[column], types[column] = values, kinds[column]
                        continue
                    for place, category in enumerate(categories):
                        label = category if isinstance(category, str) else text_of(float(category))
                        made[f"{name}_{label}"] = [float(value == place) for value in found]
                        types[f"{name}_{label}"] = "number"
                return made, types


        class Model:
            """What mlflow.pyfunc asks."""

            def __init__(self, folder):
                with open(os.path.join(folder, "martlet.json")) as file:
                    self.description = json.load(file)
                self.names = [column["name"] for column in self.description["signature"]["inputs"]]
                self.transform = None
                if self.description.get("transform"):
                    with open(os.path.join(folder, self.description["transform"])) as file:
                        self.transform = Transform(json.load(file))
                path = os.path.join(folder, self.description["file"])
                if self.description["flavor"] == "xgboost":
                    import xgboost

                    self.booster = xgboost.Booster(model_file=path)
                else:
                    import lightgbm

                    self.booster = lightgbm.Booster(model_file=path)

            def predict(self, frame, params=None):
                if self.transform is not None:
                    values = self.transform.matrix(frame)
                else:
                    values = frame[self.names].to_numpy(dtype=np.float32)
                if self.description["flavor"] == "xgboost":
                    import xgboost

                    names, types = self.booster.feature_names, self.booster.feature_types
                    rows = xgboost.DMatrix(
                        values, missing=NAN, feature_names=names, feature_types=types, enable_categorical="c" in (types or [])
                    )
                    return self.booster.predict(rows)
                return self.booster.predict(values.astype(np.float64))


        def _load_pyfunc(folder):
            return Model(folder)

        """##
}
