package import Core

/// The maximum mean discrepancy of a sliding window of rows, with an expected run time.
///
/// The unbiased estimate of Gretton et al. (JMLR 2012) between a fixed part of the reference and the last W rows; the kernel's
/// width is the median heuristic. At time t the threshold is the 1 - 1/ERT quantile over simulated streams that have not passed
/// an earlier one. A row costs the kernel with every reference row.
package struct OnlineMMD: OnlineDetector {
    static let name = "mmd_online"

    /// What was asked for.
    package let options: OnlineOptions
    /// The bound at each time below the window's length; later times take the last one.
    package let thresholds: [Double]
    /// The kernel's width in the units of the features.
    package let sigma: Double
    package private(set) var time = 0
    package private(set) var skipped = 0
    package private(set) var detections = 0
    private let digest: String
    private let places: (reference: [Int], window: [Int])
    private let kernel: RowKernel
    /// The reference window, row after row, and the mean of its kernel without the diagonal.
    private let reference: [Float]
    private let within: Double
    private let firstRows: [Float]
    private var window: KernelWindow

    package var expectedRunTime: Double { options.expectedRunTime }
    private var rows: Int { options.largestWindow }

    /// Prepares the reference and simulates the thresholds; rows with a NaN or an infinity are left out.
    ///
    /// - Parameters:
    ///   - reference: The reference rows.
    ///   - options: The run time and one window.
    ///   - sigma: The kernel's width; by default from the median distance of reference rows.
    ///   - draws: Which rows are drawn.
    /// - Throws: `failedPrecondition` for too few complete rows or a median distance of 0, `invalidArgument` for bad options,
    ///   `payloadTooLarge` past `SequentialLimits`.
    package init(
        reference: SampleMatrix,
        options: OnlineOptions,
        sigma: Double? = nil,
        draws: OnlineDraws = .seeded
    ) throws(MartletError) {
        try options.check(windowsAtMost: SequentialLimits.kernelWindow, count: 1)
        let complete = try SampleCheck.complete(reference, named: "reference", most: SequentialLimits.onlineReference)
        let split = StreamSplit(rows: complete.rows, window: options.largestWindow)
        try split.check()
        let triangle = try ReferenceTriangle(complete, sigma: sigma)
        let streams = try split.streams(draws, options)
        var statistics: [Double] = []
        for stream in streams { statistics += triangle.statistics(of: stream, split: split) }
        let thresholds = try RunTimeThresholds.survivors(
            statistics,
            times: options.largestWindow,
            rate: 1 / options.expectedRunTime
        )
        let places = try split.first(draws, seed: options.seed) { first, window in
            triangle.statistic(reference: first, window: window) >= thresholds[0]
        }
        self.init(
            complete,
            options: options,
            thresholds: thresholds,
            sigma: triangle.sigma,
            places: places,
            digest: OnlineState.digest(reference)
        )
    }

    private init(
        _ complete: SampleMatrix,
        options: OnlineOptions,
        thresholds: [Double],
        sigma: Double,
        places: (reference: [Int], window: [Int]),
        digest: String
    ) {
        self.options = options
        self.thresholds = thresholds
        self.sigma = sigma
        self.places = places
        self.digest = digest
        kernel = RowKernel(features: complete.columns, sigma: sigma)
        reference = complete.gathered(places.reference)
        firstRows = complete.gathered(places.window)
        within = Self.meanWithin(reference, kernel)
        window = KernelWindow(firstRows, against: reference, kernel)
    }

    package mutating func update(_ row: [Float]) throws(MartletError) -> OnlineResult {
        try OnlineRow.check(row, features: kernel.features)
        guard row.allSatisfy(\.isFinite) else {
            skipped += 1
            return .nothing
        }
        time += 1
        window.push(row, against: reference, kernel)
        let statistic = within + window.meanWithin - 2 * window.meanAcross
        let threshold = thresholds[min(time, rows - 1)]
        let drifted = statistic > threshold
        if drifted { detections += 1 }
        return OnlineResult(statistic: statistic, threshold: threshold, drifted: drifted, features: [])
    }

    package mutating func reset() {
        time = 0
        window = KernelWindow(firstRows, against: reference, kernel)
    }

    private static func meanWithin(_ rows: [Float], _ kernel: RowKernel) -> Double {
        let count = rows.count / kernel.features
        var sum = 0.0
        for index in 1..<max(count, 1) {
            let start = index * kernel.features
            let row = Array(rows[start..<(start + kernel.features)])
            sum += kernel.values(of: row, with: Array(rows[0..<start])).reduce(0, +)
        }
        return 2 * sum / (Double(count) * Double(count - 1))
    }

    package func encode() -> JSONValue {
        var state = OnlineState.write(Self.name, options, self, digest: digest)
        state["sigma"] = .number(sigma)
        state["thresholds"] = .numbers(thresholds)
        state["reference_rows"] = .places(places.reference)
        state["first_rows"] = .places(places.window)
        state["window"] = .floats(window.ring)
        state["oldest"] = .int(window.oldest)
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
            let split = StreamSplit(rows: complete.rows, window: options.largestWindow)
            try split.check()
            var detector = OnlineMMD(
                complete,
                options: options,
                thresholds: try saved.numbers("thresholds", count: options.largestWindow),
                sigma: try saved.number("sigma", in: .leastNonzeroMagnitude ... .greatestFiniteMagnitude),
                places: (
                    try saved.places("reference_rows", count: split.reference, below: complete.rows),
                    try saved.places("first_rows", count: split.window, below: complete.rows)
                ),
                digest: OnlineState.digest(reference)
            )
            let rows = try saved.floats("window", count: options.largestWindow * complete.columns)
            detector.window = KernelWindow(rows, against: detector.reference, detector.kernel)
            // The same places in the ring give the same sums to the last bit.
            detector.window.oldest = try saved.place("oldest", below: options.largestWindow)
            (detector.time, detector.skipped, detector.detections) = (saved.time, saved.skipped, saved.detections)
            return detector
        }
    }
}

