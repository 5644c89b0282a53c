import Core

/// Groups of rows of one size, each in ascending order: the rows that play one sample in each permutation.
struct RowGroups: Sendable {
    let size: Int
    let count: Int
    private let members: [Int32]

    /// One group of neighbouring rows.
    init(_ range: Range<Int>) {
        size = range.count
        count = 1
        members = range.map { Int32($0) }
    }

    /// The rows of one group.
    func rows(of group: Int) -> ArraySlice<Int32> { members[(group * size)..<((group + 1) * size)] }

    /// The groups of permutations of `total` rows; in given ones the last `size` play the test sample.
    ///
    /// With `complement` the groups are the other rows, those that play the reference.
    ///
    /// - Throws: `invalidArgument` for too many or too few permutations or a vector that is no permutation.
    init(
        _ permutations: Permutations,
        testRows: Int,
        total: Int,
        complement: Bool
    ) throws(MartletError) {
        let count =
            switch permutations {
            case .random(let count, _): count
            case .given(let vectors): vectors.count
            }
        guard (1...StatisticsLimits.permutations).contains(count) else {
            throw MartletError(
                .invalidArgument,
                "\(count) permutations asked for; the range is 1 to \(StatisticsLimits.permutations)."
            )
        }
        let size = complement ? total - testRows : testRows
        var members: [Int32] = []
        members.reserveCapacity(count * size)
        var chosen = [Bool](repeating: false, count: total)
        func append() { for row in 0..<total where chosen[row] { members.append(Int32(row)) } }
        switch permutations {
        case .random(_, let seed):
            var generator = SeededGenerator(seed: seed)
            var order = (0..<total).map { $0 }
            for _ in 0..<count {
                for row in 0..<total { chosen[row] = false }
                // The first steps of a Fisher–Yates shuffle, from whatever order the last permutation left.
                for position in 0..<size {
                    order.swapAt(position, Int.random(in: position..<total, using: &generator))
                    chosen[order[position]] = true
                }
                append()
            }
        case .given(let vectors):
            for (index, vector) in vectors.enumerated() {
                guard vector.count == total, Set(vector) == Set(0..<total) else {
                    throw MartletError(
                        .invalidArgument,
                        "Permutation \(index) does not hold each row number from 0 to \(total - 1) once."
                    )
                }
                for row in 0..<total { chosen[row] = false }
                for row in complement ? vector.prefix(size) : vector.suffix(size) { chosen[row] = true }
                append()
            }
        }
        self.size = size
        self.count = count
        self.members = members
    }
}
