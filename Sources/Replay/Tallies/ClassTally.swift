/// Who was taken for whom, by candidate and log; bounded by `ReplayLimits.classes`.
struct ClassTally: Sendable {
    /// One cell of a table of counts.
    struct Cell: Hashable, Sendable {
        let from: String
        let to: String
    }

    /// Rows by what was logged and what the candidate says.
    private(set) var changes: [Cell: Int] = [:]
    private var candidate: [Cell: Int] = [:]
    private var logged: [Cell: Int] = [:]
    private var names: Set<String> = []
    /// Whether there were more classes than are counted.
    private(set) var isCut = false

    mutating func add(logged theirs: String, candidate ours: String?, label: String?) {
        let ours = ours ?? "(failed)"
        guard know(theirs), know(ours) else { return }
        changes[Cell(from: theirs, to: ours), default: 0] += 1
        guard let label, know(label) else { return }
        candidate[Cell(from: label, to: ours), default: 0] += 1
        logged[Cell(from: label, to: theirs), default: 0] += 1
    }

    private mutating func know(_ name: String) -> Bool {
        if names.contains(name) { return true }
        guard names.count < ReplayLimits.classes else {
            isCut = true
            return false
        }
        names.insert(name)
        return true
    }

    /// The mean F1 over the classes that labels name; nil without labels, or when not every class was counted.
    var f1: (candidate: Double, logged: Double)? {
        guard !isCut, !logged.isEmpty else { return nil }
        return (Self.f1(candidate), Self.f1(logged))
    }

    private static func f1(_ cells: [Cell: Int]) -> Double {
        let labels = Set(cells.keys.map(\.from))
        let sum = labels.reduce(0.0) { sum, name in
            let hits = cells[Cell(from: name, to: name)] ?? 0
            let support = cells.reduce(0) { $0 + ($1.key.from == name ? $1.value : 0) }
            let predicted = cells.reduce(0) { $0 + ($1.key.to == name ? $1.value : 0) }
            return sum + (support + predicted > 0 ? 2 * Double(hits) / Double(support + predicted) : 0)
        }
        return sum / Double(max(1, labels.count))
    }

    /// The changes of answers, the most frequent first.
    var frequentChanges: [(cell: Cell, rows: Int)] {
        changes.filter { $0.key.from != $0.key.to }
            .sorted { left, right in
                left.value != right.value
                    ? left.value > right.value
                    : (left.key.from, left.key.to) < (right.key.from, right.key.to)
            }
            .prefix(ReplayLimits.namedSegments).map { ($0.key, $0.value) }
    }
}
