import Core
import Datasets
import Foundation
import Storage
import TestSupport

/// A store over a database and a directory with data files, both gone with the fixture.
final class DatasetFixture: Sendable {
    let database: Database
    let store: DatasetStore
    let directory: String
    let clock = ManualClock()

    init() async throws {
        directory = FileManager.default.temporaryDirectory.path + "/martlet-datasets-\(Identifier.random())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        database =
            try await TestDatabase.current == .sqlite
            ? Database.open(path: directory + "/martlet.db") : TestDatabase.current.open()
        try await database.migrate(DatasetStore.migrations)
        store = DatasetStore(database: database, clock: clock.clock)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    func write(_ text: String, to file: String = "data.csv") throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: directory + "/" + file))
    }

    /// Declares the datasets of a `data:` section written as JSON.
    func apply(_ section: JSONValue) async throws {
        try await store.apply(try DatasetSpec.parseSection(section), directory: directory)
    }

    /// A data set of two measures and a class, in blocks of `blockRows`.
    func applyFlowers(blockRows: Int64 = 2, checks: JSONValue = []) async throws {
        try await apply([
            "flowers": [
                "source": ["file": "data.csv", "header": true, "block_rows": .integer(blockRows)],
                "columns": ["petal length", "petal.width", ["name": "species", "type": "string"]],
                "target": ["column": "species", "classes": ["setosa", "virginica"]],
                "checks": checks,
            ]
        ])
    }

    static let header = "petal length,petal.width,species\n"
    static let flowers = header + "1.5, 0.2,setosa\n1.4,,setosa\n5.1,1.9,virginica\n5.9,2.1, virginica \n6.3,1.8,1\n"
}

/// Whether `body` throws a `MartletError` with this code whose message holds all of `texts`; the message otherwise.
func failure(
    _ code: MartletError.Code,
    _ texts: String...,
    from body: () async throws -> Void
) async -> String? {
    do {
        try await body()
        return "nothing was thrown"
    } catch let error as MartletError {
        let missing = texts.filter { !error.message.contains($0) }
        return error.code == code && missing.isEmpty ? nil : "\(error)"
    } catch {
        return "\(error)"
    }
}
