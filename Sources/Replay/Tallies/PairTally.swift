/// Who was right on rows that have a label.
struct PairedRights: Sendable, Equatable {
    private(set) var both = 0
    private(set) var candidateOnly = 0
    private(set) var loggedOnly = 0
    private(set) var neither = 0

    mutating func add(candidate: Bool, logged: Bool) {
        switch (candidate, logged) {
        case (true, true): both += 1
        case (true, false): candidateOnly += 1
        case (false, true): loggedOnly += 1
        case (false, false): neither += 1
        }
    }

    mutating func merge(_ other: PairedRights) {
        both += other.both
        candidateOnly += other.candidateOnly
        loggedOnly += other.loggedOnly
        neither += other.neither
    }

    var total: Int { both + candidateOnly + loggedOnly + neither }
    var candidate: Interval? { Interval(share: both + candidateOnly, of: total) }
    var logged: Interval? { Interval(share: both + loggedOnly, of: total) }
    /// How much more often the candidate is right.
    var gain: Interval? { Interval(gained: candidateOnly, lost: loggedOnly, of: total) }
}

/// What rows say of candidate and log together: of all rows, or of one segment.
struct PairTally: Sendable {
    private(set) var rows = 0
    private(set) var differing = 0
    /// Of those, the rows on which the candidate failed.
    private(set) var failed = 0
    /// Rows by label, answers compared as texts.
    private(set) var rights = PairedRights()
    /// Rows by label, answers compared as numbers.
    private(set) var errors = PairedErrors()
    private(set) var squares = PairedErrors()
    private(set) var scoreChange = Moments()
    /// The same rows read as probabilities of class 1.
    private(set) var probabilities = ProbabilityTally()

    mutating func add(_ row: ComparedRow) {
        rows += 1
        if row.differs { differing += 1 }
        if row.candidate == nil { failed += 1 }
        if let change = row.scoreChange { scoreChange.add(change) }
        switch row.kind {
        case .classes: addClasses(row)
        case .numbers: addNumbers(row)
        }
    }

    mutating func merge(_ other: PairTally) {
        rows += other.rows
        differing += other.differing
        failed += other.failed
        rights.merge(other.rights)
        errors.merge(other.errors)
        squares.merge(other.squares)
        scoreChange.merge(other.scoreChange)
        probabilities.merge(other.probabilities)
    }

    private mutating func addClasses(_ row: ComparedRow) {
        guard let label = row.label.map(ComparedRow.canonical) else { return }
        rights.add(
            candidate: row.candidate.map { ComparedRow.canonical($0.prediction) == label } ?? false,
            logged: ComparedRow.canonical(row.logged.prediction) == label
        )
    }

    private mutating func addNumbers(_ row: ComparedRow) {
        guard let theirs = Double(row.logged.prediction) else { return }
        let ours = row.candidate.flatMap { Double($0.prediction) }
        probabilities.add(candidate: ours, logged: theirs, label: row.label.flatMap(Double.init))
        guard let ours, let truth = row.label.flatMap(Double.init), truth.isFinite else { return }
        errors.add(candidate: abs(ours - truth), logged: abs(theirs - truth))
        squares.add(candidate: (ours - truth) * (ours - truth), logged: (theirs - truth) * (theirs - truth))
    }
}

/// Numbers that may be probabilities of class 1, of a model that nobody gave class names.
struct ProbabilityTally: Sendable {
    private(set) var rights = PairedRights()
    private(set) var differing = 0
    private var zeros = 0
    private var ones = 0
    private var others = 0

    mutating func add(candidate: Double?, logged: Double, label: Double?) {
        if let candidate, !(0...1).contains(candidate) { others += 1 }
        if !(0...1).contains(logged) { others += 1 }
        let ours = candidate.map { $0 >= 0.5 }
        if ours != (logged >= 0.5) { differing += 1 }
        guard let label else { return }
        if label == 0 { zeros += 1 } else if label == 1 { ones += 1 } else { others += 1 }
        let truth = label == 1
        rights.add(candidate: ours == truth, logged: (logged >= 0.5) == truth)
    }

    mutating func merge(_ other: ProbabilityTally) {
        rights.merge(other.rights)
        differing += other.differing
        (zeros, ones, others) = (zeros + other.zeros, ones + other.ones, others + other.others)
    }

    /// Whether labels are 0 and 1, both of them, and every answer lies between.
    var isPlausible: Bool { others == 0 && zeros > 0 && ones > 0 }
}
