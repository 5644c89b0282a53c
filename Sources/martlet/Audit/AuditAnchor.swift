import Access
import ArgumentParser
import Core

/// A head of a log that was written down: `LOG:NUMBER:HASH`, as `audit verify` prints it.
struct AuditAnchor: ExpressibleByArgument {
    let log: String
    let head: AuditHead

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, let sequence = Int64(parts[1]), sequence > 0,
            parts[2].utf8.count == 64, parts[2].allSatisfy(\.isHexDigit)
        else { return nil }
        log = String(parts[0])
        head = AuditHead(sequence: sequence, hash: parts[2].lowercased())
    }

    /// A head as it is written down.
    static func text(_ log: String, _ head: AuditHead) -> String {
        "\(log):\(head.sequence):\(head.hash)"
    }
}
