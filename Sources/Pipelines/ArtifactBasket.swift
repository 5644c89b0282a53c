package import Core
import Synchronization

/// Takes the artifacts that an attempt left, from whoever put them into the store.
package final class ArtifactBasket: Sendable {
    private let state = Mutex<[ArtifactRecord]>([])

    /// An empty basket.
    package init() {}

    /// The artifacts so far.
    package var records: [ArtifactRecord] {
        state.withLock { $0 }
    }

    /// Adds artifacts.
    package func add(_ records: [ArtifactRecord]) {
        state.withLock { $0 += records }
    }
}

/// An artifact that is put into an attempt's directory before it starts.
package struct StagedInput: Sendable, Equatable {
    /// The name, as `${inputs.<name>}` has it.
    package let name: String
    /// Where it is put, below the attempt's directory.
    package let path: String
    /// What is put there; of a task that fanned out, one for each of its runs, below `<path>/<number>`.
    package let records: [ArtifactRecord]
    /// Whether each record has a number of its own below `path`.
    package let isMany: Bool

    /// Makes it.
    package init(name: String, path: String, records: [ArtifactRecord], isMany: Bool = false) {
        self.name = name
        self.path = path
        self.records = records
        self.isMany = isMany
    }

    /// Reads what `json` wrote.
    ///
    /// - Throws: `invalidArgument` naming a member that is not there.
    package init(_ value: JSONValue) throws(MartletError) {
        let fields = try JSONFields(value, path: "input")
        name = try fields.string("name")
        path = try fields.string("path")
        var records: [ArtifactRecord] = []
        for record in try fields.array("records") { records.append(try ArtifactRecord(record)) }
        self.records = records
        isMany = try fields.optionalBool("many") ?? false
    }

    /// The input for a worker elsewhere.
    package var json: JSONValue {
        [
            "name": .string(name), "path": .string(path), "many": .bool(isMany),
            "records": .array(records.map(\.json)),
        ]
    }
}
