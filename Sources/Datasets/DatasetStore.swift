package import Core
import Foundation
package import Storage

/// Datasets in the database: one raw and one clean table each, a durable cursor, checks, splits and a content version.
///
/// The raw table holds the text of the file, the clean one typed values. Every block of rows is committed together with
/// the cursor that says where the next begins, so an ingestion that was killed goes on without loss or repetition.
package struct DatasetStore: Sendable {
    /// Told in the transaction that gives a dataset another version.
    package typealias Outbox = @Sendable (Connection, DatasetUpdate) throws -> Void

    let database: Database
    let clock: Clock
    let sources: DatasetSources
    let outbox: Outbox

    /// Uses `database`, to which `migrations` have been applied.
    ///
    /// - Parameters:
    ///   - database: Where datasets are.
    ///   - clock: The time.
    ///   - sources: How sources beside files are reached.
    ///   - outbox: Who hears of new versions, in their transaction.
    package init(
        database: Database,
        clock: Clock,
        sources: DatasetSources = .files,
        outbox: @escaping Outbox = { _, _ in }
    ) {
        self.database = database
        self.clock = clock
        self.sources = sources
        self.outbox = outbox
    }

    /// Declares datasets, replacing earlier declarations of the same names.
    ///
    /// Rows stay when only checks, split or block size changed; when source, columns or target changed, they are
    /// dropped in the same write and the next ingestion starts from the beginning.
    /// - Parameters:
    ///   - specs: The datasets of one manifest.
    ///   - directory: The manifest's own directory, below which the data files lie.
    /// - Throws: `unavailable` when the database cannot be written; nothing is declared then.
    package func apply(_ specs: [DatasetSpec], directory: String) async throws(MartletError) {
        let now = clock.now
        // The server may be started from another place the next time.
        let directory = URL(fileURLWithPath: directory).standardizedFileURL.path
        try await database.write { connection in
            for spec in specs { try Self.apply(spec, directory: directory, now: now, on: connection) }
        }
    }

    /// The declaration of a dataset.
    ///
    /// - Throws: `notFound` naming the datasets there are.
    package func spec(_ name: String) async throws(MartletError) -> DatasetSpec {
        try await database.read { try DatasetRecord.load(name, on: $0) }.spec
    }

    private static func apply(
        _ spec: DatasetSpec,
        directory: String,
        now: Timestamp,
        on connection: Connection
    ) throws(MartletError) {
        guard let existing = try DatasetRecord.find(spec.name, on: connection) else {
            try DatasetRecord.insert(spec, directory: directory, now: now, on: connection)
            connection.note(Change(object: "dataset:\(spec.name)", before: nil, after: spec.document))
            return
        }
        connection.note(
            Change(object: "dataset:\(spec.name)", before: existing.spec.document, after: spec.document)
        )
        let sameFile = existing.directory == directory && spec.source != nil && existing.spec.readsLike(spec)
        if !sameFile {
            try existing.dropRows(on: connection)
        }
        try connection.execute(
            "UPDATE datasets SET spec = ?, directory = ?, updated_at = ? WHERE name = ?",
            [
                .text(spec.document.description), .text(directory), .integer(now.milliseconds),
                .text(spec.name),
            ]
        )
    }
}
