import Core
import Testing

import Statistics

/// The statistics, thresholds and verdicts of alibi-detect 0.13.0 with the rows that it drew.
struct OnlineParityTests {
    private func rows(_ entry: JSONValue, _ key: String) throws -> SampleMatrix {
        try SampleMatrix(rows: #require(entry[key]?.arrayValue).map { try $0.numbers().map { Float($0) } })
    }

    private func options(_ entry: JSONValue) throws -> OnlineOptions {
        let params = try #require(entry["params"])
        let windows =
            try params["window_size"].map { try [Int($0.number)] } ?? params.numbers("window_sizes").map { Int($0) }
        return OnlineOptions(
            expectedRunTime: try params.number("ert"),
            windows: windows,
            bootstraps: Int(try params.number("n_bootstraps"))
        )
    }

    private func orders(_ entry: JSONValue, _ key: String) throws -> [[Int]] {
        try #require(entry[key]?.arrayValue).map { try $0.numbers().map { Int($0) } }
    }

    private func draws(_ entry: JSONValue) throws -> OnlineDraws {
        .given(
            streams: try orders(entry, "bootstrap_perms"),
            split: try entry.numbers("init_split_perm").map { Int($0) },
            centres: try entry["kernel_center_perm"].map { try $0.numbers().map { Int($0) } } ?? []
        )
    }

    private static func entries(_ detector: String) throws -> [JSONValue] {
        try VectorFile("alibi_online.json").cases().filter { $0["id"]?.stringValue?.contains(detector) == true }
    }

    /// Runs a stream, once as it is and once through JSON and back after every row.
    private func check(
        _ entry: JSONValue,
        _ made: some OnlineDetector,
        thresholds: [Double],
        tolerance: Double
    ) throws {
        let expected = try #require(entry["expected"])
        let stream = try rows(entry, "stream")
        let reference = try rows(entry, "reference")
        #expect(zip(thresholds, try expected.numbers("thresholds")).allSatisfy { agree($0, $1, relative: tolerance) })
        var detector = made
        for (index, statistic) in try expected.numbers("test_stat").enumerated() {
            let row = (0..<stream.columns).map { stream[index, $0] }
            let result = try detector.update(row)
            let found = try #require(result.statistic)
            #expect(
                agree(found, statistic, relative: tolerance, absolute: 1e-6),
                "row \(index): \(found), \(statistic)"
            )
            let bound = try expected.numbers("threshold_t")[index]
            #expect(agree(try #require(result.threshold), bound, relative: tolerance))
            #expect(result.drifted == (try expected.numbers("is_drift")[index] == 1), "row \(index)")
            detector = try type(of: made).init(
                state: JSONValue.parse(detector.encode().serialized()),
                reference: reference
            )
        }
        #expect(Double(detector.detections) == (try expected.numbers("is_drift").reduce(0, +)))
        #expect(detector.time == stream.rows)
    }

    @Test func kernelDiscrepancy() throws {
        let entries = try Self.entries("MMD")
        #expect(entries.count == 3)
        for entry in entries {
            let detector = try OnlineMMD(
                reference: rows(entry, "reference"),
                options: options(entry),
                draws: draws(entry)
            )
            let sigma = try #require(entry["expected"]?["sigma"]).numbers()[0]
            #expect(agree(detector.sigma, sigma, relative: 1e-6))
            try check(entry, detector, thresholds: detector.thresholds, tolerance: 1e-4)
        }
    }

    @Test func densityDifference() throws {
        let entries = try Self.entries("LSDD")
        #expect(entries.count == 3)
        for entry in entries {
            let centres = try #require(entry["params"]).number("n_kernel_centers")
            let detector = try OnlineLSDD(
                reference: rows(entry, "reference"),
                options: options(entry),
                centreCount: Int(centres),
                draws: draws(entry)
            )
            let sigma = try #require(entry["expected"]?["sigma"]).numbers()[0]
            #expect(agree(detector.sigma, sigma, relative: 1e-6))
            try check(entry, detector, thresholds: detector.thresholds, tolerance: 1e-4)
        }
    }

    private func table(_ value: JSONValue?) throws -> [[Double?]] {
        try #require(value?.arrayValue).map { try #require($0.arrayValue).map(\.doubleValue) }
    }

    private func agreeing(_ found: [[Double?]], _ expected: [[Double?]]) -> Bool {
        found.count == expected.count
            && zip(found.joined(), expected.joined()).allSatisfy { pair in
                guard let left = pair.0, let right = pair.1 else { return pair.0 == nil && pair.1 == nil }
                return agree(left, right, relative: 1e-5, absolute: 1e-5)
            }
    }

