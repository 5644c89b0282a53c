import Core
import Crypto

/// One link of the chain: what happened, its number, and the hashes that tie it to the record before.
///
/// The hash is SHA-256, in lower-case hexadecimal digits, over the canonical form: the fields in the order of
/// `canonicalForm`, each as the number of its UTF-8 bytes in decimal digits, a colon, the bytes and a comma (a
/// netstring); a field that is absent is `-,`. Two different records cannot have one canonical form, and anybody can
/// compute it in a few lines of any language (docs/audit.md).
package struct AuditRecord: Sendable, Equatable {
    /// Its number: 1, 2, 3, … without gaps.
    package var sequence: Int64
    /// What happened.
    package var entry: AuditEntry
    /// The hash of the record before; `genesis` in the first.
    package var previousHash: String
    /// The hash of this record.
    package var hash: String

    /// What stands in the first record in place of a hash.
    package static let genesis = String(repeating: "0", count: 64)
    /// The first field of the canonical form.
    package static let format = "martlet-audit-1"

    /// The record that follows `head`.
    package init(_ entry: AuditEntry, after head: AuditHead) {
        sequence = head.sequence &+ 1
        self.entry = entry
        previousHash = head.hash
        hash = ""
        hash = computedHash
    }

    /// A record as it was found.
    package init(sequence: Int64, entry: AuditEntry, previousHash: String, hash: String) {
        self.sequence = sequence
        self.entry = entry
        self.previousHash = previousHash
        self.hash = hash
    }

    /// The bytes that are hashed.
    package var canonicalForm: [UInt8] {
        let fields: [String?] = [
            Self.format, String(sequence), String(entry.time.milliseconds), entry.actor, entry.token, entry.workspace,
            entry.action, entry.object, entry.before, entry.after, entry.requestID, entry.address,
            entry.outcome.rawValue, entry.reason, previousHash,
        ]
        var bytes: [UInt8] = []
        for field in fields {
            if let field {
                let text = Array(field.utf8)
                bytes += Array("\(text.count):".utf8)
                bytes += text
            } else {
                bytes.append(UInt8(ascii: "-"))
            }
            bytes.append(UInt8(ascii: ","))
        }
        return bytes
    }

    /// The hash that its content has.
    package var computedHash: String {
        SHA256.hash(data: canonicalForm).hexadecimal
    }

    /// Where the chain stands after this record.
    package var head: AuditHead {
        AuditHead(sequence: sequence, hash: hash)
    }
}

/// The end of a chain: the number and the hash of its last record.
///
/// Written down elsewhere it is an anchor: a chain that does not hold this record with this hash was cut or rewritten.
package struct AuditHead: Sendable, Equatable {
    /// The number of the last record; 0 of an empty chain.
    package let sequence: Int64
    /// The hash of the last record.
    package let hash: String

    /// Makes a head.
    package init(sequence: Int64, hash: String) {
        self.sequence = sequence
        self.hash = hash
    }

    /// The head of an empty chain.
    package static let empty = AuditHead(sequence: 0, hash: AuditRecord.genesis)
}
