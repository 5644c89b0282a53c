import ArgumentParser
import Core
import Drift

/// `martlet monitor compare REFERENCE CURRENT`.
struct MonitorCompare: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare two CSV files: what drifted, and what happened to the data.",
        discussion: """
            Needs no server. Each column gets the test that its kind and size ask for; the status is 0, or 3 with \
            --fail-on-drift when there is drift, and 1 when something is wrong or, with --fail-on-drift, cannot be decided.
            """
    )

    @Argument(help: "The CSV file with the rows that are taken as normal.")
    var reference: String
    @Argument(help: "The CSV file with the rows to judge.")
    var current: String
    @Option(name: .long, help: "Write a page that needs no network and no script.")
    var html: String?
    @Option(name: .long, help: "Write the report as JSON; '-' prints it instead of the table.")
    var json: String?
    @Option(
        name: .long,
        help:
            "Detectors, separated by commas: tests of columns (ks, psi, …), mmd, lsdd, energy, domain_classifier, pca."
    )
    var detectors: String?
    @Option(name: .long, help: "The bound of every score. (default: each method's own)")
    var threshold: Double?
    @Option(name: .long, help: "How the number of columns is corrected for: none, bonferroni or fdr.")
    var correction = "none"
    @Option(name: .customLong("drift-share"), help: "The share of drifted columns that makes dataset drift.")
    var driftShare = 0.5
    @Option(name: .long, help: "The method of a column, as NAME=METHOD or NAME=METHOD:THRESHOLD; repeat for more.")
    var column: [String] = []
    @Option(name: .long, help: "What a column holds, as NAME=numeric, categorical or text; repeat for more.")
    var kind: [String] = []
    @Option(name: .long, help: "A column to leave out; repeat for more.")
    var ignore: [String] = []
    @Option(name: .long, help: "A column whose values split the rows into segments that are compared one by one.")
    var segment: String?
    @Option(name: .long, help: "The column of the labels.")
    var target: String?
    @Option(name: .long, help: "The column of the predictions.")
    var prediction: String?
    @Option(name: .long, help: "The heading of the page.")
    var title: String?
    @Flag(name: .customLong("fail-on-drift"), help: "End with status 3 when there is drift.")
    var failOnDrift = false
    @Flag(name: .long, help: "Print how long the parts took as one line of JSON, to standard error.")
    var timing = false

    func run() throws {
        do {
            var request = TableComparison(reference: reference, current: current)
            request.html = html
            request.json = json
            request.title = title
            request.failOnDrift = failOnDrift
            request.timing = timing
            request.options.segment = segment
            request.options.target = target
            request.options.prediction = prediction
            try request.readColumns(methods: column, kinds: kind, ignored: ignore)
            try request.readDetectors(detectors)
            try request.readBounds(threshold: threshold, correction: correction, driftShare: driftShare)
            let status = try request.run(.standard)
            guard status == 0 else { throw ExitCode(status) }
        } catch let error as MartletError {
            throw CommandFailure(description: DisplayText.safe(error.message))
        }
    }
}
