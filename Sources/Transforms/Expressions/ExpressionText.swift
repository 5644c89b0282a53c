/// What expressions do with text; nil is missing.
enum ExpressionText {
    enum Unary: Sendable {
        case lower, upper, trim

        init?(_ function: ExpressionFunction) {
            switch function {
            case .lower: self = .lower
            case .upper: self = .upper
            case .trim: self = .trim
            default: return nil
            }
        }

        func apply(_ text: String) -> String? {
            switch self {
            case .lower: return text.lowercased()
            case .upper: return text.uppercased()
            case .trim:
                guard let first = text.firstIndex(where: { !$0.isWhitespace }),
                    let last = text.lastIndex(where: { !$0.isWhitespace })
                else { return "" }
                return String(text[first...last])
            }
        }
    }

    enum Measure: Sendable {
        case length, number, date, year, month, day, hour, minute, weekday, days

        init?(_ function: ExpressionFunction) {
            switch function {
            case .length: self = .length
            case .number: self = .number
            case .date: self = .date
            case .year: self = .year
            case .month: self = .month
            case .day: self = .day
            case .hour: self = .hour
            case .minute: self = .minute
            case .weekday: self = .weekday
            case .days: self = .days
            default: return nil
            }
        }

        func apply(_ text: String) -> Double {
            switch self {
            case .length: return Double(text.unicodeScalars.count)
            case .number: return DecimalText.number(text) ?? .nan
            default: break
            }
            guard let moment = WrittenMoment(text) else { return .nan }
            switch self {
            case .date: return moment.seconds
            case .days: return (moment.seconds / 86_400).rounded(.down)
            case .year: return Double(moment.year)
            case .month: return Double(moment.month)
            case .day: return Double(moment.day)
            case .hour: return Double(moment.hour)
            case .minute: return Double(moment.minute)
            case .weekday: return Double(moment.weekday)
            case .length, .number: return .nan
            }
        }
    }

    enum Test: Sendable {
        case contains, startsWith, endsWith

        init?(_ function: ExpressionFunction) {
            switch function {
            case .contains: self = .contains
            case .startsWith: self = .startsWith
            case .endsWith: self = .endsWith
            default: return nil
            }
        }

        func apply(_ text: String?, _ part: String?) -> Double {
            guard let text, let part else { return .nan }
            let holds =
                switch self {
                case .contains: part.isEmpty || text.contains(part)
                case .startsWith: text.hasPrefix(part)
                case .endsWith: text.hasSuffix(part)
                }
            return holds ? 1 : 0
        }
    }

    static func compare(_ left: String?, _ comparison: Expression.Operator, _ right: String?) -> Double {
        guard let left, let right else { return .nan }
        let precedes = { (a: String, b: String) in a.utf8.lexicographicallyPrecedes(b.utf8) }
        let holds =
            switch comparison {
            case .equal: left.utf8.elementsEqual(right.utf8)
            case .unequal: !left.utf8.elementsEqual(right.utf8)
            case .less: precedes(left, right)
            case .lessOrEqual: !precedes(right, left)
            case .greater: precedes(right, left)
            default: !precedes(left, right)
            }
        return holds ? 1 : 0
    }

    /// Whether the first text is one of the others; missing when it is missing.
    static func isIn(_ values: [String?]) -> Double {
        guard let first = values.first ?? nil else { return .nan }
        return values.dropFirst().contains(first) ? 1 : 0
    }

    /// All texts in a row; missing when one is, or when they are too long.
    static func concat(_ values: [String?]) -> String? {
        var joined = ""
        for value in values {
            guard let value, joined.utf8.count + value.utf8.count <= TransformsLimits.textBytes else { return nil }
            joined += value
        }
        return joined
    }
}

/// A finite decimal number as files write it: no hexadecimal, infinity or NaN; white space around it does not matter.
enum DecimalText {
    static func number(_ text: String) -> Double? {
        var bytes = text.utf8[...]
        while let first = bytes.first, first == 0x20 || (0x09...0x0D).contains(first) { bytes.removeFirst() }
        while let last = bytes.last, last == 0x20 || (0x09...0x0D).contains(last) { bytes.removeLast() }
        guard !bytes.isEmpty, bytes.count <= 400 else { return nil }
        let isDecimal = bytes.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x2B, 0x2D, 0x2E, 0x45, 0x65: true
            default: false
            }
        }
        guard isDecimal, let value = Double(Substring(bytes)), value.isFinite else { return nil }
        return value
    }
}
