package import Core

/// What collecting removed, or would remove.
package struct CollectionReport: Sendable, Equatable {
    /// Whether nothing was changed.
    package var isDryRun = false
    /// Experiments.
    package var experiments = 0
    /// Runs.
    package var runs = 0
    /// Logged models.
    package var loggedModels = 0
    /// What was left of deleted versions.
    package var versions = 0
    /// Folders without an owner.
    package var folders = 0
    /// Files, of all of these.
    package var files = 0
    /// Their bytes.
    package var bytes: Int64 = 0
    /// What was kept because something needs it, with the reason.
    package var kept: [String] = []
    /// Folders without an owner that are too young.
    package var young = 0
    /// Folders that are not laid out as Martlet lays them out, which are left alone.
    package var unknown: [String] = []

    /// No changes.
    package init() {}

    mutating func keep(_ what: String) {
        if kept.count < CollectionLimits.namedThings { kept.append(what) }
    }

    mutating func leave(_ folder: String) {
        if unknown.count < CollectionLimits.namedThings { unknown.append(folder) }
    }

    /// The report for programs.
    package var json: JSONValue {
        [
            "dry_run": .bool(isDryRun), "experiments": .int(experiments), "runs": .int(runs),
            "logged_models": .int(loggedModels), "versions": .int(versions), "folders": .int(folders),
            "files": .int(files), "bytes": .integer(bytes), "kept": .array(kept.map(JSONValue.string)),
            "young_folders": .int(young), "unknown": .array(unknown.map(JSONValue.string)),
        ]
    }
}
