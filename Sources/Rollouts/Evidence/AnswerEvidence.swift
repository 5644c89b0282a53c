/// How answers are sorted into bins, so that their distributions can be compared.
package enum AnswerScale: Sendable, Equatable {
    /// Classes by their index; each is a bin of its own.
    case classes(Int)
    /// Numbers; the bins' bounds are fixed from the stable version's first answers.
    case numbers
}

/// Both versions' answers to the same rows, as counts for each way in which their distributions can differ.
///
/// An *aspect* is one property of an answer: "is class k", or "is at most the bound k". For each, only the rows count
/// on which one version's answer has it and the other's has not.
package struct AnswerEvidence: Sendable, Equatable {
    /// Upper bounds of all bins but the last, rising; empty for classes, and until the bounds are fixed.
    package var bounds: [Double] = []
    /// How many aspects are counted; 0 until the bins are known.
    package var aspects = 0
    /// Rows that both versions answered.
    package var pairs = 0
    /// For each aspect the rows on which only the candidate's answer has it.
    package var candidateOnly: [Int] = []
    /// For each aspect the rows on which only the stable version's answer has it.
    package var stableOnly: [Int] = []

    /// Makes empty evidence.
    package init() {}

    /// Fixes the bins of `scale`; numbers need `bounds`.
    mutating func fix(_ scale: AnswerScale, bounds: [Double] = []) {
        self.bounds = bounds
        switch scale {
        case .classes(let count): aspects = min(max(count, 2), RolloutsLimits.answerBins)
        case .numbers: aspects = bounds.count
        }
        candidateOnly = [Int](repeating: 0, count: aspects)
        stableOnly = [Int](repeating: 0, count: aspects)
    }

    /// Number of bins; 0 until they are known.
    var bins: Int { aspects == 0 ? 0 : (bounds.isEmpty ? aspects : aspects + 1) }

    /// The bin of an answer; nil for what is no number, or before the bins are known.
    func bin(of answer: Double) -> Int? {
        guard answer.isFinite, aspects > 0 else { return nil }
        guard bounds.isEmpty else { return bounds.firstIndex { answer <= $0 } ?? bounds.count }
        guard answer >= 0 else { return nil }
        return Int(min(answer, Double(aspects - 1)))
    }

    /// Whether an answer in `bin` has the aspect.
    func has(_ aspect: Int, bin: Int) -> Bool { bounds.isEmpty ? bin == aspect : bin <= aspect }

    /// Adds one row.
    mutating func add(stable: Double, candidate: Double) {
        guard let left = bin(of: stable), let right = bin(of: candidate) else { return }
        pairs += 1
        guard left != right else { return }
        for aspect in 0..<aspects {
            switch (has(aspect, bin: left), has(aspect, bin: right)) {
            case (true, false): stableOnly[aspect] += 1
            case (false, true): candidateOnly[aspect] += 1
            default: break
            }
        }
    }

    /// How many answers counted by bin have the aspect.
    func count(_ aspect: Int, in bins: [Int]) -> Int {
        guard !bounds.isEmpty else { return bins.indices.contains(aspect) ? bins[aspect] : 0 }
        return bins.prefix(aspect + 1).reduce(0, +)
    }

    /// Bounds between nine equal parts and the rest of these answers, each once; empty without two different answers.
    static func bounds(of answers: [Double]) -> [Double] {
        let sorted = answers.filter(\.isFinite).sorted()
        guard let last = sorted.last else { return [] }
        var bounds: [Double] = []
        for part in 1..<10 {
            let bound = sorted[min(sorted.count - 1, sorted.count * part / 10)]
            if bound > bounds.last ?? -.infinity, bound < last { bounds.append(bound) }
        }
        return bounds.isEmpty ? [last] : bounds
    }
}
