import Core
import Foundation

/// A Gaussian kernel between single rows, in doubles: exp(-d² / 2σ²).
struct RowKernel: Sendable {
    let features: Int
    let gamma: Double

    /// A kernel of a width.
    init(features: Int, sigma: Double) {
        self.features = features
        gamma = min(1 / (2 * sigma * sigma), .greatestFiniteMagnitude)
    }

    /// The kernel of a row with each row of a list that lies row after row.
    func values<Value: BinaryFloatingPoint>(of row: [Value], with rows: [Value]) -> [Double] {
        let count = rows.count / max(features, 1)
        return rows.withUnsafeBufferPointer { rows in
            row.withUnsafeBufferPointer { row in
                (0..<count).map { index in
                    var distance = 0.0
                    for feature in 0..<features {
                        let difference = Double(rows[index * features + feature]) - Double(row[feature])
                        distance += difference * difference
                    }
                    return exp(-gamma * distance)
                }
            }
        }
    }
}

/// Draws the rows of simulated streams.
struct StreamDraws {
    private var generator: SeededGenerator
    private var order: [Int]

    /// Draws from so many rows.
    init(rows: Int, seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        order = Array(0..<rows)
    }

    /// So many different rows, in random order (the first steps of Fisher and Yates's shuffle).
    mutating func next(_ count: Int) -> [Int] {
        for place in 0..<count {
            order.swapAt(place, place + generator.index(below: order.count - place))
        }
        return Array(order.prefix(count))
    }
}

/// How the rows of a kernel detector are shared out between reference window and test stream.
struct StreamSplit {
    /// The rows that are drawn from.
    let rows: Int
    /// The length of the test window.
    let window: Int

    /// The rows of one simulated stream: W overlapping windows of W rows.
    var stream: Int { 2 * window - 1 }
    /// The rows that stay as reference.
    var reference: Int { rows - stream }
    /// How often a first window that looks like drift is drawn again.
    static let attempts = 1_000

    /// Refuses a reference that leaves fewer than two rows beside a stream.
    func check(centres: Int = 0) throws(MartletError) {
        guard reference >= 2 else {
            throw MartletError(
                .failedPrecondition,
                "insufficient data: the reference has \(rows + centres) complete rows; a test window of \(window)"
                    + (centres > 0 ? " and \(centres) kernel centres need" : " needs")
                    + " at least \(stream + 2 + centres)."
            )
        }
    }

    /// The streams of a simulation.
    func streams(_ draws: OnlineDraws, _ options: OnlineOptions) throws(MartletError) -> [[Int]] {
        switch draws {
        case .seeded:
            var source = StreamDraws(rows: rows, seed: options.seed)
            return (0..<options.bootstraps).map { _ in source.next(stream) }
        case .given(let streams, _, _):
            for order in streams { try Self.check(order, rows) }
            return streams.map { Array($0.suffix(stream)) }
        }
    }

    /// Splits the rows so that the first window is no drift.
    func first(
        _ draws: OnlineDraws,
        seed: UInt64,
        isDrift: (_ reference: [Int], _ window: [Int]) -> Bool
    ) throws(MartletError) -> (reference: [Int], window: [Int]) {
        if case .given(_, let split, _) = draws {
            try Self.check(split, rows)
            return (Array(split.prefix(reference)), Array(split.suffix(window)))
        }
        // Another sequence than the streams', which began with the seed itself.
        var source = StreamDraws(rows: rows, seed: seed ^ 0x5EED_0F5D_11B7_A3C9)
        for _ in 0..<Self.attempts {
            let order = source.next(rows)
            let split = (Array(order.prefix(reference)), Array(order.suffix(window)))
            if !isDrift(split.0, split.1) { return split }
        }
        throw MartletError(
            .failedPrecondition,
            "No \(window) rows of the reference look like the others: its rows have too few distinct values for this detector."
        )
    }

    static func check(_ order: [Int], _ rows: Int) throws(MartletError) {
        guard order.count == rows, Set(order) == Set(0..<rows) else {
            throw MartletError(.invalidArgument, "A given order does not hold each row from 0 to \(rows - 1) once.")
        }
    }
}
