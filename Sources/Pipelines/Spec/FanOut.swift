package import Core

/// One task run once for each of many values: `matrix` or `foreach`.
package struct FanOut: Sendable, Equatable {
    /// Values that stand in the file or come from a reference when the task is due.
    package enum Values: Sendable, Equatable {
        case list([JSONValue])
        /// A lone reference such as `${tasks.list.outputs.items}`, whose value is a list.
        case reference(String)
    }

    /// One dimension of a matrix.
    package struct Axis: Sendable, Equatable {
        /// The name, `${matrix.<name>}`.
        package let name: String
        /// Its values.
        package let values: Values
    }

    /// Where the values come from.
    package enum Source: Sendable, Equatable {
        /// Every combination of the axes; the last axis changes fastest.
        case matrix([Axis], exclude: [JSONObject])
        /// One after the other, `${item}`.
        case foreach(Values)
    }

    /// Where the values come from.
    package let source: Source
    /// Most values; more is an error of the task and nothing is started.
    package let limit: Int
    /// Most of them at the same time; nil for as many as the run may have.
    package let parallel: Int?

    static let keys = ["limit", "parallel"]

    /// The fan-out of a task, or nil when it runs once.
    static func parse(_ fields: JSONFields) throws(MartletError) -> FanOut? {
        let numbers = try fields.optionalFields("fan_out")
        let source: Source
        switch (fields.value("matrix"), fields.value("foreach")) {
        case (nil, nil):
            guard numbers == nil else {
                throw MartletError(
                    .invalidArgument,
                    "'\(fields.path(of: "fan_out"))' belongs to a task with 'matrix' or 'foreach'."
                )
            }
            return nil
        case (_?, _?):
            throw MartletError(.invalidArgument, "'\(fields.path)' must not have both 'matrix' and 'foreach'.")
        case (_?, nil): source = try matrix(try fields.fields("matrix"))
        case (nil, let value?): source = .foreach(try values(value, path: fields.path(of: "foreach")))
        }
        try numbers?.rejectUnknown(keys)
        let limit = try numbers?.optionalInt("limit", in: 1...Int64(PipelinesLimits.fanOut))
        let parallel = try numbers?.optionalInt("parallel", in: 1...Int64(PipelinesLimits.mostParallelTasks))
        let fan = FanOut(
            source: source,
            limit: limit.map { Int($0) } ?? PipelinesLimits.defaultFanOut,
            parallel: parallel.map { Int($0) }
        )
        if let known = fan.knownCount, known > fan.limit {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path)' fans out to \(known) values; at most \(fan.limit) are accepted ('fan_out.limit', up to \(PipelinesLimits.fanOut))."
            )
        }
        return fan
    }

    private static func matrix(_ fields: JSONFields) throws(MartletError) -> Source {
        var axes: [Axis] = []
        var excluded: [JSONObject] = []
        for (name, value) in fields.object.pairs {
            if name == "exclude" {
                for (position, element) in try fields.array("exclude").enumerated() {
                    excluded.append(try JSONFields(element, path: "\(fields.path).exclude[\(position)]").object)
                }
                continue
            }
            try PipelineName.require(name, path: fields.path(of: name))
            axes.append(Axis(name: name, values: try values(value, path: fields.path(of: name))))
        }
        guard (1...PipelinesLimits.axes).contains(axes.count) else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path)' has \(axes.count) axes; 1 to \(PipelinesLimits.axes) are accepted."
            )
        }
        for rule in excluded {
            for name in rule.keys where !axes.contains(where: { $0.name == name }) {
                throw MartletError(
                    .invalidArgument,
                    "'\(fields.path).exclude' names the axis '\(name)', which is not there."
                )
            }
        }
        return .matrix(axes, exclude: excluded)
    }

    private static func values(_ value: JSONValue, path: String) throws(MartletError) -> Values {
        switch value {
        case .array(let elements):
            guard elements.count <= PipelinesLimits.fanOut else {
                throw MartletError(
                    .invalidArgument,
                    "'\(path)' has \(elements.count) values; at most \(PipelinesLimits.fanOut) are accepted."
                )
            }
            return .list(elements)
        case .string(let text):
            guard try ValueTemplate(text, path: path).isLoneReference else {
                throw MartletError(
                    .invalidArgument,
                    "'\(path)' must be a list, or one reference to a list such as ${tasks.list.outputs.items}."
                )
            }
            return .reference(text)
        default:
            throw MartletError(
                .invalidArgument,
                "'\(path)' must be a list or a reference to one, but is \(value.kind)."
            )
        }
    }

    /// How many values there are, where the file says it; without exclusions.
    private var knownCount: Int? {
        switch source {
        case .foreach(.list(let elements)): return elements.count
        case .foreach(.reference): return nil
        case .matrix(let axes, _):
            var count = 1
            for axis in axes {
                guard case .list(let elements) = axis.values else { return nil }
                let (product, overflow) = count.multipliedReportingOverflow(by: elements.count)
                if overflow { return .max }
                count = product
            }
            return count
        }
    }

    /// The texts with references, with the key that each stands at.
    var references: [(text: String, key: String)] {
        switch source {
        case .foreach(.reference(let text)): [(text, "foreach")]
        case .foreach: []
        case .matrix(let axes, _):
            axes.compactMap { axis in
                if case .reference(let text) = axis.values { (text, "matrix.\(axis.name)") } else { nil }
            }
        }
    }
}

