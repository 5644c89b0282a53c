package import Core
import Foundation
import Quality
import Server

/// What `martlet data test` does: reads files, runs the suite, writes what was asked for.
package struct QualityRun: Sendable {
    /// The status when a critical test failed.
    package static let failedStatus: Int32 = 3

    /// The file with the rows to test.
    package let current: String
    /// The file with rows that are as they should be; nil for none.
    package var reference: String?
    /// The file with the suite; nil derives it.
    package var suite: String?
    /// Where the report goes as JSON; `-` is standard output, nil none.
    package var json: String?
    /// Where the profile goes as JSON.
    package var profile: String?
    /// Where the suite derived from the reference goes.
    package var savedSuite: String?
    /// Whether tests that passed are listed too.
    package var showsAll = false

    /// A run with every default.
    ///
    /// - Parameter current: The file with the rows to test.
    package init(current: String) { self.current = current }

    /// Tests and writes.
    ///
    /// - Parameter terminal: Where the result goes.
    /// - Returns: 0, or `failedStatus` when a critical test failed.
    /// - Throws: An error naming the file and what is wrong with it.
    package func run(_ terminal: Terminal) throws(MartletError) -> Int32 {
        let suite = try suite.map { path throws(MartletError) in try Self.suite(at: path) } ?? .derived
        let (table, past) = try tables()
        if let profile {
            try OutputFile.write(try QualityProfile(of: table).json.prettyPrinted() + "\n", to: profile)
        }
        if let savedSuite, let past {
            let derived = try QualitySuite(
                derivedFrom: QualityProfile(of: past, correlations: false),
                suite.derivation ?? QualityDerivation()
            )
            try OutputFile.write(derived.json.prettyPrinted() + "\n", to: savedSuite)
        }
        let report = try suite.run(current: table, reference: past)
        let text = report.json.prettyPrinted()
        if let json, json != "-" { try OutputFile.write(text + "\n", to: json) }
        if json == "-" { terminal.line(text) } else { QualityText(report, showsAll: showsAll).write(to: terminal) }
        return report.passed ? 0 : Self.failedStatus
    }

    private func tables() throws(MartletError) -> (current: Table, reference: Table?) {
        guard let reference else { return (try TableFile.table(at: current), nil) }
        let (table, past) = try TableFile.tables(current, reference)
        return (table, past)
    }

    /// Reads a suite; a file whose name ends with `.json` is read as JSON, any other as YAML.
    private static func suite(at path: String) throws(MartletError) -> QualitySuite {
        let url = URL(fileURLWithPath: path)
        guard let handle = try? FileHandle(forReadingFrom: url) else {
            throw MartletError(.notFound, "The suite '\(path)' cannot be read; name an existing file.")
        }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: CommandLimits.manifestBytes + 1) else {
            throw MartletError(.notFound, "The suite '\(path)' cannot be read; name a file, not a folder.")
        }
        guard data.count <= CommandLimits.manifestBytes else {
            throw MartletError(
                .payloadTooLarge,
                "The suite '\(path)' is larger than \(CommandLimits.manifestBytes) bytes."
            )
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw MartletError(.invalidArgument, "The suite '\(path)' is not UTF-8 text.")
        }
        do {
            let document = path.hasSuffix(".json") ? try JSONValue.parse(text) : try YAMLDocument.parse(text)
            return try QualitySuite(JSONFields(document))
        } catch {
            throw MartletError(error.code, "The suite '\(path)': \(error.message)", cause: error)
        }
    }
}
