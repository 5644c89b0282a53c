import Core

/// A file or directory that a task leaves for others, kept in the artifact store.
package struct OutputArtifact: Sendable, Equatable {
    /// The name, unique among the task's outputs.
    package let name: String
    /// Where the task writes it, below its directory.
    package let path: String

    /// Makes a declaration.
    package init(name: String, path: String) {
        self.name = name
        self.path = path
    }
}

/// A file or directory that another task left, put into the task's directory before it starts.
package struct InputArtifact: Sendable, Equatable {
    /// The name, unique among the task's inputs.
    package let name: String
    /// The task that left it.
    package let task: String
    /// Its name there.
    package let artifact: String
    /// Where it is put, below the task's directory.
    package let path: String
}

enum ArtifactSpecs {
    static func outputs(_ fields: JSONFields) throws(MartletError) -> [OutputArtifact] {
        var outputs: [OutputArtifact] = []
        for (name, value, path) in try entries("outputs", fields) {
            var place: String?
            if let text = value.stringValue {
                place = text
            } else {
                let declared = try JSONFields(value, path: path)
                try declared.rejectUnknown(["path"])
                place = try declared.optionalString("path")
            }
            let chosen = place ?? "outputs/\(name)"
            try RelativePath.require(chosen, path: path)
            outputs.append(OutputArtifact(name: name, path: chosen))
        }
        for (position, one) in outputs.enumerated() {
            for other in outputs[..<position] where overlap(one.path, other.path) {
                throw MartletError(
                    .invalidArgument,
                    "'\(fields.path(of: "outputs"))': '\(other.name)' and '\(one.name)' share the path '\(one.path)'."
                )
            }
        }
        return outputs
    }

    static func inputs(_ fields: JSONFields, needs: [String]) throws(MartletError) -> [InputArtifact] {
        var inputs: [InputArtifact] = []
        for (name, value, path) in try entries("inputs", fields) {
            var source = value.stringValue
            var place = "inputs/\(name)"
            if source == nil {
                let declared = try JSONFields(value, path: path)
                try declared.rejectUnknown(["from", "path"])
                source = try declared.string("from")
                place = try declared.optionalString("path") ?? place
            }
            let words = (source ?? "").split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            guard words.count == 2, words.allSatisfy(PipelineName.isValid) else {
                throw MartletError(
                    .invalidArgument,
                    "'\(path)' must come from <task>.<output>, but is '\(source ?? "")'."
                )
            }
            try RelativePath.require(place, path: path)
            inputs.append(InputArtifact(name: name, task: words[0], artifact: words[1], path: place))
        }
        return inputs
    }

    private static func entries(
        _ key: String,
        _ fields: JSONFields
    ) throws(MartletError) -> [(String, JSONValue, String)] {
        guard let section = try fields.optionalFields(key) else { return [] }
        guard section.object.count <= PipelinesLimits.artifacts else {
            throw MartletError(
                .invalidArgument,
                "'\(section.path)' has \(section.object.count) entries; at most \(PipelinesLimits.artifacts) are accepted."
            )
        }
        var entries: [(String, JSONValue, String)] = []
        for (name, value) in section.object.pairs {
            try PipelineName.require(name, path: section.path(of: name))
            entries.append((name, value == .null ? .object([:]) : value, section.path(of: name)))
        }
        return entries
    }

    private static func overlap(_ one: String, _ other: String) -> Bool {
        one == other || one.hasPrefix(other + "/") || other.hasPrefix(one + "/")
    }
}
