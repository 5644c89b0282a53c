import Core
import Lineage
import Storage
import TestSupport

/// A lineage in a database of its own.
struct LineageFixture {
    let database: Database
    let clock = ManualClock()

    init() async throws {
        database = try await TestDatabase.current.open()
        try await database.migrate(LineageStore.migrations)
    }

    func service(_ sources: LineageSources = LineageSources()) -> LineageService {
        LineageService(store: LineageStore(database: database), sources: sources)
    }

    func record(_ build: (inout LineageRecord) -> Void) async throws {
        var record = LineageRecord()
        build(&record)
        let made = record
        let now = clock.now
        try await database.write { try LineageStore.record($0, made, at: now) }
    }

    /// A file that became a dataset, two models and a deployment.
    func story() async throws {
        try await record { record in
            let file = LineageNode(.artifact, "f11e00")
            let ingest = LineageNode.task("r1", "ingest")
            record.note(file, ["name": "people.csv"])
            record.note(LineageNode(.run, "r1"), ["pipeline": "nightly"])
            record.note(ingest, ["step": "data.ingest"])
            record.link(LineageNode(.run, "r1"), .has, ingest)
            record.link(file, .read, ingest)
            record.note(.dataset("people", "abc123"), ["rows": 20])
            record.link(ingest, .made, .dataset("people", "abc123"))
        }
        for version in 1...2 {
            try await record { record in
                let tune = LineageNode.task("r1", "tune\(version)")
                record.note(tune, ["step": "learning.tune"])
                record.link(.dataset("people", "abc123"), .read, tune)
                record.link(LineageNode(.run, "r1"), .has, tune)
                record.link(tune, .tracked, LineageNode(.training, "t\(version)"))
                record.note(.model("m", version))
                record.link(LineageNode(.training, "t\(version)"), .registered, .model("m", version))
            }
        }
        try await record { record in
            record.note(LineageNode(.deployment, "shop"))
            record.link(.model("m", 2), .served, LineageNode(.deployment, "shop"))
        }
    }

    /// The neighbours of the story: one prediction, one live version.
    static let sources = LineageSources(
        prediction: { $0 == "p1" ? (.model("m", 2), ["prediction": "ill"]) : nil },
        present: { nodes in
            nodes.contains(.model("m", 2)) ? [.model("m", 2): ["live": ["shop"]]] : [:]
        },
        unrecorded: { nodes, direction in
            // Version 1 of `old` was registered before lineage was kept.
            direction == .up && nodes.contains(.model("old", 1))
                ? [LineageEdge(LineageNode(.training, "t9"), .registered, .model("old", 1))] : []
        },
        meant: { $0 == LineageNode(.model, "m@production") ? .model("m", 2) : nil }
    )
}
