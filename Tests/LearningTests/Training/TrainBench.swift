import Artifacts
import Core
import Datasets
import Foundation
import Learning
import Storage
import Studies
import Synchronization
import TestSupport
import Testing
import Tracking

/// The stores of a server with one small dataset, in memory and in a folder that is removed afterwards.
final class TrainBench: Sendable {
    let tracking: TrackingStore
    let datasets: DatasetStore
    let lines = Mutex<[String]>([])
    let clock = ManualClock().clock
    private let folder: String
    private let steps: [String: BuiltinStep]

    init(_ table: Table, target: DatasetTarget) async throws {
        folder = NSTemporaryDirectory() + "martlet-train-\(Identifier.random())"
        let database = try Database.inMemory()
        try await database.migrate(TrackingStore.migrations + DatasetStore.migrations + StudyStore.migrations)
        let studies = StudyStore(database: database, clock: clock)
        tracking = TrackingStore(
            database: database,
            artifacts: try DiskArtifactStore(root: folder),
            clock: clock
        )
        try await tracking.prepare()
        datasets = DatasetStore(database: database, clock: clock)
        steps = Dictionary(
            uniqueKeysWithValues: LearningSteps.all(tracking: tracking, datasets: datasets, studies: studies).map {
                ($0.name, $0)
            }
        )
        _ = try await datasets.replaceRows("flats", table: table, target: target)
        let ids = try await datasets.rowSet("flats").ids
        let parts = ids.enumerated().map { $0.offset % 5 == 3 ? "validation" : $0.offset % 5 == 4 ? "test" : "train" }
        try await datasets.assignSplit("flats", assignments: Dictionary(uniqueKeysWithValues: zip(ids, parts)))
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    func run(
        _ step: String,
        _ parameters: JSONObject = [:],
        task: String = "train",
        upstream: [String: JSONObject] = [:]
    ) async throws -> JSONObject {
        var parameters = parameters
        parameters["dataset"] = "flats"
        let context = StepContext(
            runID: "run",
            pipeline: "training",
            task: task,
            attempt: 1,
            parameters: parameters,
            upstream: upstream,
            directory: folder,
            clock: clock,
            log: { line in self.lines.withLock { $0.append(line) } },
            progress: { _, _ in }
        )
        return try await #require(steps[step]).run(context)
    }

    /// The model directory of a task's outputs on this host.
    func model(_ outputs: JSONObject) async throws -> String {
        let path = try ArtifactPath(validating: outputs["model_path"]?.stringValue ?? "")
        return try await tracking.artifacts.localURL(path)
    }

    /// The JSON file among a run's artifacts.
    func json(_ outputs: JSONObject, _ file: String) async throws -> JSONValue {
        let root = try await tracking.artifactRoot(runID: outputs["run_id"]?.stringValue ?? "")
        return try await JSONValue.parse(tracking.artifacts.readAll(root.appending(file), limit: 1 << 22))
    }

    /// Flats with numbers, text and missing values; rent depends on all of them.
    static func flats(_ rows: Int = 300) throws -> Table {
        var random = SeededGenerator(seed: 8)
        let towns = ["Bern", "Chur", "Genf"]
        let town = (0..<rows).map { _ in random.index(below: 3) }
        let size = (0..<rows).map { _ in 40 + 80 * random.uniform() }
        let rent = (0..<rows).map { 400 * Double(town[$0]) + 15 * size[$0] + 40 * random.normal() }
        return try Table(columns: [
            Column(name: "size", values: .numbers(size.enumerated().map { $0.offset % 11 == 0 ? .nan : $0.element })),
            Column(
                name: "town",
                values: .strings(town.enumerated().map { $0.offset % 17 == 0 ? nil : towns[$0.element] })
            ),
            Column(name: "street", values: .integers((0..<rows).map { Int64($0 / 10) })),
            Column(name: "rent", values: .numbers(rent)),
            Column(name: "dear", values: .strings(rent.map { $0 > 1600 ? "yes" : "no" })),
            Column(name: "rank", values: .integers(rent.map { Int64(max(0, min(4, $0 / 500))) })),
        ])
    }
}
