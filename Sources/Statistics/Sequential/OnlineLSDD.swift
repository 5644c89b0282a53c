package import Core

/// The squared density difference of a sliding window of rows, with an expected run time.
///
/// Bu, Alippi and Zhao, "A pdf-Free Change Detection Test Based on Density Difference Estimation", TNNLS 29 (2018), with
/// alibi-detect's thresholds. Features are standardised; C reference rows are kernel centres, and the statistic is hᵀ M h with h the
/// difference of the mean kernels of reference and window at the centres, M = 2A - AᵀHA, A = (H + λI)⁻¹. A row costs C kernels
/// and C² products, whatever the reference's length.
package struct OnlineLSDD: OnlineDetector {
    static let name = "lsdd_online"

    /// What was asked for.
    package let options: OnlineOptions
    /// The bound at each time below the window's length; later times take the last one.
    package let thresholds: [Double]
    /// The kernel's width in standardised units.
    package let sigma: Double
    /// The regularisation.
    package let lambda: Double
    package private(set) var time = 0
    package private(set) var skipped = 0
    package private(set) var detections = 0
    private let digest: String
    private let scale: RowScale
    private let centres: KernelCentres
    private let places: (centres: [Int], reference: [Int], window: [Int])
    private let weights: SymmetricMatrix
    /// The mean kernel of the reference at each centre.
    private let level: [Double]
    private let firstKernels: [[Double]]
    /// The kernels of the last W rows as a ring, and the rows themselves.
    private var kernels: [[Double]]
    private var rows: [[Float]]
    private var oldest = 0

    package var expectedRunTime: Double { options.expectedRunTime }

    /// Prepares the reference and simulates the thresholds; rows with a NaN or an infinity are left out.
    ///
    /// - Parameters:
    ///   - reference: The reference rows.
    ///   - options: The run time and one window.
    ///   - centreCount: How many reference rows become kernel centres; by default twice the window.
    ///   - agreement: How far two estimates may differ, relatively, at the chosen λ.
    ///   - draws: Which rows are drawn.
    /// - Throws: `failedPrecondition` for too few complete rows, a median distance of 0 or too many equal rows,
    ///   `invalidArgument` for bad options, `payloadTooLarge` past `SequentialLimits`.
    package init(
        reference: SampleMatrix,
        options: OnlineOptions,
        centreCount: Int? = nil,
        agreement: Double = 0.2,
        draws: OnlineDraws = .seeded
    ) throws(MartletError) {
        try options.check(windowsAtMost: SequentialLimits.kernelWindow, count: 1)
        let count = centreCount ?? min(2 * options.largestWindow, SequentialLimits.kernelCentres)
        guard (1...SequentialLimits.kernelCentres).contains(count), agreement > 0, agreement < 1 else {
            throw MartletError(
                .invalidArgument,
                "\(count) kernel centres with a relative difference of \(agreement): centres must be 1 to"
                    + " \(SequentialLimits.kernelCentres), the difference between 0 and 1."
            )
        }
        let complete = try SampleCheck.complete(reference, named: "reference", most: SequentialLimits.onlineReference)
        let split = StreamSplit(rows: complete.rows - count, window: options.largestWindow)
        try split.check(centres: count)
        let order = try Self.order(complete.rows, draws, seed: options.seed)
        let scale = RowScale(complete)
        let sigma = try Self.sigma(complete)
        let centres = KernelCentres(complete, Array(order.prefix(count)), scale, sigma: sigma)
        let others = Array(order.dropFirst(count))
        let table = others.map { centres.kernels(of: scale.apply(complete, row: $0)) }
        let simulation = CentreSimulation(table: table, streams: try split.streams(draws, options), split: split)
        let (lambda, weights) = try simulation.weights(centres.overlaps, agreement: agreement)
        let thresholds = try RunTimeThresholds.survivors(
            simulation.statistics(weights),
            times: options.largestWindow,
            rate: 1 / options.expectedRunTime,
            keepsFirst: true
        )
        let first = try split.first(draws, seed: options.seed) { rows, window in
            simulation.statistic(reference: rows, window: window, weights) >= thresholds[0]
        }
        self.init(
            complete,
            options: options,
            thresholds: thresholds,
            sigma: sigma,
            lambda: lambda,
            weights: weights,
            places: (Array(order.prefix(count)), first.reference.map { others[$0] }, first.window.map { others[$0] }),
            digest: OnlineState.digest(reference)
        )
    }

    private init(
        _ complete: SampleMatrix,
        options: OnlineOptions,
        thresholds: [Double],
        sigma: Double,
        lambda: Double,
        weights: SymmetricMatrix,
        places: (centres: [Int], reference: [Int], window: [Int]),
        digest: String
    ) {
        self.options = options
        self.thresholds = thresholds
        self.sigma = sigma
        self.lambda = lambda
        self.weights = weights
        self.places = places
        self.digest = digest
        scale = RowScale(complete)
        centres = KernelCentres(complete, places.centres, scale, sigma: sigma)
        let (scale, centres) = (scale, centres)
        level = VectorMean.of(places.reference.map { centres.kernels(of: scale.apply(complete, row: $0)) })
        rows = places.window.map { complete.gathered([$0]) }
        firstKernels = places.window.map { centres.kernels(of: scale.apply(complete, row: $0)) }
        kernels = firstKernels
    }

    package mutating func update(_ row: [Float]) throws(MartletError) -> OnlineResult {
        try OnlineRow.check(row, features: scale.means.count)
        guard row.allSatisfy(\.isFinite) else {
            skipped += 1
            return .nothing
        }
        time += 1
        kernels[oldest] = centres.kernels(of: scale.apply(row))
        rows[oldest] = row
        oldest = oldest + 1 == kernels.count ? 0 : oldest + 1
        let difference = zip(level, VectorMean.of(kernels)).map { $0 - $1 }
        let statistic = dot(difference, weights.times(difference))
        let threshold = thresholds[min(time, kernels.count - 1)]
        let drifted = statistic > threshold
        if drifted { detections += 1 }
        return OnlineResult(statistic: statistic, threshold: threshold, drifted: drifted, features: [])
    }

    package mutating func reset() {
        (time, oldest) = (0, 0)
        kernels = firstKernels
    }

    private static func order(_ rows: Int, _ draws: OnlineDraws, seed: UInt64) throws(MartletError) -> [Int] {
        guard case .given(_, _, let centres) = draws else {
            var generator = SeededGenerator(seed: seed ^ 0xCE47_2E5C_0FFE_E5A1)
            return generator.permutation(rows)
        }
        try StreamSplit.check(centres, rows)
        return centres
    }

    /// The median heuristic over standardised rows.
    private static func sigma(_ complete: SampleMatrix) throws(MartletError) -> Double {
        let transform = FeatureTransform(reference: complete, scaling: .standardised)
        let distances = PairwiseDistances.triangle(transform.columns(of: [complete]), from: 0, to: complete.rows)
        return try KernelWidth.median(among: distances, unit: 1)
    }
}

