/// A function that expressions may call.
enum ExpressionFunction: String, Sendable, CaseIterable {
    case abs, sqrt, exp, log, log1p, log10, floor, ceil, sign, round, min, max, pow, clip
    case `if`, coalesce
    case isMissing = "is_missing"
    case isIn = "in"
    case length, lower, upper, trim, concat, contains
    case startsWith = "starts_with"
    case endsWith = "ends_with"
    case number, string
    case date, year, month, day, hour, minute, weekday, days

    /// How many arguments it takes.
    var counts: ClosedRange<Int> {
        switch self {
        case .abs, .sqrt, .exp, .log, .log1p, .log10, .floor, .ceil, .sign: 1...1
        case .isMissing, .length, .lower, .upper, .trim, .number, .string: 1...1
        case .date, .year, .month, .day, .hour, .minute, .weekday, .days: 1...1
        case .round: 1...2
        case .pow, .contains, .startsWith, .endsWith: 2...2
        case .if, .clip: 3...3
        case .min, .max, .coalesce, .concat: 1...TransformsLimits.arguments
        case .isIn: 2...TransformsLimits.arguments
        }
    }

    /// How many, in words.
    var countsInWords: String {
        if counts.count == 1 { return counts.lowerBound == 1 ? "1 argument" : "\(counts.lowerBound) arguments" }
        if counts.upperBound == TransformsLimits.arguments { return "at least \(counts.lowerBound) arguments" }
        return "\(counts.lowerBound) to \(counts.upperBound) arguments"
    }
}
