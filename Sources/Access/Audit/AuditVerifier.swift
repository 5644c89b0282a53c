import Core

/// Walks a chain record by record and tells of the first that does not fit.
///
/// A value without input or output: the server, the command line and the check of an exported file all use it.
package struct AuditVerifier: Sendable {
    /// The first record that does not fit, and why.
    package struct Fault: Sendable, Equatable {
        /// The number of the record.
        package let sequence: Int64
        /// What is wrong with it.
        package let reason: String

        /// Makes a fault.
        package init(sequence: Int64, reason: String) {
            self.sequence = sequence
            self.reason = reason
        }
    }

    /// Where the chain stands after the records seen so far.
    package private(set) var head = AuditHead.empty
    /// The first fault; nothing is looked at after it.
    package private(set) var fault: Fault?
    /// How many records were in order.
    package private(set) var count: Int64 = 0
    private var anchors: [AuditHead]

    /// A walk from the first record on.
    ///
    /// - Parameter anchors: heads that were written down earlier; the chain must hold each of them.
    package init(anchors: [AuditHead] = []) {
        self.anchors = anchors
    }

    /// Looks at the next record.
    package mutating func take(_ record: AuditRecord) {
        guard fault == nil else { return }
        let expected = head.sequence &+ 1
        if record.sequence > expected {
            fail(expected, missing(expected, before: record.sequence))
        } else if record.sequence < expected {
            fail(record.sequence, "there is more than one record with this number, or they are out of order")
        } else if record.hash != record.computedHash {
            fail(record.sequence, "its content is not what its hash was made of: it was changed")
        } else if record.previousHash != head.hash {
            fail(
                record.sequence,
                record.sequence == 1
                    ? "it does not begin a chain: records before it were removed and the rest was numbered anew"
                    : "it does not follow record \(head.sequence): that one was replaced, or this one was moved here"
            )
        } else if let anchor = anchors.first(where: { $0.sequence == record.sequence && $0.hash != record.hash }) {
            fail(anchor.sequence, "its hash is not the one that was written down: the chain was rewritten up to here")
        } else {
            head = record.head
            count &+= 1
        }
    }

    /// Looks at a record that cannot even be read.
    package mutating func take(unreadable reason: String) {
        guard fault == nil else { return }
        fail(head.sequence &+ 1, "it cannot be read: \(reason)")
    }

    /// Ends the walk: what was written down and is not there was cut off.
    package mutating func finish() {
        guard fault == nil, let anchor = anchors.filter({ $0.sequence > head.sequence }).min(by: <) else { return }
        fail(
            head.sequence &+ 1,
            "the chain ends at record \(head.sequence), but record \(anchor.sequence) was written down: "
                + "the end was cut off"
        )
    }

    private mutating func fail(_ sequence: Int64, _ reason: String) {
        fault = Fault(sequence: sequence, reason: reason)
    }

    private func missing(_ first: Int64, before next: Int64) -> String {
        next == first &+ 1 ? "the record is missing" : "the records \(first) to \(next &- 1) are missing"
    }
}

extension AuditHead: Comparable {
    package static func < (left: AuditHead, right: AuditHead) -> Bool {
        (left.sequence, left.hash) < (right.sequence, right.hash)
    }
}
