import Core

/// Which tests are made from a reference, or from nothing but good manners when there is none.
package struct QualityDerivation: Sendable, Equatable {
    /// How far a figure may be from the reference's, as a share of it.
    package let relative: Double
    /// Only tests of these metrics; nil for all.
    package let metrics: Set<QualityMetric.Name>?
    /// No tests of these metrics.
    package let except: Set<QualityMetric.Name>
    /// Only these columns; nil for all.
    package let columns: [String]?
    /// Whether the tests are critical.
    package let isCritical: Bool

    /// Evidently's tolerance: 10 %.
    package static let defaultRelative = 0.1

    /// Makes a derivation; the default is every test within 10 %.
    package init(
        relative: Double = QualityDerivation.defaultRelative,
        metrics: Set<QualityMetric.Name>? = nil,
        except: Set<QualityMetric.Name> = [],
        columns: [String]? = nil,
        isCritical: Bool = true
    ) {
        self.relative = relative
        self.metrics = metrics
        self.except = except
        self.columns = columns
        self.isCritical = isCritical
    }

    /// Reads `derive`: true, or an object with `relative`, `metrics`, `except`, `columns`, `is_critical`.
    ///
    /// - Throws: `invalidArgument` naming the field.
    init(_ fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["relative", "metrics", "except", "columns", "is_critical"])
        let relative = try fields.optionalDouble("relative", in: 0 ... .greatestFiniteMagnitude)
        if relative == 0 { throw fields.invalid("relative", "must be above 0") }
        self.init(
            relative: relative ?? Self.defaultRelative,
            metrics: fields.value("metrics") == nil ? nil : try Self.names("metrics", fields),
            except: try Self.names("except", fields),
            columns: fields.value("columns") == nil ? nil : try fields.strings("columns"),
            isCritical: try fields.optionalBool("is_critical") ?? true
        )
    }

    private static func names(_ key: String, _ fields: JSONFields) throws(MartletError) -> Set<QualityMetric.Name> {
        var names: Set<QualityMetric.Name> = []
        for (position, text) in try fields.strings(key).enumerated() {
            guard let name = QualityMetric.Name(rawValue: text) else {
                let known = QualityMetric.Name.allCases.map(\.rawValue).joined(separator: ", ")
                throw MartletError(
                    .invalidArgument,
                    "'\(fields.path(of: key))[\(position)]' must be one of \(known), but is '\(text)'."
                )
            }
            names.insert(name)
        }
        return names
    }

    /// The tests for data of which `current` is known, against a reference or without one.
    ///
    /// - Throws: `invalidArgument` when `columns` names one that neither has.
    func tests(reference: QualityProfile?, current: QualityProfile?) throws(MartletError) -> [QualityTest] {
        let source = reference ?? current
        for name in columns ?? [] where source?[name] == nil {
            throw MartletError(
                .invalidArgument,
                "'derive.columns' names the column '\(name)', which \(reference == nil ? "the data" : "the reference") does not have."
            )
        }
        var tests = reference.map(tableTests(of:)) ?? Self.tableTestsAlone
        for column in source?.columns ?? [] where columns?.contains(column.name) ?? true {
            if reference == nil {
                tests.append(QualityTest(QualityMetric(.missing, column: column.name), .equal(Self.zero)))
            } else {
                // Of a column that is gone, one error says it all.
                let isGone = current.map { $0[column.name] == nil } ?? false
                tests += columnTests(of: column).prefix(isGone ? 1 : Int.max)
            }
        }
        return tests.filter { metrics?.contains($0.metric.name) ?? true }.filter { !except.contains($0.metric.name) }
            .map { QualityTest($0.metric, $0.condition, ofShare: $0.ofShare, isCritical: isCritical) }
    }

    private static let zero = QualityThreshold(.number(0))

    /// Without a reference there are rows and columns, and nothing is repeated, empty, constant, missing or infinite.
    private static let tableTestsAlone: [QualityTest] =
        [.rowCount, .columnCount].map { QualityTest(QualityMetric($0), .greater(zero)) }
        + ([
            .duplicatedRows, .duplicatedColumns, .constantColumns, .almostConstantColumns, .emptyRows, .emptyColumns,
            .datasetMissing, .infinite,
        ] as [QualityMetric.Name]).map { QualityTest(QualityMetric($0), .equal(zero)) }

    private func near(_ value: Double) -> QualityThreshold { .approximate(.number(value), relative: relative) }

    private func tableTests(of reference: QualityProfile) -> [QualityTest] {
        let atMost = { (name: QualityMetric.Name, value: Int) in
            QualityTest(QualityMetric(name), .lessOrEqual(.approximate(.number(Double(value)))))
        }
        let about = { (name: QualityMetric.Name, value: Int) in
            QualityTest(QualityMetric(name), .equal(near(Double(value))))
        }
        return [
            about(.rowCount, reference.rowCount),
            QualityTest(
                QualityMetric(.columnCount),
                .equal(.approximate(.number(Double(reference.columns.count))))
            ),
            about(.duplicatedRows, reference.duplicatedRows),
            atMost(.duplicatedColumns, reference.duplicatedColumns),
            atMost(.constantColumns, reference.constantColumns),
            atMost(.almostConstantColumns, reference.almostConstantColumns),
            about(.emptyRows, reference.emptyRows), atMost(.emptyColumns, reference.emptyColumns),
            about(.datasetMissing, reference.missing), atMost(.infinite, reference.infinities),
        ]
    }

    private func columnTests(of column: ColumnProfile) -> [QualityTest] {
        let name = column.name
        var tests: [QualityTest] = []
        if column.type != .empty {
            tests.append(
                QualityTest(
                    QualityMetric(.type, column: name),
                    .equal(QualityThreshold(.text(column.type.rawValue)))
                )
            )
        }
        tests += counts(QualityMetric(.missing, column: name), column.missing, column.missingShare)
        if let numbers = column.numbers { tests += numberTests(of: column, numbers) }
        if column.texts != nil, isCategorical(column) {
            let labels = column.common.map(\.label).sorted { $0.text < $1.text }
            tests += counts(
                QualityMetric(.inList, column: name, values: labels),
                column.present,
                column.present > 0 ? 1 : nil
            )
            tests += counts(QualityMetric(.outList, column: name, values: labels), 0, column.present > 0 ? 0 : nil)
        }
        return tests
    }

    /// Text of which at most half are different, and few enough to list.
    private func isCategorical(_ column: ColumnProfile) -> Bool {
        column.distinct == column.common.count && column.distinct * 2 <= column.present
    }

    private func numberTests(of column: ColumnProfile, _ numbers: NumberSummary) -> [QualityTest] {
        let figures: [(QualityMetric.Name, Double?)] = [
            (.minimum, numbers.minimum), (.maximum, numbers.maximum), (.mean, numbers.mean),
            (.deviation, numbers.deviation), (.median, numbers.median), (.quantile, numbers.upperDecile),
            (.sum, numbers.sum),
        ]
        var tests: [QualityTest] = []
        for (name, value) in figures {
            guard let value, value.isFinite else { continue }
            let metric = QualityMetric(name, column: column.name, quantile: name == .quantile ? 0.9 : nil)
            tests.append(QualityTest(metric, .equal(near(value))))
        }
        let range = numbers.minimum...numbers.maximum
        let share = Double(numbers.count) / Double(column.present)
        tests += counts(QualityMetric(.inRange, column: column.name, range: range), numbers.count, share)
        tests += counts(
            QualityMetric(.outRange, column: column.name, range: range),
            column.infinities,
            Double(column.infinities) / Double(column.present)
        )
        return tests
    }

    private func counts(_ metric: QualityMetric, _ count: Int, _ share: Double?) -> [QualityTest] {
        var tests = [QualityTest(metric, .equal(near(Double(count))))]
        if let share { tests.append(QualityTest(metric, .equal(near(share)), ofShare: true)) }
        return tests
    }
}
