package import Core

extension LedgerField {
    /// The fields by the names that filters use.
    package static let names: [(String, LedgerField)] = [
        ("version", .version), ("arm", .arm), ("rollout", .rollout), ("step", .step), ("protocol", .via),
        ("prediction", .prediction), ("score", .score), ("latency", .latency), ("latency_us", .latency),
        ("drift", .drift), ("time", .time), ("created_at", .time), ("entity", .entity), ("label", .label),
        ("labelled_at", .labelledAt), ("shadow_version", .shadowVersion), ("shadow_prediction", .shadowPrediction),
        ("shadow_score", .shadowScore),
    ]

    init?(name: String) {
        guard let found = Self.names.first(where: { $0.0 == name }) else { return nil }
        self = found.1
    }

    /// Whether its values are text.
    var isText: Bool {
        switch self {
        case .arm, .rollout, .via, .prediction, .entity, .label, .shadowPrediction: true
        default: false
        }
    }

    /// Whether smaller and larger mean something.
    var isOrdered: Bool { !isText && self != .drift }

    /// The column of the table; nil for a column of the inputs.
    var column: String? {
        switch self {
        case .version: "version"
        case .arm: "arm"
        case .rollout: "rollout"
        case .step: "step"
        case .via: "via"
        case .prediction: "prediction"
        case .score: "score"
        case .latency: "latency_us"
        case .drift: "drift"
        case .time: "created_at"
        case .entity: "entity"
        case .label: "label"
        case .labelledAt: "labelled_at"
        case .shadowVersion: "shadow_version"
        case .shadowPrediction: "shadow_prediction"
        case .shadowScore: "shadow_score"
        case .feature: nil
        }
    }

    /// What a word or a quoted text means as its value; nil when it means nothing.
    func operand(_ text: String) -> LedgerOperand? {
        if isText { return .text(text) }
        switch self {
        case .drift:
            return ["true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0][text.lowercased()].map(LedgerOperand.number)
        case .time, .labelledAt:
            return LedgerTime.parse(text).map { .number(Double($0.milliseconds)) }
        case .latency:
            if text.hasSuffix("us"), let number = Double(text.dropLast(2)) { return .number(number) }
            return Duration(writtenAs: text).map { .number(Double($0.wholeMilliseconds) * 1000) }
        default: return Double(text).map(LedgerOperand.number)
        }
    }

    /// What stands on the right of it.
    var expectation: String {
        switch self {
        case .drift: "true or false"
        case .time, .labelledAt: "a time such as '2026-11-22T05:00:00Z', or milliseconds since 1970"
        case .latency: "a length of time such as 5ms, or microseconds"
        default: isText ? "a text" : "a number"
        }
    }
}

/// Moments as people and programs write them.
package enum LedgerTime {
    /// Reads milliseconds since 1970, or a date with or without a time in UTC: `2026-11-22`, `2026-11-22T05:00`,
    /// `2026-11-22T05:00:00.250Z`, `2026-11-22T06:00:00+01:00`; nil for anything else.
    package static func parse(_ text: String) -> Timestamp? {
        if let number = Int64(text) { return Timestamp(milliseconds: number) }
        let bytes = Array(text.utf8)
        guard bytes.count >= 10, let year = number(bytes, 0, 4), bytes[4] == 45, let month = number(bytes, 5, 2),
            bytes[7] == 45, let day = number(bytes, 8, 2), (1...12).contains(month),
            day >= 1, day <= days(in: month, of: year)
        else { return nil }
        let date = day0(year, month, day) * 86_400_000
        guard bytes.count > 10 else { return Timestamp(milliseconds: date) }
        guard bytes[10] == 84 || bytes[10] == 116 || bytes[10] == 32 else { return nil }
        guard let time = timeOfDay(Array(bytes[11...])) else { return nil }
        return Timestamp(milliseconds: date + time)
    }

    /// Milliseconds of the day, less the offset.
    private static func timeOfDay(_ bytes: [UInt8]) -> Int64? {
        guard bytes.count >= 5, let hour = number(bytes, 0, 2), bytes[2] == 58, let minute = number(bytes, 3, 2),
            hour < 24, minute < 60
        else { return nil }
        var milliseconds = (hour * 60 + minute) * 60_000
        var index = 5
        if index < bytes.count, bytes[index] == 58 {
            guard let second = number(bytes, index + 1, 2), second < 60 else { return nil }
            milliseconds += second * 1000
            index += 3
            if index < bytes.count, bytes[index] == 46 {
                let digits = bytes[(index + 1)...].prefix { (48...57).contains($0) }
                guard !digits.isEmpty else { return nil }
                let three = (Array(digits) + [48, 48, 48]).prefix(3)
                milliseconds += three.reduce(Int64(0)) { $0 * 10 + Int64($1 - 48) }
                index += 1 + digits.count
            }
        }
        let zone = Array(bytes[index...])
        if zone.isEmpty || zone == [90] || zone == [122] { return milliseconds }
        // A plus sign that was not escaped in an address has become a blank.
        guard zone.count == 6, [43, 45, 32].contains(zone[0]), zone[3] == 58, let hours = number(zone, 1, 2),
            let minutes = number(zone, 4, 2), hours < 24, minutes < 60
        else { return nil }
        let offset = (hours * 60 + minutes) * 60_000
        return zone[0] == 45 ? milliseconds + offset : milliseconds - offset
    }

    private static func number(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int64? {
        guard start + count <= bytes.count else { return nil }
        var value: Int64 = 0
        for byte in bytes[start..<start + count] {
            guard (48...57).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 48)
        }
        return value
    }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
        return [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// The day's number, 0 = 1970-01-01 (Hinnant's days_from_civil).
    private static func day0(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
