/// What the ledger keeps of a deployment's predictions: the `ledger:` object of a deployment.
package struct LedgerSpec: Sendable, Equatable {
    /// Where the key of an entity comes from: a patient, a customer, a machine.
    package enum EntitySource: Sendable, Equatable {
        /// A header of the request, in lower case.
        case header(String)
        /// A column of the model's inputs.
        case input(String)
    }

    /// How long and how much is kept; the oldest rows go first.
    package struct Retention: Sendable, Equatable {
        /// How long a row is kept.
        package var age: Duration
        /// Most rows.
        package var rows: Int64
        /// Most bytes, as the ledger counts them; nil for any number.
        package var bytes: Int64?

        /// Makes a rule.
        package init(
            age: Duration = LedgerLimits.defaultAge,
            rows: Int64 = LedgerLimits.defaultRows,
            bytes: Int64? = nil
        ) {
            self.age = age
            self.rows = rows
            self.bytes = bytes
        }
    }

    /// The share of requests whose rows are kept, from 0 to 1; hourly sums count all of them.
    package var sampling: Double
    /// How long and how much is kept.
    package var retention: Retention
    /// Columns of the inputs whose values are never kept.
    package var redact: [String]
    /// Bytes of inputs that are kept of a row; longer ones are cut, and the row says so.
    package var payloadLimit: Int
    /// Where the key of the entity comes from; nil for none.
    package var entity: EntitySource?

    /// Makes a rule; without arguments all rows are kept whole, for the standard time.
    package init(
        sampling: Double = 1,
        retention: Retention = Retention(),
        redact: [String] = [],
        payloadLimit: Int = LedgerLimits.defaultPayloadBytes,
        entity: EntitySource? = nil
    ) {
        self.sampling = sampling
        self.retention = retention
        self.redact = redact
        self.payloadLimit = payloadLimit
        self.entity = entity
    }

    /// What holds when a deployment says nothing.
    package static let standard = LedgerSpec()

    /// The header that a request's entity is read from, in lower case; nil when it is none.
    package var entityHeader: String? {
        if case .header(let name) = entity { name } else { nil }
    }

    /// Whether the rows of the request `id` are kept.
    ///
    /// The same id gives the same answer on every server and for every deployment of the same share; it has nothing to
    /// do with the version that the id is routed to.
    package func keeps(_ id: String) -> Bool {
        if sampling >= 1 { return true }
        if sampling <= 0 { return false }
        var hash: UInt64 = 0x9ae1_6a3b_2f90_404f
        for byte in id.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        hash ^= hash >> 32
        hash &*= 0xd6e8_feb8_6659_fd93
        hash ^= hash >> 32
        return Double(hash >> 11) * 0x1p-53 < sampling
    }
}
