package import Core
package import Drift
import Foundation

/// What `martlet monitor compare` does: reads two files, compares them, writes what was asked for.
package struct TableComparison: Sendable {
    /// The status of a comparison that found drift, when that shall fail.
    package static let driftStatus: Int32 = 3

    /// The file with the rows that are taken as normal.
    package let reference: String
    /// The file with the rows to judge.
    package let current: String
    /// Where the page goes; nil for none.
    package var html: String?
    /// Where the JSON goes; `-` is standard output, nil none.
    package var json: String?
    /// The heading of the page; nil names the files.
    package var title: String?
    /// Whether drift fails.
    package var failOnDrift = false
    /// Whether times are printed.
    package var timing = false
    /// How the tables are compared.
    package var options = DriftOptions()

    /// A comparison with every default.
    ///
    /// - Parameters:
    ///   - reference: The file with the rows that are taken as normal.
    ///   - current: The file with the rows to judge.
    package init(reference: String, current: String) {
        self.reference = reference
        self.current = current
    }

    /// Takes what is said of single columns.
    ///
    /// - Parameters:
    ///   - methods: `NAME=METHOD` or `NAME=METHOD:THRESHOLD`.
    ///   - kinds: `NAME=KIND`.
    ///   - ignored: Names of columns to leave out.
    /// - Throws: `invalidArgument` naming the flag and what is wrong with it.
    package mutating func readColumns(
        methods: [String],
        kinds: [String],
        ignored: [String]
    ) throws(MartletError) {
        for text in methods {
            let (name, value) = try Self.pair(text, flag: "--column", form: "NAME=METHOD")
            let parts = value.split(separator: ":", maxSplits: 1).map(String.init)
            let kind = try Self.detector(parts.first ?? "", flag: "--column")
            guard kind.isPerColumn else {
                throw MartletError(
                    .invalidArgument,
                    "'--column \(text)' names a detector over rows, not of one column."
                )
            }
            var method = DetectorSpec.Method(kind)
            if parts.count > 1 {
                guard let bound = Double(parts[1]), bound >= 0, bound.isFinite, !kind.isPValue || bound <= 1 else {
                    throw MartletError(
                        .invalidArgument,
                        "'--column \(text)' has the threshold '\(parts[1])', which is none."
                    )
                }
                method.threshold = bound
            }
            options.columns.methods[name] = method
        }
        for text in kinds {
            let (name, value) = try Self.pair(text, flag: "--kind", form: "NAME=KIND")
            guard let kind = ColumnKind(rawValue: value) else {
                throw MartletError(.invalidArgument, "'--kind \(text)' must name numeric, categorical or text.")
            }
            options.columns.kinds[name] = kind
        }
        options.columns.ignored = ignored
    }

    /// Takes the list of detectors: those over rows are added, tests of columns replace the choice by kind and size.
    ///
    /// - Parameter list: Names separated by commas; nil for none.
    /// - Throws: `invalidArgument` naming a detector that there is not.
    package mutating func readDetectors(_ list: String?) throws(MartletError) {
        guard let list else { return }
        for name in list.split(separator: ",", omittingEmptySubsequences: false) {
            let kind = try Self.detector(name.trimmingCharacters(in: .whitespaces), flag: "--detectors")
            switch kind {
            case .automatic: break
            case .univariate(let method):
                let method = DetectorSpec.Method(.univariate(method))
                if method.kind.takes(.numeric) { options.columns.kindMethods[.numeric] = method }
                if method.kind.takes(.categorical) { options.columns.kindMethods[.categorical] = method }
            case .textAgainstChance, .textAgainstScore:
                options.columns.kindMethods[.text] = DetectorSpec.Method(kind)
            default:
                var spec = DetectorSpec(kind)
                spec.ignored = options.columns.ignored
                options.detectors.append(spec)
            }
        }
    }

    /// Takes bounds.
    ///
    /// - Parameters:
    ///   - threshold: The bound of every score; nil for each method's own.
    ///   - correction: `none`, `bonferroni` or `fdr`.
    ///   - driftShare: The share of drifted columns that makes dataset drift.
    /// - Throws: `invalidArgument` naming the flag.
    package mutating func readBounds(
        threshold: Double?,
        correction: String,
        driftShare: Double
    ) throws(MartletError) {
        if let threshold {
            guard threshold >= 0, threshold.isFinite else {
                throw MartletError(
                    .invalidArgument,
                    "'--threshold' must be a number of at least 0, but is \(threshold)."
                )
            }
            options.columns.threshold = threshold
        }
        guard let correction = DetectorSpec.Correction(rawValue: correction) else {
            throw MartletError(
                .invalidArgument,
                "'--correction' must be none, bonferroni or fdr, but is '\(correction)'."
            )
        }
        options.columns.correction = correction
        guard (0...1).contains(driftShare) else {
            throw MartletError(.invalidArgument, "'--drift-share' must be between 0 and 1, but is \(driftShare).")
        }
        options.columns.driftShare = driftShare
    }

    private static func pair(
        _ text: String,
        flag: String,
        form: String
    ) throws(MartletError) -> (String, String) {
        guard let sign = text.lastIndex(of: "="), sign != text.startIndex else {
            throw MartletError(.invalidArgument, "'\(flag) \(text)' must have the form \(form).")
        }
        return (String(text[..<sign]), String(text[text.index(after: sign)...]))
    }

    private static func detector(_ name: String, flag: String) throws(MartletError) -> DetectorKind {
        if let kind = DetectorKind(rawValue: name) { return kind }
        let known = DetectorKind.allCases.map(\.rawValue).joined(separator: ", ")
        throw MartletError(.invalidArgument, "'\(flag)' names no detector: '\(name)'; there are \(known).")
    }

    /// Compares and writes.
    ///
    /// - Parameter terminal: Where the result goes.
    /// - Returns: The status: 0, `driftStatus` for drift that fails, 1 for a failing comparison without a verdict.
    /// - Throws: An error naming the file, the flag or the column.
    package func run(_ terminal: Terminal) throws(MartletError) -> Int32 {
        let clock = ContinuousClock()
        let start = clock.now
        let (past, present) = try TableFile.tables(reference, current)
        let read = clock.now
        let report = try DriftReport(reference: past, current: present, options: options)
        let compared = clock.now
        if let html {
            let names = [reference, current].map { URL(fileURLWithPath: $0).lastPathComponent }
            let page = report.html(title: title ?? "\(names[1]) against \(names[0])")
            try OutputFile.write(page, to: html)
        }
        if let json, json != "-" { try OutputFile.write(report.json.prettyPrinted() + "\n", to: json) }
        if json == "-" {
            terminal.line(report.json.prettyPrinted())
        } else {
            ComparisonText(report).write(to: terminal)
        }
        if timing {
            let end = clock.now
            let times: JSONValue = [
                "read_seconds": .number((read - start) / .seconds(1)),
                "prepare_seconds": .number(report.timings.prepare / .seconds(1)),
                "detect_seconds": .number(report.timings.detect / .seconds(1)),
                "describe_seconds": .number(report.timings.describe / .seconds(1)),
                "write_seconds": .number((end - compared) / .seconds(1)),
                "report_seconds": .number((report.timings.describe + (end - compared)) / .seconds(1)),
                "seconds": .number((end - start) / .seconds(1)),
            ]
            terminal.note(times.description)
        }
        guard failOnDrift else { return 0 }
        switch report.verdict {
        case .drift: return Self.driftStatus
        case .noDrift: return 0
        case .insufficientData: return 1
        }
    }
}
