import Artifacts
import Core
import HTTPTypes

/// What a download depends on: `If-None-Match`, `If-Modified-Since`, `If-Range` and `Range` (RFC 9110, section 13).
struct Conditions {
    private let noneMatch: String?
    private let modifiedSince: String?
    private let ifRange: String?
    /// The part asked for, before any condition.
    let range: ArtifactRange?

    init(_ headers: HTTPFields) {
        noneMatch = headers[.ifNoneMatch]
        modifiedSince = headers[.ifModifiedSince]
        ifRange = headers[.ifRange]
        range = headers[.range].flatMap(ArtifactRange.init(header:))
    }

    /// Whether the file's state must be known before it is opened.
    var needStatus: Bool {
        noneMatch != nil || modifiedSince != nil || (range != nil && ifRange != nil)
    }

    /// Whether the client has the file as it is.
    func isUnchanged(_ status: ArtifactStatus) -> Bool {
        if let noneMatch {
            let tags = noneMatch.split(separator: ",").map { $0.drop { $0 == " " } }
            return tags.contains { $0 == "*" || Self.opaque($0) == status.tag }
        }
        return modifiedSince.map { $0 == HTTPDate.text(status.modified) } ?? false
    }

    /// The part to send: all of it when the part was wanted of another state of the file.
    func range(for status: ArtifactStatus) -> ArtifactRange? {
        guard let ifRange else { return range }
        let isSame = ifRange == "\"\(status.tag)\"" || ifRange == HTTPDate.text(status.modified)
        return isSame ? range : nil
    }

    /// A tag without the weakness mark and the quotes.
    private static func opaque(_ tag: Substring) -> String? {
        let strong = tag.hasPrefix("W/") ? tag.dropFirst(2) : tag
        let text = strong.prefix { $0 != " " }
        guard text.count >= 2, text.first == "\"", text.last == "\"" else { return nil }
        return String(text.dropFirst().dropLast())
    }
}

/// The date format of HTTP (RFC 9110, section 5.6.7).
enum HTTPDate {
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The time as `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func text(_ time: Timestamp) -> String {
        let iso = time.iso8601
        let numbers = iso.split { !$0.isNumber }.compactMap { Int($0) }
        guard numbers.count >= 6, months.indices.contains(numbers[1] - 1) else { return "" }
        // 1 January 1970 was a Thursday.
        let day = time.milliseconds.quotientFloored(by: 86_400_000)
        let weekday = Int((day % 7 + 11) % 7)
        let clock = numbers[3...5].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
        let date = numbers[2] < 10 ? "0\(numbers[2])" : "\(numbers[2])"
        return "\(days[weekday]), \(date) \(months[numbers[1] - 1]) \(numbers[0]) \(clock) GMT"
    }
}

extension Int64 {
    /// The quotient rounded towards minus infinity, for a positive divisor.
    fileprivate func quotientFloored(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
