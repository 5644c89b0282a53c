import Core
import Egress

/// Asks for one page, again where that may help.
struct HTTPPageRequest {
    let http: HTTPSource
    let sources: DatasetSources
    let clock: Clock

    /// The answer with a status of success.
    ///
    /// - Throws: what the last attempt met.
    func send(_ request: EgressRequest) async throws -> DatasetSources.Reply {
        var attempt = 0
        while true {
            try Task.checkCancellation()
            var pause: Int?
            do {
                let reply = try await sources.fetch(request)
                guard let failure = try failure(of: reply) else { return reply }
                pause = failure.retryAfterSeconds
                guard attempt < http.retries else { throw failure }
            } catch let error as MartletError
                where [.unavailable, .deadlineExceeded].contains(error.code)
            {
                guard attempt < http.retries else { throw error }
                pause = error.retryAfterSeconds
            }
            let wait = pause.map { Duration.seconds($0) } ?? Self.backoff(attempt)
            attempt += 1
            try await clock.sleep(for: wait)
        }
    }

    /// Half a second, doubled with each attempt up to a minute, and up to half of that more.
    private static func backoff(_ attempt: Int) -> Duration {
        let base = min(60_000, 500 << min(attempt, 7))
        return .milliseconds(base + Int.random(in: 0...base / 2))
    }

    /// What is wrong with an answer that may be different the next time; throws what will not be.
    private func failure(of reply: DatasetSources.Reply) throws(MartletError) -> MartletError? {
        switch reply.status {
        case 200...299: return nil
        case 408, 425, 429, 500...599:
            let after = try retryAfter(reply)
            return MartletError(
                .unavailable,
                "'\(http.name)' answers with status \(reply.status); it was tried \(http.retries + 1) times.",
                retryAfterSeconds: after
            )
        case 401, 403:
            throw MartletError(
                .permissionDenied,
                "'\(http.name)' answers with status \(reply.status); check the headers and secrets of the source."
            )
        case 404:
            throw MartletError(.notFound, "'\(http.name)' answers with status 404; check the address.")
        default:
            throw MartletError(.failedPrecondition, "'\(http.name)' answers with status \(reply.status).")
        }
    }

    private func retryAfter(_ reply: DatasetSources.Reply) throws(MartletError) -> Int? {
        guard let text = reply.header("Retry-After") else { return nil }
        let seconds =
            Int(text)
            ?? HTTPDate.milliseconds(text).map {
                Int(clamping: ($0 - clock.now.milliseconds + 999) / 1000)
            }
        guard let seconds, seconds >= 0 else { return nil }
        guard seconds <= DatasetsLimits.retryAfterSeconds else {
            throw MartletError(
                .unavailable,
                "'\(http.name)' asks to be left alone for \(seconds) seconds; at most \(DatasetsLimits.retryAfterSeconds) are waited. Run the step again later: it goes on where it was.",
                retryAfterSeconds: seconds
            )
        }
        return seconds
    }
}

/// Dates as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Milliseconds since 1970; nil for anything else.
    static func milliseconds(_ text: String) -> Int64? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let month = months.firstIndex(of: String(words[2]))
        else { return nil }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        let day = words[1].count == 1 ? "0\(words[1])" : String(words[1])
        let time = words[4].split(separator: ":").compactMap { Int64($0) }
        guard let days = SourceDate.day("\(words[3])-\(number)-\(day)"), time.count == 3,
            time.allSatisfy({ (0...60).contains($0) })
        else { return nil }
        return ((days * 24 + time[0]) * 60 + time[1]) * 60_000 + time[2] * 1000
    }
}
