package import Core

extension TransformStep {
    /// Reads one element of a list of steps; `derive` makes as many as it names columns.
    static func parse(_ fields: JSONFields) throws(MartletError) -> [TransformStep] {
        let known = ["select", "drop", "rename", "cast", "impute", "encode", "scale", "derive"]
        try fields.rejectUnknown(known)
        guard fields.object.count == 1, let key = fields.object.keys.first else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path)' must have exactly one of \(known.joined(separator: ", "))."
            )
        }
        switch key {
        case "select": return [.select(try names(fields, key))]
        case "drop": return [.drop(try names(fields, key))]
        case "rename": return [.rename(try renamings(try fields.fields(key)))]
        case "cast": return [.cast(try casts(try fields.fields(key)))]
        case "impute": return [try impute(try fields.fields(key))]
        case "encode": return [try encode(try fields.fields(key))]
        case "scale": return [try scale(try fields.fields(key))]
        default: return try derive(try fields.fields(key))
        }
    }

    private static func names(_ fields: JSONFields, _ key: String) throws(MartletError) -> [String] {
        let names = try fields.strings(key)
        guard !names.isEmpty, names.count <= TransformsLimits.columns else {
            throw fields.invalid(key, "must name 1 to \(TransformsLimits.columns) columns")
        }
        var seen: Set<String> = []
        for name in names where !seen.insert(name).inserted {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: key))' names the column '\(name.prefix(80))' twice."
            )
        }
        return names
    }

    private static func renamings(_ fields: JSONFields) throws(MartletError) -> [Renaming] {
        var renamings: [Renaming] = []
        for key in fields.object.keys {
            let name = try TransformNames.checked(try fields.string(key), path: fields.path(of: key))
            renamings.append(Renaming(from: key, to: name))
        }
        return renamings
    }

    private static func casts(_ fields: JSONFields) throws(MartletError) -> [Cast] {
        var casts: [Cast] = []
        for key in fields.object.keys {
            let kind = try TransformColumn.Kind.parse(try fields.string(key), path: fields.path(of: key))
            casts.append(Cast(column: key, kind: kind))
        }
        return casts
    }

    private static func choice(_ fields: JSONFields) throws(MartletError) -> Choice {
        switch fields.value("columns") {
        case .string("numbers")?: return .numbers
        case .string("texts")?: return .texts
        case .array?: return .names(try names(fields, "columns"))
        default: throw fields.invalid("columns", "must be a list of columns, or 'numbers' or 'texts' for all of a type")
        }
    }

    private static func impute(_ fields: JSONFields) throws(MartletError) -> TransformStep {
        try fields.rejectUnknown(["columns", "with", "value"])
        let columns = try choice(fields)
        let with = try fields.string("with")
        guard with == "constant" || fields.value("value") == nil else {
            throw fields.invalid("value", "belongs to 'with: constant'")
        }
        switch with {
        case "mean": return .impute(columns, .mean)
        case "median": return .impute(columns, .median)
        case "mode": return .impute(columns, .mode)
        case "constant":
            let value = try TransformValue.parse(fields.value("value") ?? .null, path: fields.path(of: "value"))
            return .impute(columns, .constant(value))
        default: throw fields.invalid("with", "must be one of mean, median, mode, constant")
        }
    }

    private static func encode(_ fields: JSONFields) throws(MartletError) -> TransformStep {
        try fields.rejectUnknown(["columns", "method", "max_categories", "order", "smoothing", "unseen"])
        let columns = try choice(fields)
        guard let unseen = Unseen(rawValue: try fields.optionalString("unseen") ?? "ignore") else {
            throw fields.invalid("unseen", "must be ignore or error")
        }
        let method = try fields.string("method")
        let own = ["one_hot": "max_categories", "ordinal": "order", "target": "smoothing"]
        guard let option = own[method] else {
            throw fields.invalid("method", "must be one of one_hot, ordinal, target")
        }
        for key in ["max_categories", "order", "smoothing"] where key != option && fields.value(key) != nil {
            throw fields.invalid(key, "does not belong to 'method: \(method)'")
        }
        switch method {
        case "one_hot":
            let limit = try fields.optionalInt("max_categories", in: 1...Int64(TransformsLimits.categories))
            return .encode(columns, .oneHot(limit: limit.map(Int.init)), unseen)
        case "ordinal":
            var order: [TransformValue] = []
            for (position, value) in (try fields.optionalArray("order") ?? []).enumerated() {
                order.append(try TransformValue.parse(value, path: "\(fields.path(of: "order"))[\(position)]"))
            }
            guard order.count <= TransformsLimits.categories, Set(order).count == order.count else {
                throw fields.invalid("order", "must list at most \(TransformsLimits.categories) values, none twice")
            }
            return .encode(columns, .ordinal(order: order), unseen)
        default:
            return .encode(
                columns,
                .target(smoothing: try fields.optionalDouble("smoothing", in: 0...1e9) ?? 10),
                unseen
            )
        }
    }

    private static func scale(_ fields: JSONFields) throws(MartletError) -> TransformStep {
        try fields.rejectUnknown(["columns", "method"])
        let columns = try choice(fields)
        guard let scaling = Scaling(rawValue: try fields.string("method")) else {
            throw fields.invalid("method", "must be one of standard, min_max, robust")
        }
        return .scale(columns, scaling)
    }

    private static func derive(_ fields: JSONFields) throws(MartletError) -> [TransformStep] {
        var steps: [TransformStep] = []
        for key in fields.object.keys {
            let name = try TransformNames.checked(key, path: fields.path(of: key))
            let expression = try Expression.parse(try fields.string(key), path: fields.path(of: key))
            steps.append(.derive(name: name, expression))
        }
        return steps
    }

    /// The element that reads back as this step.
    package var json: JSONValue {
        switch self {
        case .select(let names): ["select": .array(names.map(JSONValue.string))]
        case .drop(let names): ["drop": .array(names.map(JSONValue.string))]
        case .rename(let renamings): ["rename": .object(JSONObject(renamings.map { ($0.from, .string($0.to)) }))]
        case .cast(let casts): ["cast": .object(JSONObject(casts.map { ($0.column, .string($0.kind.rawValue)) }))]
        case .impute(let choice, let imputation): ["impute": .object(Self.json(choice, imputation))]
        case .encode(let choice, let encoding, let unseen): ["encode": .object(Self.json(choice, encoding, unseen))]
        case .scale(let choice, let scaling): ["scale": ["columns": choice.json, "method": .string(scaling.rawValue)]]
        case .derive(let name, let expression): ["derive": .object(JSONObject([(name, .string(expression.text))]))]
        }
    }

    private static func json(_ choice: Choice, _ imputation: Imputation) -> JSONObject {
        switch imputation {
        case .mean: ["columns": choice.json, "with": "mean"]
        case .median: ["columns": choice.json, "with": "median"]
        case .mode: ["columns": choice.json, "with": "mode"]
        case .constant(let value): ["columns": choice.json, "with": "constant", "value": value.json]
        }
    }

    private static func json(_ choice: Choice, _ encoding: Encoding, _ unseen: Unseen) -> JSONObject {
        var object: JSONObject = ["columns": choice.json]
        switch encoding {
        case .oneHot(let limit):
            object["method"] = "one_hot"
            if let limit { object["max_categories"] = .int(limit) }
        case .ordinal(let order):
            object["method"] = "ordinal"
            if !order.isEmpty { object["order"] = .array(order.map(\.json)) }
        case .target(let smoothing):
            object["method"] = "target"
            object["smoothing"] = .number(smoothing)
        }
        object["unseen"] = .string(unseen.rawValue)
        return object
    }
}

extension TransformStep.Choice {
    var json: JSONValue {
        switch self {
        case .names(let names): .array(names.map(JSONValue.string))
        case .numbers: "numbers"
        case .texts: "texts"
        }
    }
}
