package import Core
package import Statistics

/// The rows of a model version that a deployment's inputs are compared with.
package struct MonitorReference: Sendable {
    /// The model version that the rows belong to.
    package let version: String
    /// The rows, at most `MonitoringLimits.referenceRows`.
    package let sample: SampleMatrix
    /// Tells one set of rows from another, also after a restart.
    package let fingerprint: String

    /// Takes the numeric columns of a table; more rows than the limit are thinned evenly.
    ///
    /// - Throws: `invalidArgument` naming a column that is not numeric, `failedPrecondition` for fewer than two rows.
    package init(version: String, table: Table) throws {
        guard table.rowCount >= 2 else {
            throw MartletError(
                .failedPrecondition,
                "The reference of version \(version) has \(table.rowCount) rows; drift needs at least 2."
            )
        }
        let kept = min(table.rowCount, MonitoringLimits.referenceRows)
        let thinned =
            kept == table.rowCount ? table : try table.selecting((0..<kept).map { $0 * table.rowCount / kept })
        let names = table.columns.map(\.name)
        self.version = version
        sample = try SampleMatrix(names: names, elements: thinned.matrix(of: names))
        fingerprint = Self.fingerprint(of: sample)
    }

    /// FNV-1a, 64 bits, over names and values.
    private static func fingerprint(of sample: SampleMatrix) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ byte: UInt64) { hash = (hash ^ byte) &* 0x0000_0100_0000_01b3 }
        for name in sample.names {
            for byte in name.utf8 { mix(UInt64(byte)) }
            mix(0x100)
        }
        for value in sample.elements { mix(UInt64(value.bitPattern)) }
        return String(hash, radix: 16)
    }
}

/// A monitor's detectors, prepared for one reference.
struct PreparedMonitor: Sendable {
    /// A detector, or why it cannot work with this reference.
    struct Slot: Sendable {
        let kind: DetectorKind
        let level: Double
        let detector: Result<any DriftDetector, MartletError>
    }

    let reference: MonitorReference
    let slots: [Slot]

    /// Prepares the detectors that the specification names, off the caller's actor: a kernel may take a while.
    ///
    /// - Throws: the last detector's error when none can work with this reference.
    @concurrent
    static func prepare(_ spec: MonitorSpec, reference: MonitorReference) async throws -> PreparedMonitor {
        var slots: [Slot] = []
        if let mmd = spec.mmd {
            let detector = attempt {
                try MMDDetector(
                    reference: reference.sample,
                    level: mmd.pValue,
                    permutations: mmd.permutations,
                    bandwidth: mmd.bandwidth.map { .fixed([$0]) } ?? .medianOfReference,
                    scaling: mmd.standardise ? .standardised : .none
                )
            }
            slots.append(Slot(kind: .maximumMeanDiscrepancy, level: mmd.pValue, detector: detector))
        }
        if let ks = spec.ks {
            let detector = attempt {
                try KSDetector(reference: reference.sample, level: ks.pValue, correction: ks.correction)
            }
            slots.append(Slot(kind: .kolmogorovSmirnov, level: ks.pValue, detector: detector))
        }
        let failures = slots.compactMap { slot in
            if case .failure(let error) = slot.detector { error } else { nil }
        }
        if let failure = failures.last, failures.count == slots.count { throw failure }
        return PreparedMonitor(reference: reference, slots: slots)
    }

    /// Compares rows with the reference, off the caller's actor.
    @concurrent
    func evaluate(_ elements: [Float], now: Timestamp) async throws -> MonitorEvaluation {
        let current = try SampleMatrix(names: reference.sample.names, elements: elements)
        var tests: [FeatureTest] = []
        var detectors: [MonitorEvaluation.Detector] = []
        for slot in slots {
            let outcome = slot.detector.flatMap { detector in Self.attempt { try detector.evaluate(current) } }
            switch outcome {
            case .success(let report):
                if !report.features.isEmpty { tests = report.features }
                detectors.append(.init(report, level: slot.level))
            case .failure(let error):
                detectors.append(.init(name: slot.kind.rawValue, level: slot.level, reason: error.message))
            }
        }
        let decided = detectors.filter { $0.statistic != nil }
        return MonitorEvaluation(
            at: now,
            referenceVersion: reference.version,
            referenceRows: reference.sample.rows,
            windowRows: current.rows,
            drift: decided.isEmpty ? nil : decided.contains(where: \.drifted),
            detectors: detectors,
            features: features(current, tests: tests)
        )
    }

    private func features(_ current: SampleMatrix, tests: [FeatureTest]) -> [MonitorEvaluation.Feature] {
        reference.sample.names.enumerated().map { column, name in
            let test = column < tests.count ? tests[column] : nil
            let before = reference.sample.finiteColumn(column)
            let after = current.finiteColumn(column)
            return MonitorEvaluation.Feature(
                name: name,
                statistic: test?.statistic,
                pValue: test?.pValue,
                drifted: test?.drifted ?? false,
                referenceMean: Self.mean(before),
                currentMean: Self.mean(after),
                referenceMissing: Self.missing(before, of: reference.sample.rows),
                currentMissing: Self.missing(after, of: current.rows)
            )
        }
    }

    private static func mean(_ values: [Float]) -> Double? {
        values.isEmpty ? nil : values.reduce(0) { $0 + Double($1) } / Double(values.count)
    }

    private static func missing(_ finite: [Float], of rows: Int) -> Double {
        rows == 0 ? 0 : Double(rows - finite.count) / Double(rows)
    }

    private static func attempt<Value>(_ body: () throws -> Value) -> Result<Value, MartletError> {
        do {
            return .success(try body())
        } catch {
            return .failure(MartletError.wrapping(error))
        }
    }

    private static func attempt(_ body: () throws -> any DriftDetector) -> Result<any DriftDetector, MartletError> {
        do {
            return .success(try body())
        } catch {
            return .failure(MartletError.wrapping(error))
        }
    }
}

extension MonitorEvaluation.Detector {
    fileprivate init(_ report: DetectorReport, level: Double) {
        self.init(
            name: report.kind.rawValue,
            level: level,
            statistic: report.statistic,
            pValue: report.pValue,
            threshold: report.threshold,
            drifted: report.drifted,
            reason: nil
        )
    }

    fileprivate init(name: String, level: Double, reason: String) {
        self.init(
            name: name,
            level: level,
            statistic: nil,
            pValue: nil,
            threshold: nil,
            drifted: false,
            reason: reason
        )
    }
}
