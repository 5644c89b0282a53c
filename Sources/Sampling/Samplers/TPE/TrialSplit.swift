import Core

/// The good trials and the others, as the tree-structured Parzen estimator tells them apart.
struct TrialSplit {
    /// The values of the good trials, by number.
    private(set) var good: [[Double]] = []
    /// The values of the other ones, with those that still run, by number.
    private(set) var rest: [[Double]] = []

    /// Divides the trials in which all `columns` exist, after the division of all trials.
    init(_ history: TrialHistory, goodNumbers: Set<Int>, columns: [Int], countsRunning: Bool) {
        for trial in history.trials {
            switch trial.state {
            case .waiting, .failed: continue
            case .running where !countsRunning: continue
            case .running, .complete, .pruned: break
            }
            guard columns.allSatisfy({ !trial.values[$0].isNaN }) else { continue }
            if goodNumbers.contains(trial.number) { good.append(trial.values) } else { rest.append(trial.values) }
        }
    }

    /// How many of `count` finished trials are the good ones: a tenth, of one objective at most 25.
    static func goodCount(_ count: Int, isMultiObjective: Bool) -> Int {
        let tenth = Int((0.1 * Double(count)).rounded(.up))
        return isMultiObjective ? tenth : min(tenth, 25)
    }

    /// The numbers of the good trials: the best complete ones, then pruned ones, those that came further first.
    static func goodNumbers(_ history: TrialHistory) -> Set<Int> {
        let count = goodCount(history.finishedCount, isMultiObjective: history.isMultiObjective)
        let complete =
            history.isMultiObjective ? bestOfSeveral(history, count) : Array(history.ranking.prefix(count))
        let missing = count - complete.count
        guard missing > 0 else { return Set(complete) }
        let direction = history.directions.first ?? .minimize
        let scored = history.pruned.map { (number: $0, score: score(history.trials[$0], direction)) }
        let ranked = scored.sorted { ($0.score.0, $0.score.1, $0.number) < ($1.score.0, $1.score.1, $1.number) }
        return Set(complete + ranked.prefix(missing).map(\.number))
    }

    /// Less is better: how far a pruned trial came, then what it last reported.
    private static func score(_ trial: Trial, _ direction: Direction) -> (Int, Double) {
        guard let last = trial.lastReport else { return (1, 0) }
        return (-last.step, last.value.isNaN ? .infinity : direction.loss(last.value))
    }

    /// Whole fronts while they fit; of the next one the points that dominate most volume.
    private static func bestOfSeveral(_ history: TrialHistory, _ count: Int) -> [Int] {
        let numbers = history.ranking.sorted()
        guard count > 0 else { return [] }
        guard count < numbers.count else { return numbers }
        let losses = numbers.map { history.losses(history.trials[$0]) }
        let ranks = ParetoFront.ranks(losses, upTo: count)
        var chosen: [Int] = []
        var rank = 0
        while chosen.count < count {
            let front = ranks.indices.filter { ranks[$0] == rank }
            guard !front.isEmpty else { break }
            rank += 1
            if chosen.count + front.count <= count {
                chosen += front
                continue
            }
            let points = front.map { losses[$0] }
            chosen += Hypervolume.subset(points, count: count - chosen.count, reference: reference(points))
                .map { front[$0] }
        }
        return chosen.map { numbers[$0] }
    }

    /// A point a little worse than the worst in every coordinate.
    private static func reference(_ points: [[Double]]) -> [Double] {
        guard let width = points.first?.count else { return [] }
        return (0..<width).map { axis in
            let worst = points.map { $0[axis] }.max() ?? 0
            let beyond = max(1.1 * worst, 0.9 * worst)
            return beyond == 0 ? 1e-12 : beyond
        }
    }
}