extension OnlineLSDD {
    package func encode() -> JSONValue {
        var state = OnlineState.write(Self.name, options, self, digest: digest)
        state["sigma"] = .number(sigma)
        state["lambda"] = .number(lambda)
        state["thresholds"] = .numbers(thresholds)
        state["centres"] = .places(places.centres)
        state["reference_rows"] = .places(places.reference)
        state["first_rows"] = .places(places.window)
        state["window"] = .floats(rows.flatMap(\.self))
        state["oldest"] = .int(oldest)
        return .object(state)
    }

    package init(state: JSONValue, reference: SampleMatrix) throws(MartletError) {
        self = try OnlineState.read(state, of: Self.name, reference: reference) { (saved) throws(MartletError) in
            let options = saved.options
            try options.check(windowsAtMost: SequentialLimits.kernelWindow, count: 1)
            let complete = try SampleCheck.complete(
                reference,
                named: "reference",
                most: SequentialLimits.onlineReference
            )
            let count = try saved.numbers("centres", atMost: SequentialLimits.kernelCentres).count
            let split = StreamSplit(rows: complete.rows - count, window: options.largestWindow)
            try split.check(centres: count)
            let centrePlaces = try saved.places("centres", count: count, below: complete.rows)
            let sigma = try saved.number("sigma", in: .leastNonzeroMagnitude ... .greatestFiniteMagnitude)
            let lambda = try saved.number("lambda", in: 1e-12...1)
            let overlaps = KernelCentres(complete, centrePlaces, RowScale(complete), sigma: sigma).overlaps
            guard let weights = CentreSimulation.weights(overlaps, lambda: lambda)?.weights else {
                throw MartletError(.dataLoss, "'lambda' does not make the centres' matrix invertible.")
            }
            var detector = OnlineLSDD(
                complete,
                options: options,
                thresholds: try saved.numbers("thresholds", count: options.largestWindow),
                sigma: sigma,
                lambda: lambda,
                weights: weights,
                places: (
                    centrePlaces, try saved.places("reference_rows", count: split.reference, below: complete.rows),
                    try saved.places("first_rows", count: split.window, below: complete.rows)
                ),
                digest: OnlineState.digest(reference)
            )
            let width = complete.columns
            let values = try saved.floats("window", count: options.largestWindow * width)
            detector.rows = stride(from: 0, to: values.count, by: width).map { Array(values[$0..<($0 + width)]) }
            detector.oldest = try saved.place("oldest", below: options.largestWindow)
            detector.kernels = detector.rows.map { detector.centres.kernels(of: detector.scale.apply($0)) }
            (detector.time, detector.skipped, detector.detections) = (saved.time, saved.skipped, saved.detections)
            return detector
        }
    }
}
