import Core

/// Reads the regular expressions of RLIKE.
///
/// They have literals, `.`, classes, `\d \w \s \b`, anchors, groups, `|`, repetitions and a leading `(?i)`. What cannot be
/// matched in linear time, back references and look-around, is refused.
struct PatternParser {
    /// A set of characters.
    struct Class: Sendable {
        /// First and last value of each range.
        var ranges: [ClosedRange<UInt32>]
        /// Whether it means all others.
        var isNegated = false

        static let digits = Class(ranges: [0x30...0x39])
        static let word = Class(ranges: [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
        static let space = Class(ranges: [0x09...0x0D, 0x20...0x20])

        func contains(_ value: UInt32) -> Bool {
            ranges.contains { $0.contains(value) } != isNegated
        }
    }

    /// An expression.
    indirect enum Node: Sendable {
        case set(Class)
        case start
        case end
        case wordBorder(Bool)
        case sequence([Node])
        case choice([Node])
        case repeated(Node, least: Int, most: Int?)
    }

    private static let deepestGroup = 50
    private static let highestCount = 1000

    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0
    /// Whether letters match in either case.
    private(set) var ignoresCase = false

    init(_ pattern: String) throws(MartletError) {
        scalars = Array(pattern.unicodeScalars)
        guard scalars.count <= TracesLimits.patternCharacters else {
            throw MartletError(
                .invalidArgument,
                "A pattern for RLIKE has at most \(TracesLimits.patternCharacters) characters."
            )
        }
    }

    mutating func parse() throws(MartletError) -> Node {
        if scalars.starts(with: "(?i)".unicodeScalars) {
            ignoresCase = true
            position = 4
        }
        let node = try choice()
        guard position == scalars.count else { throw invalid("a parenthesis is closed that was not opened") }
        return node
    }

    private func invalid(_ reason: String) -> MartletError {
        MartletError(.invalidArgument, "Invalid pattern for RLIKE at character \(position): \(reason).")
    }

    private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }

    private mutating func choice() throws(MartletError) -> Node {
        var options = [try sequence()]
        while take("|") { options.append(try sequence()) }
        return options.count == 1 ? options[0] : .choice(options)
    }

    private mutating func sequence() throws(MartletError) -> Node {
        var nodes: [Node] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            let item = try atom()
            nodes.append(try repetition(of: item))
        }
        return .sequence(nodes)
    }

    private mutating func repetition(of item: Node) throws(MartletError) -> Node {
        var node = item
        var count = 0
        while let bounds = try bounds() {
            count += 1
            guard count == 1 else { throw invalid("a repetition is repeated") }
            node = .repeated(node, least: bounds.least, most: bounds.most)
            // Whether the shortest or the longest is taken does not matter for whether there is a match.
            _ = take("?")
        }
        return node
    }

    private mutating func bounds() throws(MartletError) -> (least: Int, most: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard next == "{" else { return nil }
        let start = position
        position += 1
        let least = number()
        let hasComma = take(",")
        let most = hasComma ? number() : least
        guard take("}"), least != nil || most != nil else {
            // As in other engines, a brace that begins no repetition stands for itself.
            position = start
            return nil
        }
        guard (least ?? 0) <= Self.highestCount, (most ?? 0) <= Self.highestCount, (least ?? 0) <= (most ?? .max) else {
            throw invalid("a repetition needs counts from 0 to \(Self.highestCount), the smaller one first")
        }
        return (least ?? 0, most)
    }

    private mutating func number() -> Int? {
        var digits = ""
        while let scalar = next, scalar.isASCII, scalar.properties.numericType != nil, digits.count < 6 {
            digits.unicodeScalars.append(scalar)
            position += 1
        }
        return Int(digits)
    }

    private mutating func atom() throws(MartletError) -> Node {
        guard let scalar = next else { throw invalid("something is missing") }
        position += 1
        switch scalar {
        case "^": return .start
        case "$": return .end
        case ".": return .set(Class(ranges: [0x0A...0x0A], isNegated: true))
        case "[": return .set(try bracket())
        case "(": return try group()
        case "\\": return try escape()
        case "*", "+", "?": throw invalid("there is nothing to repeat")
        default: return .set(Self.one(scalar))
        }
    }

    private static func one(_ scalar: Unicode.Scalar) -> Class {
        Class(ranges: [scalar.value...scalar.value])
    }

    private mutating func group() throws(MartletError) -> Node {
        if take("?"), !take(":") { throw invalid("look-around and named groups are not supported") }
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepestGroup else { throw invalid("groups are nested too deeply") }
        let node = try choice()
        guard take(")") else { throw invalid("a parenthesis is not closed") }
        return node
    }

    private mutating func escape() throws(MartletError) -> Node {
        guard let scalar = next else { throw invalid("nothing follows the backslash") }
        position += 1
        switch scalar {
        case "b": return .wordBorder(true)
        case "B": return .wordBorder(false)
        case "A": return .start
        case "Z", "z": return .end
        case "1"..."9": throw invalid("back references are not supported")
        default:
            guard let set = Self.escaped(scalar) else { throw invalid("'\\\(scalar)' has no meaning") }
            return .set(set)
        }
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> Class? {
        switch scalar {
        case "d": .digits
        case "D": Class(ranges: Class.digits.ranges, isNegated: true)
        case "w": .word
        case "W": Class(ranges: Class.word.ranges, isNegated: true)
        case "s": .space
        case "S": Class(ranges: Class.space.ranges, isNegated: true)
        case "n": one("\n")
        case "r": one("\r")
        case "t": one("\t")
        default: scalar.isASCII && scalar.properties.isAlphabetic ? nil : one(scalar)
        }
    }

    private mutating func bracket() throws(MartletError) -> Class {
        var set = Class(ranges: [], isNegated: take("^"))
        var isFirst = true
        while let scalar = next {
            position += 1
            if scalar == "]", !isFirst { return set }
            isFirst = false
            var low = Self.one(scalar)
            if scalar == "\\" {
                guard let name = next, let escaped = Self.escaped(name), !escaped.isNegated else {
                    throw invalid("this escape is not supported between brackets")
                }
                position += 1
                low = escaped
            }
            guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]", low.ranges.count == 1,
                let first = low.ranges.first, first.count == 1
            else {
                set.ranges += low.ranges
                continue
            }
            position += 1
            let high = scalars[position]
            position += 1
            guard high != "\\", high.value >= first.lowerBound else { throw invalid("a range has its ends swapped") }
            set.ranges.append(first.lowerBound...high.value)
        }
        throw invalid("a bracket is not closed")
    }
}
