package import Core

/// Which rows of a deployment are asked for.
package struct LedgerQuery: Sendable {
    /// Whether the newest rows come first.
    package enum Order: String, Sendable, CaseIterable {
        case newest
        case oldest
    }

    /// The deployment.
    package var deployment: String
    /// The earliest moment, included; nil for all.
    package var since: Timestamp?
    /// The latest moment, excluded; nil for all.
    package var until: Timestamp?
    /// What else rows must meet.
    package var filter: LedgerFilter
    /// Which come first.
    package var order: Order

    /// Makes a query.
    package init(
        deployment: String,
        since: Timestamp? = nil,
        until: Timestamp? = nil,
        filter: LedgerFilter = .everything,
        order: Order = .newest
    ) {
        self.deployment = deployment
        self.since = since
        self.until = until
        self.filter = filter
        self.order = order
    }
}

/// One page of rows.
package struct LedgerPage: Sendable {
    /// The rows.
    package let rows: [LedgerRow]
    /// Where the next page begins; nil when there is none.
    package let next: LedgerPosition?
    /// How many rows were looked at.
    package let scanned: Int

    /// Makes a page.
    package init(rows: [LedgerRow], next: LedgerPosition?, scanned: Int) {
        self.rows = rows
        self.next = next
        self.scanned = scanned
    }
}
