package import Core

/// Rows and where those behind them begin.
struct SourceBlock: Sendable {
    /// The rows.
    var rows: RowGatherer
    /// Where the next block begins.
    var position: SourcePosition
    /// Whether nothing follows.
    var isLast: Bool
    /// Why the source goes no further for now; the rows before are good.
    var failure: (any Error)?
}

/// Where a source goes on.
struct SourcePosition: Sendable {
    /// Bytes of a file that were taken.
    var offset: Int64 = 0
    /// The SHA-256 of what was taken.
    var digest = ""
    /// For sources that are no plain file.
    var state: JSONValue?
}

/// What was read, for the record of where rows come from.
package struct SourceDigest: Sendable, Equatable {
    /// The file or address.
    package let name: String
    /// The SHA-256 over everything that was read of it, in order.
    package let sha256: String
    /// Bytes read of it.
    package let bytes: Int64

    /// As the step's outputs have it.
    package var json: JSONValue {
        ["name": .string(name), "sha256": .string(sha256), "bytes": .integer(bytes)]
    }
}

/// A source that is read block by block.
protocol BlockSource: Sendable {
    /// Goes to where an earlier reading stopped; false when the source is another one now or begins anew.
    mutating func resume(at position: SourcePosition, rows: Int64) async throws -> Bool

    /// The next rows: `limit`, or some more where they come in pages.
    mutating func next(limit: Int) async throws -> SourceBlock

    /// How far it has come, 0 to 1.
    var fraction: Double { get }

    /// What was read, from the beginning to here.
    var digest: SourceDigest { get }

    /// Gives back what it holds.
    func close() async
}
