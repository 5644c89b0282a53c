package import Core

/// Text with references such as `${parameters.trials}`, filled in as values and never read by a shell.
///
/// `${parameters.x}`, `${tasks.t.outputs.k}`, `${pipeline.directory}`, `${run.id}` and those that a task's own keys bring,
/// such as `${item}`; `$${` stands for a plain `${`.
package struct ValueTemplate: Equatable {
    /// What a reference means.
    package enum Reference: Hashable, Sendable {
        case parameter(String)
        /// What a task gave; of a task that fans out, the list of what each gave.
        case output(task: String, key: String)
        case directory
        case runID
        /// The time that the run is for, `${run.time}`, or its day, `${run.date}`.
        case time(isDay: Bool)
        /// The value that a task of a fan-out runs for, or a member of it.
        case item([String])
        /// Its place among the values, from 0.
        case index
        /// The value on an axis of the matrix.
        case axis(String)
        /// Where an artifact lies, or shall be written, below the task's directory.
        case input(String)
        case artifact(String)
        /// `task` or `error` of the failure that a handler runs for.
        case failure(String)
    }

    /// What references are filled with.
    package struct Values: Sendable {
        /// The run's parameters.
        package var parameters: JSONObject
        /// The outputs of tasks, by task.
        package var outputs: [String: JSONObject]
        /// The manifest's directory.
        package var directory: String
        /// The run's id.
        package var runID: String
        /// The time that the run is for.
        package var time = Timestamp(milliseconds: 0)
        /// The value that a task of a fan-out runs for.
        package var item: JSONValue?
        /// Its place among the values.
        package var index: Int?
        /// The paths of input artifacts by name.
        package var inputs: [String: String] = [:]
        /// The paths of output artifacts by name.
        package var artifacts: [String: String] = [:]
        /// `task` and `error` of the failure that a handler runs for.
        package var failure: JSONObject?

        /// Makes values.
        package init(parameters: JSONObject, outputs: [String: JSONObject], directory: String, runID: String) {
            self.parameters = parameters
            self.outputs = outputs
            self.directory = directory
            self.runID = runID
        }
    }

    private enum Part: Equatable {
        case text(String)
        case reference(Reference)
    }

    private let parts: [Part]

    /// Reads text; `path` names it in errors.
    package init(_ text: String, path: String) throws(MartletError) {
        guard Self.mayRefer(text) else {
            parts = text.isEmpty ? [] : [.text(text)]
            return
        }
        var parts: [Part] = []
        var literal = ""
        var rest = text[...]
        while let character = rest.first {
            if rest.hasPrefix("$${") {
                literal += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                guard let end = rest.firstIndex(of: "}") else {
                    throw MartletError(.invalidArgument, "'\(path)' opens a reference with '${' and does not close it.")
                }
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = ""
                let name = rest[rest.index(rest.startIndex, offsetBy: 2)..<end]
                parts.append(.reference(try Self.reference(String(name), path: path)))
                rest = rest[rest.index(after: end)...]
            } else {
                literal.append(character)
                rest = rest.dropFirst()
            }
        }
        if !literal.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
    }

    /// The references in order.
    package var references: [Reference] {
        parts.compactMap { if case .reference(let reference) = $0 { reference } else { nil } }
    }

    /// The value: a lone reference keeps the type of what it refers to, anything else is text.
    package func value(_ values: Values, path: String) throws(MartletError) -> JSONValue {
        if parts.count == 1, case .reference(let reference) = parts[0] {
            return try Self.resolve(reference, values, path: path)
        }
        return .string(try text(values, path: path))
    }

    /// The text with every reference replaced by the text of its value.
    package func text(_ values: Values, path: String) throws(MartletError) -> String {
        var text = ""
        for part in parts {
            switch part {
            case .text(let literal): text += literal
            case .reference(let reference):
                let value = try Self.resolve(reference, values, path: path)
                text += value.stringValue ?? value.description
            }
        }
        return text
    }

    /// Whether the text holds `${`; most do not, and are taken as they are.
    private static func mayRefer(_ text: String) -> Bool {
        var isDollar = false
        for byte in text.utf8 {
            if isDollar, byte == UInt8(ascii: "{") { return true }
            isDollar = byte == UInt8(ascii: "$")
        }
        return false
    }

    /// Whether the text is one reference and nothing else.
    package var isLoneReference: Bool {
        guard parts.count == 1, case .reference = parts[0] else { return false }
        return true
    }

    /// Reads what stands between `${` and `}`.
    static func reference(_ name: String, path: String) throws(MartletError) -> Reference {
        let words = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        switch (words.count, words.first) {
        case (2, "parameters"): return .parameter(words[1])
        case (4, "tasks") where words[2] == "outputs": return .output(task: words[1], key: words[3])
        case (2, "pipeline") where words[1] == "directory": return .directory
        case (2, "run") where words[1] == "id": return .runID
        case (2, "run") where words[1] == "time": return .time(isDay: false)
        case (2, "run") where words[1] == "date": return .time(isDay: true)
        case (1...PipelinesLimits.pathDepth, "item"): return .item(Array(words.dropFirst()))
        case (1, "index"): return .index
        case (2, "matrix"): return .axis(words[1])
        case (2, "inputs"): return .input(words[1])
        case (2, "outputs"): return .artifact(words[1])
        case (2, "failure") where words[1] == "task" || words[1] == "error": return .failure(words[1])
        default:
            throw MartletError(
                .invalidArgument,
                "'\(path)' refers to '${\(name)}'; known are ${parameters.<name>}, ${tasks.<task>.outputs.<key>}, ${pipeline.directory}, ${run.id}, ${run.time}, ${run.date}, and in tasks that have them ${item}, ${index}, ${matrix.<axis>}, ${inputs.<name>} and ${outputs.<name>}. Write $${ for a plain ${."
            )
        }
    }

    /// What a reference stands for, null where an output is not there.
    ///
    /// - Throws: `invalidArgument` for what the task does not have.
    static func lookUp(_ reference: Reference, _ values: Values, path: String) throws(MartletError) -> JSONValue {
        if case .output(let task, let key) = reference { return values.outputs[task]?[key] ?? .null }
        return try resolve(reference, values, path: path)
    }

    private static func resolve(_ reference: Reference, _ values: Values, path: String) throws(MartletError)
        -> JSONValue
    {
        let found: JSONValue?
        switch reference {
        case .directory: found = .string(values.directory)
        case .runID: found = .string(values.runID)
        case .time(let isDay):
            let text = values.time.iso8601
            found = .string(isDay ? String(text.prefix(10)) : text)
        case .parameter(let name): found = values.parameters[name]
        case .index: found = values.index.map { .int($0) }
        case .axis(let name): found = values.item?[name]
        case .item(let names):
            var value = values.item
            for name in names { value = value?[name] }
            found = value
        case .input(let name): found = values.inputs[name].map(JSONValue.string)
        case .artifact(let name): found = values.artifacts[name].map(JSONValue.string)
        case .failure(let key): found = values.failure?[key]
        case .output(let task, let key):
            if let value = values.outputs[task]?[key] { return value }
            let known = values.outputs[task]?.keys.sorted().joined(separator: ", ") ?? ""
            throw MartletError(
                .failedPrecondition,
                "'\(path)' refers to the output '\(key)' of the task '\(task)', which gave \(known.isEmpty ? "none" : known)."
            )
        }
        if let found { return found }
        throw MartletError(.invalidArgument, "'\(path)' refers to '\(reference.text)', which has no value.")
    }
}

