import Core

/// Makes inputs of others by small changes: of bytes, of words, and of the parts that the input's form knows.
struct Mutator {
    private var generator: SeededGenerator
    private let words: [[UInt8]]
    private let forms: [InputForm]
    private let longest: Int

    /// Changes that one input gets, at most.
    private static let changes = 8

    /// Numbers at which something often ends.
    private static let edges: [String] = [
        "0", "-0", "-1", "1", "7", "8", "63", "64", "65", "127", "128", "255", "256", "1000", "4096", "65535", "65536",
        "2147483647", "2147483648", "-2147483649", "4294967296", "9007199254740993", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551616", "0.1", "1.5",
        "1e3", "1e-3", "1e308", "1e309", "-1e400", "1e999999999", "0.0000001", "3.4028236e38", "00", "0x10", "1_000",
        "NaN", "Infinity", "-Infinity", "nan", "inf",
    ]

    /// A mutator whose changes depend on nothing but the seed and the inputs.
    init(seed: UInt64, words: [String], forms: [InputForm], longest: Int) {
        generator = SeededGenerator(seed: seed)
        self.words = (words + Self.edges).map { Array($0.utf8) }
        self.forms = forms
        self.longest = longest
    }

    /// A number from 0 up to `limit`, which is above 0.
    mutating func number(below limit: Int) -> Int {
        Int.random(in: 0..<Swift.max(1, limit), using: &generator)
    }

    /// Whether one of `count` cases came up.
    mutating func oneIn(_ count: Int) -> Bool { number(below: count) == 0 }

    /// One of the elements, which are not empty.
    mutating func any<Element>(_ elements: [Element]) -> Element { elements[number(below: elements.count)] }

    /// A word of the language or a number at an edge.
    mutating func word() -> [UInt8] { any(words) }

    /// A new input, made of one of `corpus`.
    mutating func input(from corpus: [[UInt8]]) -> [UInt8] {
        // Half of the time one of those that were kept last.
        let recent = Swift.min(corpus.count, 64)
        let start = oneIn(2) ? any(corpus) : corpus[corpus.count - recent + number(below: recent)]
        return changed(start, with: corpus)
    }

    /// An input with some changes.
    mutating func changed(_ input: [UInt8], with corpus: [[UInt8]]) -> [UInt8] {
        var bytes = input
        for _ in 0...number(below: Self.changes) {
            switch oneIn(3) ? .bytes : any(forms) {
            case .bytes: changeBytes(&bytes, corpus)
            case .text: changeText(&bytes)
            case .json: changeJSON(&bytes, corpus)
            case .message: changeMessage(&bytes)
            }
            if bytes.count > longest { bytes.removeLast(bytes.count - longest) }
            if oneIn(2) { break }
        }
        return bytes
    }

    /// A place in the bytes: of one of them, or behind the last.
    mutating func place(in bytes: [UInt8]) -> Int { number(below: bytes.count + 1) }

    /// A short part of the bytes.
    mutating func part(of bytes: [UInt8]) -> Range<Int> {
        let start = place(in: bytes)
        return start..<start + number(below: Swift.min(bytes.count - start, oneIn(8) ? 1024 : 16) + 1)
    }
}
