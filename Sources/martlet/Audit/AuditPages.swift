import Access
import Core

/// The audit log of a server, record by record, the oldest first.
struct AuditPages {
    private let session: Session
    private let path: String

    init(_ session: Session, _ log: AuditLogOption) {
        self.session = session
        path = log.path
    }

    /// Gives every record to `take`, up to the end as it was when the walk began.
    ///
    /// - Returns: the log's name, and its head when the walk began.
    func walk(_ take: (AuditRecord) throws -> Void) async throws -> (log: String, head: AuditHead) {
        let answer = try await session.server.get("\(path)/head")
        guard let log = answer["log"]?.stringValue, let head = AuditHead(json: answer) else {
            throw MartletError(.internal, "The server's answer about the head of the audit log is not understood.")
        }
        var token: String?
        var isDone = head.sequence == 0
        while !isDone {
            let page = try await session.server.get(
                path,
                query: [("order", "asc"), ("limit", "\(AuditLimits.pageRecords)"), ("page_token", token)]
            )
            for item in page["items"]?.arrayValue ?? [] {
                let record = try AuditRecord(json: item)
                // What is written meanwhile is for the next walk.
                guard record.sequence <= head.sequence else { break }
                try take(record)
            }
            let next = page["next_page_token"]?.stringValue
            isDone = next == nil || next == token
            token = next
        }
        return (log, head)
    }
}
