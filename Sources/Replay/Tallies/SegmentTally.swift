import Core

/// Rows by the value of one column, with as many values counted apart as `ReplayLimits.countedSegments`.
struct SegmentTally: Sendable {
    /// Where a row's value comes from.
    enum Source: Sendable, Equatable {
        case prediction
        case version
        case arm
        case entity
        /// A column of the candidate, by its position.
        case column(Int)
    }

    /// What is split by.
    let name: String
    let source: Source
    private var cuts: [Double]?
    private var segments: [String: PairTally] = [:]
    private var rest = PairTally()

    init(name: String, source: Source) {
        self.name = name
        self.source = source
    }

    /// Finds where a column of numbers is cut, from the first rows: at its quartiles, unless it has few values.
    mutating func prepare(_ numbers: [Float]) {
        guard cuts == nil, !numbers.isEmpty else { return }
        let finite = numbers.filter(\.isFinite).sorted()
        guard Set(finite).count > Self.fewValues else {
            cuts = []
            return
        }
        cuts = [1, 2, 3].map { Double(finite[min(finite.count - 1, $0 * finite.count / 4)].description) ?? 0 }
    }

    private static let fewValues = 10

    mutating func add(_ row: ComparedRow, value: String) {
        if segments[value] != nil || segments.count < ReplayLimits.countedSegments {
            segments[value, default: PairTally()].add(row)
        } else {
            rest.add(row)
        }
    }

    /// The segment of a number.
    func segment(of number: Float) -> String {
        guard number.isFinite else { return "missing" }
        guard let cuts, !cuts.isEmpty else { return Self.text(number) }
        let names = cuts.map { Self.text(Float($0)) }
        let value = Double(number.description) ?? Double(number)
        switch cuts.count(where: { value >= $0 }) {
        case 0: return "< \(names[0])"
        case 1: return "\(names[0]) … \(names[1])"
        case 2: return "\(names[1]) … \(names[2])"
        default: return "≥ \(names[2])"
        }
    }

    private static func text(_ number: Float) -> String {
        Int(exactly: number).map(String.init) ?? number.description
    }

    /// The largest segments by name, and all others together.
    var named: [(value: String?, tally: PairTally)] {
        let order = segments.sorted { left, right in
            left.value.rows != right.value.rows ? left.value.rows > right.value.rows : left.key < right.key
        }
        var found: [(value: String?, tally: PairTally)] = order.prefix(ReplayLimits.namedSegments).map {
            ($0.key, $0.value)
        }
        var others = rest
        for (_, tally) in order.dropFirst(ReplayLimits.namedSegments) { others.merge(tally) }
        if others.rows > 0 { found.append((nil, others)) }
        return found
    }
}
