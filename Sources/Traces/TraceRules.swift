import Core

/// What keys, values and ids of traces may be: MLflow's rules, each with an error that names the field and the value.
enum TraceRules {
    /// Checks a tag's key: letters, digits, `_ - . space : /`, and itself as a relative path.
    static func checkTagKey(_ key: String) throws(MartletError) {
        guard !key.isEmpty else { throw missing("key") }
        try checkLength(key, atMost: TracesLimits.keyCharacters, "key")
        let isPlain = key.allSatisfy { character in
            character.isLetter || character.isNumber || "_-. :/".contains(character)
        }
        guard isPlain else {
            throw MartletError(
                .invalidArgument,
                "Invalid value \"\(key)\" for parameter 'key' supplied: Names may only contain alphanumerics, "
                    + "underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/)."
            )
        }
        let components = key.split(separator: "/", omittingEmptySubsequences: false)
        guard components.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            throw MartletError(
                .invalidArgument,
                "Invalid value \"\(key)\" for parameter 'key' supplied: Names may be treated as files in certain "
                    + "cases, and must not resolve to other names when treated as such."
            )
        }
    }

    /// Checks the pairs of one call, and cuts their values to what is stored.
    static func checked(_ pairs: [TracePair], _ field: String) throws(MartletError) -> [TracePair] {
        guard pairs.count <= TracesLimits.pairs else {
            throw MartletError(
                .invalidArgument,
                "'\(field)' has \(pairs.count) entries; at most \(TracesLimits.pairs)."
            )
        }
        var checked: [TracePair] = []
        for pair in pairs {
            guard !pair.key.isEmpty else { throw missing("\(field).key") }
            try checkLength(pair.key, atMost: TracesLimits.keyCharacters, "\(field).key")
            if pair.key == TraceKeys.name {
                try checkLength(pair.value, atMost: TracesLimits.nameCharacters, "Trace name")
            } else if pair.key == TraceKeys.session, field == "trace_metadata" {
                try checkLength(pair.value, atMost: TracesLimits.sessionCharacters, "Session ID")
            }
            checked.append(TracePair(key: pair.key, value: cut(pair.value, TracesLimits.valueCharacters)))
        }
        return checked
    }

    /// Checks the id of a trace that a client chose.
    static func checkTraceID(_ id: String, _ field: String = "trace_id") throws(MartletError) {
        guard !id.isEmpty else { throw missing(field) }
        try checkLength(id, atMost: TracesLimits.idCharacters, field)
        guard id.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.:/".contains($0)) }) else {
            throw MartletError(
                .invalidArgument,
                "Invalid value \"\(id)\" for parameter '\(field)' supplied: A trace's id has ASCII letters, digits and "
                    + "'-_.:/' only."
            )
        }
    }

    /// Throws if a text is longer than `limit` characters.
    static func checkLength(_ text: String, atMost limit: Int, _ field: String) throws(MartletError) {
        guard text.unicodeScalars.count <= limit else {
            throw MartletError(.invalidArgument, "'\(field)' exceeds the maximum length of \(limit) characters.")
        }
    }

    /// The first characters of a text.
    ///
    /// Characters are counted as Unicode scalars, as Python and both databases count them.
    static func cut(_ text: String, _ limit: Int) -> String {
        // A text has at least as many bytes as scalars: most are short enough without being counted.
        if text.utf8.count <= limit { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit)))
    }

    /// The beginning of a text, as indexes hold it.
    static func head(_ text: String) -> String {
        cut(text, TracesLimits.headCharacters)
    }

    /// The error for a field that must be there.
    static func missing(_ field: String) -> MartletError {
        MartletError(
            .invalidArgument,
            "Missing value for required parameter '\(field)'. See the API docs for more information about request "
                + "parameters."
        )
    }

    /// The error for a trace that is not there.
    static func noTrace(_ id: String) -> MartletError {
        MartletError(.notFound, "Trace with ID '\(id.prefix(TracesLimits.idCharacters))' not found.")
    }
}
