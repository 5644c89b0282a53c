import Access
import Core

/// Looks now and then whether a chain of audit records is whole, and remembers what it found.
actor ChainWatch {
    private struct Verdict {
        let at: Timestamp
        let tone: Tone
        let text: String
    }

    private let clock: Clock
    private var verdicts: [ObjectIdentifier: Verdict] = [:]

    init(clock: Clock) {
        self.clock = clock
    }

    /// The state of a chain: colour and words.
    func state(of log: AuditLog) async throws -> (tone: Tone, text: String) {
        let now = clock.now
        let key = ObjectIdentifier(log)
        if let known = verdicts[key], now - known.at < .seconds(ConsoleLimits.chainSeconds), known.at <= now {
            return (known.tone, known.text)
        }
        let head = try await log.head()
        let verdict: Verdict
        if head.sequence > Int64(ConsoleLimits.chainRecords) {
            let text = "\(NumberText.count(head.sequence)) records; check them with martlet audit verify"
            verdict = Verdict(at: now, tone: .idle, text: text)
        } else {
            let found = try await log.verify()
            if let fault = found.fault {
                verdict = Verdict(
                    at: now,
                    tone: .bad,
                    text: "chain broken at record \(fault.sequence): \(fault.reason)"
                )
            } else {
                verdict = Verdict(at: now, tone: .good, text: "chain whole, \(NumberText.count(found.count)) records")
            }
        }
        verdicts[key] = verdict
        return (verdict.tone, verdict.text)
    }
}
