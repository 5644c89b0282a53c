package import Core

/// A file or directory in the artifact store that a task left or was given.
package struct ArtifactRecord: Sendable, Equatable {
    /// Its name in the task.
    package let name: String
    /// Where it lies in the artifact store.
    package let place: String
    /// Whether it is a directory.
    package let isDirectory: Bool
    /// Its size, of all files together.
    package let bytes: Int64
    /// The SHA-256 of the file, or of the list of a directory's files with theirs, in hexadecimal digits.
    package let sha256: String
    /// The task that left it; nil when it is the task's own.
    package let from: String?

    /// Makes a record.
    package init(name: String, place: String, isDirectory: Bool, bytes: Int64, sha256: String, from: String? = nil) {
        self.name = name
        self.place = place
        self.isDirectory = isDirectory
        self.bytes = bytes
        self.sha256 = sha256
        self.from = from
    }

    /// Reads a stored record.
    ///
    /// - Throws: `invalidArgument` naming a member that is not there.
    package init(_ value: JSONValue) throws(MartletError) {
        let fields = try JSONFields(value, path: "artifact")
        name = try fields.string("name")
        place = try fields.string("place")
        isDirectory = try fields.optionalBool("directory") ?? false
        bytes = try fields.int("bytes")
        sha256 = try fields.string("sha256")
        from = try fields.optionalString("from")
    }

    /// The record as it is stored and shown.
    package var json: JSONValue {
        var object: JSONObject = [
            "name": .string(name), "place": .string(place), "directory": .bool(isDirectory), "bytes": .integer(bytes),
            "sha256": .string(sha256),
        ]
        if let from { object["from"] = .string(from) }
        return .object(object)
    }
}

/// The result of an earlier attempt that was taken instead of running a task.
package struct CachedFrom: Sendable, Equatable {
    /// The run.
    package let runID: String
    /// The task.
    package let task: String

    /// Makes it.
    package init(runID: String, task: String) {
        self.runID = runID
        self.task = task
    }
}

/// An attempt that has ended, as the transaction that says so has it.
package struct TaskEnding: Sendable {
    /// The run.
    package let runID: String
    /// The pipeline.
    package let pipeline: String
    /// The task; `train.0` for the first of a fan-out.
    package let task: String
    /// The attempt, from 1.
    package let attempt: Int
    /// How it ended.
    package let state: TaskState
    /// The task's declaration.
    package let spec: TaskSpec
    /// What it was really given: the values of `with`, the words of its command, its environment.
    package let given: JSONObject
    /// The run's parameters.
    package let parameters: JSONObject
    /// The outputs of the tasks that it needs.
    package let upstream: [String: JSONObject]
    /// What it gave.
    package let outputs: JSONObject
    /// The artifacts that it was given.
    package let inputArtifacts: [ArtifactRecord]
    /// The artifacts that it left.
    package let outputArtifacts: [ArtifactRecord]
    /// The SHA-256 of its code: command, script and the files they name; nil where it was not computed.
    package let codeHash: String?
    /// The container's image.
    package let image: String?
    /// Where its result came from when it did not run.
    package let cachedFrom: CachedFrom?
    /// The value that it ran for, in a fan-out.
    package let item: JSONValue?
    /// When it started.
    package let startedAt: Timestamp
    /// When it ended.
    package let finishedAt: Timestamp
    /// The manifest's directory.
    package let directory: String
}