extension ValueTemplate.Reference {
    /// The reference as it is written, for messages.
    var text: String {
        switch self {
        case .parameter(let name): "${parameters.\(name)}"
        case .output(let task, let key): "${tasks.\(task).outputs.\(key)}"
        case .directory: "${pipeline.directory}"
        case .runID: "${run.id}"
        case .time(let isDay): isDay ? "${run.date}" : "${run.time}"
        case .item(let names): "${" + (["item"] + names).joined(separator: ".") + "}"
        case .index: "${index}"
        case .axis(let name): "${matrix.\(name)}"
        case .input(let name): "${inputs.\(name)}"
        case .artifact(let name): "${outputs.\(name)}"
        case .failure(let key): "${failure.\(key)}"
        }
    }
}

extension ValueTemplate {
    /// Fills every string inside a JSON value.
    ///
    /// - Parameters:
    ///   - value: the value with references.
    ///   - values: what they stand for.
    ///   - path: where the value is, for messages.
    /// - Returns: the value without references.
    /// - Throws: `invalidArgument` for a reference that stands for nothing.
    package static func fill(_ value: JSONValue, with values: Values, path: String) throws(MartletError) -> JSONValue {
        switch value {
        case .string(let text): return try ValueTemplate(text, path: path).value(values, path: path)
        case .array(let elements):
            var filled: [JSONValue] = []
            for (position, element) in elements.enumerated() {
                filled.append(try fill(element, with: values, path: "\(path)[\(position)]"))
            }
            return .array(filled)
        case .object(let object):
            var filled = JSONObject()
            for (key, member) in object.pairs { filled[key] = try fill(member, with: values, path: "\(path).\(key)") }
            return .object(filled)
        default: return value
        }
    }

    /// Every reference inside a JSON value, with the path of the string it stands in.
    static func references(in value: JSONValue, path: String) throws(MartletError) -> [(Reference, path: String)] {
        switch value {
        case .string(let text): return try ValueTemplate(text, path: path).references.map { ($0, path) }
        case .array(let elements):
            var found: [(Reference, path: String)] = []
            for (position, element) in elements.enumerated() {
                found += try references(in: element, path: "\(path)[\(position)]")
            }
            return found
        case .object(let object):
            var found: [(Reference, path: String)] = []
            for (key, member) in object.pairs { found += try references(in: member, path: "\(path).\(key)") }
            return found
        default: return []
        }
    }
}
