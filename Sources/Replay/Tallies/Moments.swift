/// Mean and variance of numbers that come one by one (Welford).
struct Moments: Sendable, Equatable {
    private(set) var count = 0
    private(set) var mean = 0.0
    private var squares = 0.0

    mutating func add(_ number: Double) {
        count += 1
        let distance = number - mean
        mean += distance / Double(count)
        squares += distance * (number - mean)
    }

    /// Adds numbers that were counted elsewhere (Chan, Golub and LeVeque).
    mutating func merge(_ other: Moments) {
        guard other.count > 0 else { return }
        let total = count + other.count
        let distance = other.mean - mean
        squares += other.squares + distance * distance * Double(count) * Double(other.count) / Double(total)
        mean += distance * Double(other.count) / Double(total)
        count = total
    }

    /// The variance of a sample; NaN for fewer than two numbers.
    var variance: Double { count > 1 ? squares / Double(count - 1) : .nan }

    var interval: Interval? { Interval(mean: mean, variance: variance, count: count) }
}

/// Errors of two models on the same rows.
struct PairedErrors: Sendable, Equatable {
    private(set) var candidate = Moments()
    private(set) var logged = Moments()
    private var difference = Moments()

    mutating func add(candidate ours: Double, logged theirs: Double) {
        candidate.add(ours)
        logged.add(theirs)
        difference.add(theirs - ours)
    }

    mutating func merge(_ other: PairedErrors) {
        candidate.merge(other.candidate)
        logged.merge(other.logged)
        difference.merge(other.difference)
    }

    var count: Int { candidate.count }

    /// How much smaller the candidate's mean error is.
    var gain: Interval? { difference.interval }

    /// How much larger the candidate's mean error is than `factor` times the logged one.
    func excess(over factor: Double) -> Interval? {
        let covariance = (candidate.variance + logged.variance - difference.variance) / 2
        return Interval(
            mean: candidate.mean - factor * logged.mean,
            variance: candidate.variance + factor * factor * logged.variance - 2 * factor * covariance,
            count: count
        )
    }
}
