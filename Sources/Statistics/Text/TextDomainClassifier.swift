package import Core

/// Drift of texts: how well a classifier tells current texts from reference texts that it has not seen, by the area under its
/// ROC curve.
///
/// Evidently's text content drift: TF-IDF over both samples' words, a linear classifier, half of the texts held out. The split,
/// the order of the steps and the random areas are Evidently's too (seed 42), so that scores can be compared digit by digit.
package struct TextDomainClassifier: Sendable {
    /// What the area is compared with.
    package enum Bound: Sendable, Equatable {
        /// The area that this share of random scores stays below; Evidently's `perc_text_content_drift` with 0.95.
        case percentile(Double)
        /// A fixed area; Evidently's `abs_text_content_drift` with 0.55.
        case area(Double)
    }

    /// What the classifier found.
    package struct Report: Sendable, Equatable {
        /// The area as statistic, and the area it was compared with as threshold.
        package let result: MultivariateResult
        /// The area under the ROC curve of the held-out texts and its standard error.
        package let quality: RankingQuality
        /// Words that speak most for a current text, and how much, the strongest first.
        package let currentWords: [(word: String, weight: Double)]
        /// Words that speak most for a reference text, and how much, the strongest first.
        package let referenceWords: [(word: String, weight: Double)]

        package static func == (left: Report, right: Report) -> Bool {
            left.result == right.result && left.quality == right.quality
                && left.currentWords.elementsEqual(right.currentWords, by: ==)
                && left.referenceWords.elementsEqual(right.referenceWords, by: ==)
        }
    }

    /// What the area is compared with.
    package let bound: Bound
    private let reference: [[String]]
    private let seed: UInt32

    /// Splits the reference into words.
    ///
    /// - Parameters:
    ///   - reference: Reference texts; missing ones are left out before.
    ///   - bound: What the area is compared with.
    ///   - seed: Decides the split, the order of the steps and the random areas.
    /// - Throws: `failedPrecondition` when there is no text, `invalidArgument` for a bad bound, `payloadTooLarge` past
    ///   `StatisticsLimits`.
    package init(reference: [String], bound: Bound = .percentile(0.95), seed: UInt32 = 42) throws(MartletError) {
        switch bound {
        case .percentile(let share), .area(let share):
            guard share > 0, share < 1 else {
                throw MartletError(.invalidArgument, "The bound \(share) of the area is not between 0 and 1.")
            }
        }
        self.reference = try Self.terms(of: reference, named: "reference")
        self.bound = bound
        self.seed = seed
    }

    /// Trains on half of all texts and ranks the others.
    ///
    /// - Parameter current: Current texts; missing ones are left out before.
    /// - Returns: The area, its bound and the words that differ.
    /// - Throws: `failedPrecondition` when there are too few texts or no words in common to go by, `payloadTooLarge` past the
    ///   limits.
    package func test(_ current: [String]) throws(MartletError) -> Report {
        let current = try Self.terms(of: current, named: "current")
        let all = reference + current
        var order = (0..<all.count).map { $0 }
        var generator = MersenneTwister(seed: seed)
        generator.shuffle(&order)
        let held = (all.count + 1) / 2
        let (tested, trained) = (order[..<held], order[held...])
        let isCurrent = { (row: Int) in row >= reference.count }
        for (rows, part) in [(trained, "training"), (tested, "test")] {
            guard rows.contains(where: isCurrent), !rows.allSatisfy(isCurrent) else {
                throw MartletError(
                    .failedPrecondition,
                    "\(reference.count) reference and \(current.count) current texts are too few: the \(part) half has "
                        + "texts of one sample only."
                )
            }
        }
        let weights = try TermWeights(trained.map { all[$0] })
        let classifier = SparseClassifier(
            weights.rows(trained.map { all[$0] }, learned: true),
            labels: trained.map { isCurrent($0) ? 1 : -1 },
            features: weights.terms.count,
            seed: seed
        )
        let rows = weights.rows(tested.map { all[$0] })
        let scores = (0..<held).map { classifier.probability(of: $0, in: rows) }
        let labels = tested.map(isCurrent)
        let quality = try RankingQuality(
            negatives: zip(scores, labels).filter { !$0.1 }.map(\.0),
            positives: zip(scores, labels).filter(\.1).map(\.0)
        )
        let threshold =
            switch bound {
            case .area(let area): area
            case .percentile(let share): RandomAreas.percentile(share, labels: labels, seed: seed)
            }
        return Report(
            result: .init(
                statistic: quality.area,
                pValue: nil,
                threshold: threshold,
                drifted: quality.area > threshold
            ),
            quality: quality,
            currentWords: Self.words(weights.terms, classifier.weights, sign: 1),
            referenceWords: Self.words(weights.terms, classifier.weights, sign: -1)
        )
    }

    private static func terms(of texts: [String], named name: String) throws(MartletError) -> [[String]] {
        guard !texts.isEmpty else {
            throw MartletError(.failedPrecondition, "The \(name) sample has no text.")
        }
        guard texts.count <= StatisticsLimits.texts else {
            throw MartletError(
                .payloadTooLarge,
                "The \(name) sample has \(texts.count) texts; the limit is \(StatisticsLimits.texts). Sample it first."
            )
        }
        let bytes = texts.reduce(0) { $0 + $1.utf8.count }
        guard bytes <= StatisticsLimits.textBytes else {
            throw MartletError(
                .payloadTooLarge,
                "The \(name) texts take \(bytes) bytes; the limit is \(StatisticsLimits.textBytes). Sample them first."
            )
        }
        return texts.map(TextTokens.terms)
    }

    /// The ten strongest words of one side.
    private static func words(_ terms: [String], _ weights: [Double], sign: Double) -> [(word: String, weight: Double)]
    {
        let strong = weights.indices.filter { weights[$0] * sign > 0 }
            .sorted { (abs(weights[$1]), $0) < (abs(weights[$0]), $1) }
        return strong.prefix(10).map { (terms[$0], weights[$0]) }
    }
}
