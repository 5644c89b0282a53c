import Artifacts
import Core

/// What keys, values and names may be: MLflow's rules, each with an error that names the field and the value.
enum TrackingRules {
    /// Checks the key of a metric, param or tag: letters, digits, `_ - . space : /`, and itself as a relative path.
    static func checkKey(_ key: String, _ field: String) throws(MartletError) {
        guard !key.isEmpty else {
            throw MartletError(
                .invalidArgument,
                "Missing value for required parameter '\(field)'. See the API docs for more information about "
                    + "request parameters."
            )
        }
        guard key.count <= TrackingLimits.keyCharacters else {
            throw MartletError(
                .invalidArgument,
                "'\(field)' exceeds the maximum length of \(TrackingLimits.keyCharacters) characters: "
                    + "'\(key.prefix(60))…'."
            )
        }
        let isPlain = key.allSatisfy { character in
            character.isLetter || character.isNumber || "_-. :/".contains(character)
        }
        guard isPlain else {
            throw MartletError(
                .invalidArgument,
                "Invalid value \"\(key)\" for parameter '\(field)' supplied: Names may only contain alphanumerics, "
                    + "underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/)."
            )
        }
        let components = key.split(separator: "/", omittingEmptySubsequences: false)
        guard components.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            throw MartletError(
                .invalidArgument,
                "Invalid value \"\(key)\" for parameter '\(field)' supplied: Names may be treated as files in certain "
                    + "cases, and must not resolve to other names when treated as such."
            )
        }
    }

    /// Checks the length of a text.
    static func checkLength(_ text: String, atMost limit: Int, _ field: String) throws(MartletError) {
        guard text.count <= limit else {
            throw MartletError(
                .invalidArgument,
                "'\(field)' exceeds the maximum length of \(limit) characters: it has \(text.count)."
            )
        }
    }

    /// The id of an experiment as stored.
    static func experimentNumber(_ id: String) throws(MartletError) -> Int64 {
        guard let number = Int64(id), number >= 0, String(number) == id else {
            throw MartletError(
                .invalidArgument,
                "Invalid experiment ID '\(id.prefix(80))'. Experiment ID must be a valid integer."
            )
        }
        return number
    }

    /// Checks the form of a run's id, whether or not there is such a run.
    static func checkRunID(_ id: String) throws(MartletError) {
        let isWord = id.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
        let startsWell = id.first.map { $0.isLetter || $0.isNumber } ?? false
        guard isWord, startsWell, id.count <= TrackingLimits.runIDCharacters else {
            throw MartletError(.invalidArgument, "Invalid run ID: '\(id.prefix(80))'.")
        }
    }

    /// Checks an experiment's name.
    static func checkExperimentName(_ name: String) throws(MartletError) {
        guard !name.allSatisfy(\.isWhitespace) else {
            throw MartletError(.invalidArgument, "Invalid experiment name: ''. It must not be blank.")
        }
        try checkLength(name, atMost: TrackingLimits.experimentNameCharacters, "name")
    }

    /// Checks a location that a client asks for, which must lie in the artifact store.
    static func checkLocation(_ location: String) throws(MartletError) {
        try checkLength(location, atMost: TrackingLimits.locationCharacters, "artifact_location")
        let isForeign = foreignSchemes.contains { location.hasPrefix($0 + "://") } && !location.contains("..")
        guard isForeign || ArtifactURI.path(of: location) != nil else {
            throw MartletError(
                .invalidArgument,
                "Invalid artifact location '\(location.prefix(80))': leave it out, or name a folder of this server as "
                    + "mlflow-artifacts:/<folder>, or an object store that clients reach themselves."
            )
        }
    }

    /// Object stores that clients read and write without this server.
    private static let foreignSchemes = ["s3", "gs", "abfss", "abfs", "wasbs", "hdfs", "r2"]

    /// Checks a metric's point.
    static func check(_ metric: Metric, _ field: String) throws(MartletError) {
        try checkKey(metric.key, "\(field)key")
        guard metric.timestamp.milliseconds >= 0 else {
            throw MartletError(
                .invalidArgument,
                "Invalid value \(metric.timestamp.milliseconds) for parameter '\(field)timestamp' supplied: Timestamps "
                    + "must be milliseconds since 1970 and not negative."
            )
        }
    }

    /// Checks a logged model's name.
    static func checkLoggedModelName(_ name: String) throws(MartletError) {
        guard !name.isEmpty, !name.contains(where: { "/:.%\"'".contains($0) }) else {
            throw MartletError(
                .invalidArgument,
                "Invalid model name ('\(name.prefix(80))') provided. Model name must be a non-empty string and cannot "
                    + "contain the following characters: ['/', ':', '.', '%', '\"', \"'\"]"
            )
        }
        try checkLength(name, atMost: TrackingLimits.nameCharacters, "name")
    }
}
