import Core

/// What scorers, datasets and records may be.
enum EvaluationRules {
    /// Checks a scorer's name.
    static func checkScorerName(_ name: String) throws(MartletError) {
        guard !name.allSatisfy(\.isWhitespace) else {
            throw MartletError(.invalidArgument, "Scorer name cannot be empty or contain only whitespace.")
        }
        try checkLength(name, "name", EvaluationsLimits.nameCharacters)
    }

    /// Checks a scorer as its client serialized it: JSON that brings no code.
    ///
    /// A decorated function travels as source text that whoever loads the scorer would run, so it is refused, as MLflow's
    /// own server refuses it.
    static func checkScorer(_ text: String) throws(MartletError) {
        guard text.utf8.count <= EvaluationsLimits.scorerBytes else {
            throw MartletError(
                .invalidArgument,
                "'serialized_scorer' exceeds the maximum length of \(EvaluationsLimits.scorerBytes) bytes"
            )
        }
        let scorer = try EvaluationText.parse(text, field: "serialized_scorer")
        guard scorer.objectValue != nil else {
            throw MartletError(.invalidArgument, "serialized_scorer must be a JSON object, but is \(scorer.kind).")
        }
        guard !bringsCode(scorer) else {
            throw MartletError(
                .invalidArgument,
                "Custom scorer registration (using @scorer decorator) is disabled by default outside of Databricks "
                    + "tracking environments due to security concerns. Custom scorers require arbitrary code execution "
                    + "during deserialization. Keep such scorers with your code instead."
            )
        }
        guard let model = model(of: scorer) else { return }
        guard let name = model.stringValue else {
            throw MartletError(.invalidArgument, "Scorer model must be a string, but is \(model.kind).")
        }
        guard !name.allSatisfy(\.isWhitespace) else {
            throw MartletError(.invalidArgument, "Scorer model cannot be empty or contain only whitespace.")
        }
    }

    // Depth is bounded: values come from the parser, which is.
    private static func bringsCode(_ value: JSONValue) -> Bool {
        switch value {
        case .object(let object):
            if let source = object["call_source"], source != .null { return true }
            return object.pairs.contains { bringsCode($0.value) }
        case .array(let elements): return elements.contains(where: bringsCode)
        default: return false
        }
    }

    /// The language model that a scorer asks; nil if it asks none.
    static func model(of scorer: JSONValue) -> JSONValue? {
        for key in ["instructions_judge_pydantic_data", "builtin_scorer_pydantic_data", "third_party_scorer_data"] {
            guard let data = scorer[key]?.objectValue, !data.isEmpty else { continue }
            guard let model = data["model"], model != JSONValue.null else { return Optional.none }
            return model
        }
        guard let judge = scorer["memory_augmented_judge_data"]?["base_judge"] else { return Optional.none }
        return model(of: judge)
    }

    /// Reads the tags that a text field holds.
    static func tags(_ text: String) throws(MartletError) -> [(key: String, value: String)] {
        guard let object = try EvaluationText.parse(text, field: "tags").objectValue else {
            throw MartletError(.invalidArgument, "tags must be a JSON object of texts.")
        }
        guard object.count <= EvaluationsLimits.tags else {
            throw MartletError(.invalidArgument, "At most \(EvaluationsLimits.tags) tags can be set at once.")
        }
        var tags: [(key: String, value: String)] = []
        for (key, value) in object.pairs where value != .null {
            let text = value.stringValue ?? EvaluationText.text(value)
            guard !key.isEmpty else { throw MartletError(.invalidArgument, "The key of a tag must not be empty.") }
            try checkLength(key, "key", EvaluationsLimits.tagKeyCharacters)
            try checkLength(text, "value", EvaluationsLimits.tagValueCharacters)
            tags.append((key, text))
        }
        return tags
    }

    /// Checks a dataset's name.
    static func checkDatasetName(_ name: String) throws(MartletError) {
        guard !name.allSatisfy(\.isWhitespace) else {
            throw MartletError(.invalidArgument, "Missing value for required parameter 'name'.")
        }
        try checkLength(name, "name", EvaluationsLimits.nameCharacters)
    }

    /// Checks the experiments that a request names, and takes repeated ones out.
    static func experiments(_ ids: [String]) throws(MartletError) -> [String] {
        guard ids.count <= EvaluationsLimits.experiments else {
            throw MartletError(
                .invalidArgument,
                "At most \(EvaluationsLimits.experiments) experiments can be named at once."
            )
        }
        for id in ids
        where id.isEmpty || id.count > 64 || !id.allSatisfy({ $0.isLetter || $0.isNumber || "_-".contains($0) }) {
            throw MartletError(.invalidArgument, "Invalid experiment ID: '\(id.prefix(80))'.")
        }
        var seen: Set<String> = []
        return ids.filter { seen.insert($0).inserted }
    }

    private static func checkLength(_ text: String, _ field: String, _ limit: Int) throws(MartletError) {
        guard text.unicodeScalars.count <= limit else {
            throw MartletError(.invalidArgument, "'\(field)' exceeds the maximum length of \(limit) characters")
        }
    }
}
