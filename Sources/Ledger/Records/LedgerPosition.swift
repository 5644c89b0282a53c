package import Core

/// Where a row stands in the order of a deployment's predictions: by time, and by arrival within a millisecond.
package struct LedgerPosition: Hashable, Comparable, Sendable {
    /// When it was answered.
    package let createdAt: Timestamp
    /// Its number among all rows of the ledger, by arrival.
    package let number: Int64

    /// Names a place.
    package init(createdAt: Timestamp, number: Int64) {
        self.createdAt = createdAt
        self.number = number
    }

    package static func < (left: LedgerPosition, right: LedgerPosition) -> Bool {
        (left.createdAt, left.number) < (right.createdAt, right.number)
    }
}

extension LedgerPosition {
    /// The place that a page's token names.
    ///
    /// - Throws: `invalidArgument` for a token that is none.
    package init(pageToken: String) throws {
        let parts = try PageToken.decode(pageToken).arrayValue?.compactMap(\.integerValue) ?? []
        guard parts.count == 2 else {
            throw MartletError(
                .invalidArgument,
                "'page_token' is not one of this listing; ask for the first page again."
            )
        }
        self.init(createdAt: Timestamp(milliseconds: parts[0]), number: parts[1])
    }

    /// The token of the page that begins after this place.
    package var pageToken: String {
        PageToken.encode([.integer(createdAt.milliseconds), .integer(number)])
    }
}

/// A row with its place.
package struct LedgerRow: Sendable, Equatable {
    /// Where it stands.
    package let position: LedgerPosition
    /// What it says.
    package var record: LedgerRecord

    /// Makes a row.
    package init(position: LedgerPosition, record: LedgerRecord) {
        self.position = position
        self.record = record
    }
}
