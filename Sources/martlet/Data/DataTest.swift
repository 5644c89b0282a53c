import ArgumentParser
import Core

/// `martlet data test CURRENT`.
struct DataTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Test the quality of a CSV file, alone or against a reference.",
        discussion: """
            Needs no server. Without --suite the tests are derived: from the reference with a tolerance of 10 %, or else that \
            nothing is missing, repeated, empty or constant. The status is 0 when every critical test passes, 3 when one \
            does not, and 1 when something is wrong.
            """
    )

    @Argument(help: "The CSV file with the rows to test.")
    var current: String
    @Option(name: .long, help: "A CSV file with rows that are as they should be.")
    var reference: String?
    @Option(name: .long, help: "A suite of tests, YAML or JSON.")
    var suite: String?
    @Option(name: .long, help: "Write the report as JSON; '-' prints it instead of the table.")
    var json: String?
    @Option(name: .long, help: "Write the profile of the file as JSON.")
    var profile: String?
    @Option(
        name: .customLong("save-suite"),
        help: "Write the tests that the reference asks for as a suite, to be edited and kept."
    )
    var saveSuite: String?
    @Flag(name: .long, help: "List the tests that pass as well.")
    var all = false

    func validate() throws {
        guard saveSuite == nil || reference != nil else {
            throw ValidationError("'--save-suite' needs '--reference'.")
        }
    }

    func run() throws {
        do {
            var run = QualityRun(current: current)
            run.reference = reference
            run.suite = suite
            run.json = json
            run.profile = profile
            run.savedSuite = saveSuite
            run.showsAll = all
            let status = try run.run(.standard)
            guard status == 0 else { throw ExitCode(status) }
        } catch let error as MartletError {
            throw CommandFailure(description: DisplayText.safe(error.message))
        }
    }
}
