package import Core

/// Text with references such as `${parameters.trials}`, filled in as values and never read by a shell.
///
/// `${parameters.x}`, `${tasks.t.outputs.k}`, `${pipeline.directory}`, `${run.id}`; `$${` stands for a plain `${`.
package struct ValueTemplate: Equatable {
    /// What a reference means.
    package enum Reference: Hashable {
        case parameter(String)
        case output(task: String, key: String)
        case directory
        case runID
    }

    /// What references are filled with.
    package struct Values {
        /// The run's parameters.
        package var parameters: JSONObject
        /// The outputs of tasks, by task.
        package var outputs: [String: JSONObject]
        /// The manifest's directory.
        package var directory: String
        /// The run's id.
        package var runID: String

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

    private static func reference(_ name: String, path: String) throws(MartletError) -> Reference {
        let words = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        switch (words.count, words.first) {
        case (2, "parameters"): return .parameter(words[1])
        case (4, "tasks") where words[2] == "outputs": return .output(task: words[1], key: words[3])
        case (2, "pipeline") where words[1] == "directory": return .directory
        case (2, "run") where words[1] == "id": return .runID
        default:
            throw MartletError(
                .invalidArgument,
                "'\(path)' refers to '${\(name)}'; known are ${parameters.<name>}, ${tasks.<task>.outputs.<key>}, ${pipeline.directory} and ${run.id}. Write $${ for a plain ${."
            )
        }
    }

    private static func resolve(_ reference: Reference, _ values: Values, path: String) throws(MartletError)
        -> JSONValue
    {
        switch reference {
        case .directory: return .string(values.directory)
        case .runID: return .string(values.runID)
        case .parameter(let name):
            if let value = values.parameters[name] { return value }
            throw MartletError(.invalidArgument, "'\(path)' refers to the parameter '\(name)', which has no value.")
        case .output(let task, let key):
            if let value = values.outputs[task]?[key] { return value }
            let known = values.outputs[task]?.keys.sorted().joined(separator: ", ") ?? ""
            throw MartletError(
                .failedPrecondition,
                "'\(path)' refers to the output '\(key)' of the task '\(task)', which gave \(known.isEmpty ? "none" : known)."
            )
        }
    }
}

extension ValueTemplate {
    /// Fills every string inside a JSON value.
    static func fill(_ value: JSONValue, with values: Values, path: String) throws(MartletError) -> JSONValue {
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
