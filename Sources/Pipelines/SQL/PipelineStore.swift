package import Core
import Foundation
package import Storage

/// Pipelines, their runs, task attempts and logs in the database.
///
/// A run is driven by whoever holds its lease. Taking the lease raises the run's fencing token, and every write about
/// the run checks the token in the same transaction: a server that lost its lease can record nothing any more.
package struct PipelineStore: Sendable {
    let database: Database
    let clock: Clock
    let outbox: Outbox
    let taskOutbox: TaskOutbox

    /// Uses `database`, to which `migrations` have been applied.
    ///
    /// - Parameters:
    ///   - database: where pipelines and runs are.
    ///   - clock: the time.
    ///   - outbox: called for each run that ends, in the transaction that says so.
    ///   - taskEnded: called for each attempt that ends, in the transaction that says so.
    package init(
        database: Database,
        clock: Clock,
        outbox: @escaping Outbox = { _, _ in },
        taskEnded: @escaping TaskOutbox = { _, _ in }
    ) {
        self.database = database
        self.clock = clock
        self.outbox = outbox
        taskOutbox = taskEnded
    }

    /// Declares pipelines, replacing earlier declarations of the same names; runs under way keep the one they started with.
    ///
    /// - Parameters:
    ///   - specs: The pipelines of one manifest.
    ///   - directory: The manifest's own directory, `${pipeline.directory}` in its tasks.
    /// - Throws: `unavailable` when the database cannot be written; nothing is declared then.
    package func apply(_ specs: [PipelineSpec], directory: String) async throws(MartletError) {
        let now = SQLValue.integer(clock.now.milliseconds)
        // The server may be started from another place the next time.
        let directory = URL(fileURLWithPath: directory).standardizedFileURL.path
        try await database.write { connection in
            for spec in specs {
                let old = try connection.first("SELECT spec FROM pipelines WHERE name = ?", [.text(spec.name)])
                let before = try old?.json("spec")
                connection.note(Change(object: "pipeline:\(spec.name)", before: before, after: spec.document))
                try connection.execute(
                    """
                    INSERT INTO pipelines (name, spec, directory, created_at, updated_at) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET spec = excluded.spec, directory = excluded.directory,
                        updated_at = excluded.updated_at
                    """,
                    [.text(spec.name), .text(spec.document.description), .text(directory), now, now]
                )
            }
        }
    }

    /// The names of all pipelines.
    func names() async throws(MartletError) -> [String] {
        try await database.read { connection in
            try connection.query("SELECT name FROM pipelines ORDER BY name").map { try $0.text("name") }
        }
    }

    /// A pipeline's declaration as it was written, and its directory.
    ///
    /// - Throws: `notFound` naming the pipelines there are.
    func document(of name: String) async throws(MartletError) -> (spec: JSONValue, directory: String) {
        try await database.read { connection in
            if let row = try connection.first("SELECT spec, directory FROM pipelines WHERE name = ?", [.text(name)]) {
                return (try row.json("spec"), try row.text("directory"))
            }
            let known = try connection.query("SELECT name FROM pipelines ORDER BY name LIMIT 20").map {
                try $0.text("name")
            }
            let remedy = known.isEmpty ? "none is declared yet" : "there are \(known.joined(separator: ", "))"
            throw MartletError(.notFound, "There is no pipeline '\(name)'; \(remedy).")
        }
    }
}