extension FanOut {
    /// The values that the task runs for, now that everything it needs has ended.
    ///
    /// - Throws: when a reference gives no list, or there are more values than the limit.
    package func items(_ values: ValueTemplate.Values, path: String) throws(MartletError) -> [JSONValue] {
        let items: [JSONValue]
        switch source {
        case .foreach(let source): items = try Self.list(source, values, path: "\(path).foreach")
        case .matrix(let axes, let excluded): items = try combine(axes, excluded, values, path: "\(path).matrix")
        }
        guard items.count <= limit else { throw tooMany(items.count, path) }
        return items
    }

    private func combine(
        _ axes: [Axis],
        _ excluded: [JSONObject],
        _ values: ValueTemplate.Values,
        path: String
    ) throws(MartletError) -> [JSONValue] {
        var lists: [[JSONValue]] = []
        var count = 1
        for axis in axes {
            let list = try Self.list(axis.values, values, path: "\(path).\(axis.name)")
            let (product, overflow) = count.multipliedReportingOverflow(by: list.count)
            guard !overflow, product <= limit else { throw tooMany(overflow ? .max : product, path) }
            count = product
            lists.append(list)
        }
        var items: [JSONObject] = [[:]]
        for (axis, list) in zip(axes, lists) {
            items = items.flatMap { item in
                list.map { value in
                    var extended = item
                    extended[axis.name] = value
                    return extended
                }
            }
        }
        return items.filter { item in
            !excluded.contains { rule in rule.pairs.allSatisfy { item[$0.0] == $0.1 } }
        }.map(JSONValue.object)
    }

    private func tooMany(_ count: Int, _ path: String) -> MartletError {
        MartletError(
            .failedPrecondition,
            "'\(path)' fans out to \(count == .max ? "too many" : "\(count)") values; at most \(limit) are accepted ('fan_out.limit')."
        )
    }

    private static func list(
        _ source: Values,
        _ values: ValueTemplate.Values,
        path: String
    ) throws(MartletError) -> [JSONValue] {
        switch source {
        case .list(let elements):
            var filled: [JSONValue] = []
            for (position, element) in elements.enumerated() {
                filled.append(try ValueTemplate.fill(element, with: values, path: "\(path)[\(position)]"))
            }
            return filled
        case .reference(let text):
            let value = try ValueTemplate(text, path: path).value(values, path: path)
            guard let elements = value.arrayValue else {
                throw MartletError(.failedPrecondition, "'\(path)' must be a list, but '\(text)' is \(value.kind).")
            }
            return elements
        }
    }
}