    @Test func cramerVonMises() throws {
        let entries = try Self.entries("CVM")
        #expect(entries.count == 3)
        for entry in entries {
            let expected = try #require(entry["expected"])
            let stream = try rows(entry, "stream")
            let thresholds = try #require(expected["thresholds"]?.arrayValue).map(\.doubleValue)
            let reference = try rows(entry, "reference")
            var detector = try OnlineCramerVonMises(
                reference: reference,
                options: options(entry),
                thresholds: thresholds
            )
            for (index, statistics) in try #require(expected["test_stat_[t][window][feature]"]?.arrayValue).enumerated()
            {
                let result = try detector.update((0..<stream.columns).map { stream[index, $0] })
                #expect(agreeing(detector.statistics, try table(statistics)), "row \(index)")
                #expect(result.drifted == (try expected.numbers("is_drift")[index] == 1), "row \(index)")
                detector = try OnlineCramerVonMises(
                    state: JSONValue.parse(detector.encode().serialized()),
                    reference: reference
                )
            }
        }
    }

    /// The peer simulated 60,000 streams with a generator of its own; two simulations differ by chance.
    @Test func cramerVonMisesThresholds() throws {
        let file = try VectorFile("alibi_online_thresholds.json")
        for large in try file.cases("cvm") {
            let id = try large.text("id")
            let entry = try #require(try Self.entries("CVM").first { $0["id"]?.stringValue == id })
            var asked = try options(entry)
            asked.bootstraps = 8_000
            let detector = try OnlineCramerVonMises(reference: rows(entry, "reference"), options: asked)
            let peer = try #require(large["thresholds"]?.arrayValue).map(\.doubleValue)
            #expect(detector.thresholds.map { $0 == nil } == peer.map { $0 == nil })
            for (ours, theirs) in zip(detector.thresholds, peer) {
                guard let ours, let theirs else { continue }
                #expect(agree(ours, theirs, relative: 0.08), "\(ours), \(theirs)")
            }
        }
    }

    @Test func fisherExact() throws {
        let entries = try Self.entries("FET")
        #expect(entries.count == 2)
        for entry in entries {
            let expected = try #require(entry["expected"])
            let stream = try rows(entry, "stream")
            let reference = try rows(entry, "reference")
            let params = try #require(entry["params"])
            let alternative = try #require(OnlineFisherExact.Alternative(rawValue: params.text("alternative")))
            let peer = try table(expected["thresholds_[t][feature]"]).filter { $0[0] != nil }
            let thresholds = try (0..<stream.columns).map { feature in
                try peer.map { OnlineFisherExact.Threshold(value: Float(try #require($0[feature])), permitted: 1) }
            }
            var detector = try OnlineFisherExact(
                reference: reference,
                options: options(entry),
                alternative: alternative,
                smoothing: params.number("lam"),
                thresholds: thresholds
            )
            for (index, statistics) in try #require(expected["test_stat_[t][window][feature]"]?.arrayValue).enumerated()
            {
                let result = try detector.update((0..<stream.columns).map { stream[index, $0] })
                #expect(agreeing(detector.statistics, try table(statistics)), "row \(index)")
                #expect(result.drifted == (try expected.numbers("is_drift")[index] == 1), "row \(index)")
                detector = try OnlineFisherExact(
                    state: JSONValue.parse(detector.encode().serialized()),
                    reference: reference
                )
            }
        }
    }

    // Statistics are discrete, so a threshold jumps where a quantile falls between two of them: three runs of the peer with
    // 40,000 streams each differ in 21 of 60 places. Ours must lie where theirs lie in five of six places.
    @Test func fisherExactThresholds() throws {
        let file = try VectorFile("alibi_online_thresholds.json")
        var (inside, all) = (0, 0)
        for large in try file.cases("fet") {
            let id = try large.text("id")
            let entry = try #require(try Self.entries("FET").first { $0["id"]?.stringValue == id })
            let params = try #require(entry["params"])
            var asked = try options(entry)
            asked.bootstraps = 20_000
            let detector = try OnlineFisherExact(
                reference: rows(entry, "reference"),
                options: asked,
                alternative: #require(.init(rawValue: params.text("alternative"))),
                smoothing: params.number("lam")
            )
            let runs = try #require(large["thresholds"]?.arrayValue).map { run in
                try table(run).filter { $0[0] != nil }
            }
            for time in runs[0].indices {
                for feature in detector.thresholds.indices {
                    let ours = Double(detector.thresholds[feature][time].value)
                    let peers = runs.compactMap { $0[time][feature] }
                    all += 1
                    if let low = peers.min(), let high = peers.max(), ours > low - 0.001, ours < high + 0.001 {
                        inside += 1
                    }
                }
            }
        }
        #expect(all == 60)
        #expect(inside >= 50, "\(inside) of \(all)")
    }
}

extension JSONValue {
    fileprivate var number: Double {
        get throws { try #require(doubleValue) }
    }
}