/// What all detectors ask of a row.
enum OnlineRow {
    static func check(_ row: [Float], features: Int) throws(MartletError) {
        guard row.count == features else {
            throw MartletError(.invalidArgument, "A row has \(row.count) features; the reference has \(features).")
        }
    }
}

extension SampleMatrix {
    /// The values of some rows, row after row.
    func gathered(_ places: [Int]) -> [Float] {
        places.flatMap { elements[($0 * columns)..<(($0 + 1) * columns)] }
    }
}

/// The last W rows, their kernel with each other and its mean with the reference.
private struct KernelWindow: Sendable {
    private let features: Int
    private let size: Int
    /// The rows as a ring; `oldest` is the place of the oldest one.
    private(set) var ring: [Float]
    var oldest = 0
    /// Entry i W + j is the kernel of the rows at places i and j, 0 on the diagonal.
    private var pairs: [Double]
    /// The mean kernel of the row at each place with the reference rows.
    private var across: [Double]

    init(_ rows: [Float], against reference: [Float], _ kernel: RowKernel) {
        features = kernel.features
        size = rows.count / max(features, 1)
        ring = rows
        pairs = [Double](repeating: 0, count: size * size)
        across = [Double](repeating: 0, count: size)
        for place in 0..<size { refresh(place, against: reference, kernel) }
    }

    var meanWithin: Double { pairs.reduce(0, +) / Double(size * (size - 1)) }
    var meanAcross: Double { across.reduce(0, +) / Double(size) }

    mutating func push(_ row: [Float], against reference: [Float], _ kernel: RowKernel) {
        ring.replaceSubrange((oldest * features)..<((oldest + 1) * features), with: row)
        refresh(oldest, against: reference, kernel)
        oldest = oldest + 1 == size ? 0 : oldest + 1
    }

    private mutating func refresh(_ place: Int, against reference: [Float], _ kernel: RowKernel) {
        let row = Array(ring[(place * features)..<((place + 1) * features)])
        let values = kernel.values(of: row, with: reference)
        across[place] = values.reduce(0, +) / Double(values.count)
        for (other, value) in kernel.values(of: row, with: ring).enumerated() where other != place {
            pairs[place * size + other] = value
            pairs[other * size + place] = value
        }
    }
}

/// The kernel of the reference rows and the statistics of streams drawn from them.
private struct ReferenceTriangle {
    let sigma: Double
    private let values: [Float]
    private let rowSums: [Double]
    private let total: Double

    init(_ complete: SampleMatrix, sigma given: Double?) throws(MartletError) {
        if let given, !(given > 0 && given.isFinite) {
            throw MartletError(.invalidArgument, "The bandwidth \(given) is no positive number.")
        }
        let transform = FeatureTransform(reference: complete, scaling: .none)
        let columns = transform.columns(of: [complete])
        var entries = PairwiseDistances.triangle(columns, from: 0, to: complete.rows)
        if let given {
            sigma = given
        } else {
            sigma = try KernelWidth.median(among: entries, unit: transform.unit)
        }
        let gammas = KernelWidth.gammas(of: [sigma], unit: transform.unit)
        let count = entries.count
        entries.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return }
            GaussianKernel.apply(gammas, to: start, count: count)
        }
        var sums = [Double](repeating: 0, count: complete.rows)
        var entry = 0
        for row in 1..<complete.rows {
            for other in 0..<row {
                let value = Double(entries[entry])
                sums[row] += value
                sums[other] += value
                entry += 1
            }
        }
        values = entries
        rowSums = sums
        total = sums.reduce(0, +)
    }

    private func kernel(_ first: Int, _ second: Int) -> Double {
        let (low, high) = (min(first, second), max(first, second))
        return Double(values[high * (high - 1) / 2 + low])
    }

    /// The statistic of each of the W overlapping windows of a stream, all other rows being the reference.
    func statistics(of stream: [Int], split: StreamSplit) -> [Double] {
        let (window, count) = (split.window, stream.count)
        var block = [Double](repeating: 0, count: count * count)
        for row in 1..<count {
            for other in 0..<row {
                let value = kernel(stream[row], stream[other])
                block[row * count + other] = value
                block[other * count + row] = value
            }
        }
        let inner = (0..<count).map { row in block[(row * count)..<((row + 1) * count)].reduce(0, +) }
        let outer = zip(stream, inner).map { rowSums[$0] - $1 }
        let reference = Double(split.reference)
        let across = outer.reduce(0, +)
        let within = (total - inner.reduce(0, +) - 2 * across) / (reference * (reference - 1))
        let size = Double(window)
        return (0..<window).map { start in
            var pairs = 0.0
            for row in start..<(start + window) {
                for other in start..<row { pairs += block[row * count + other] }
            }
            let toReference = outer[start..<(start + window)].reduce(0, +)
            return within + 2 * pairs / (size * (size - 1)) - 2 * toReference / (reference * size)
        }
    }

    /// The statistic of a window against a reference, both given by their rows.
    func statistic(reference: [Int], window: [Int]) -> Double {
        func pairs(_ rows: [Int]) -> Double {
            var sum = 0.0
            for place in rows.indices { for other in 0..<place { sum += kernel(rows[place], rows[other]) } }
            return 2 * sum / (Double(rows.count) * Double(rows.count - 1))
        }
        var across = 0.0
        for row in reference { for other in window { across += kernel(row, other) } }
        return pairs(reference) + pairs(window) - 2 * across / (Double(reference.count) * Double(window.count))
    }
}
