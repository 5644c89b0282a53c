import ArgumentParser
import Core

/// `martlet run list`.
struct RunList: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List tracked runs, newest first.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions
    @OptionGroup var selection: RunSelection
    @Option(
        name: .long,
        help:
            "What to show, separated by commas: name, status, started, took, experiment, user, metrics.KEY, params.KEY, tags.KEY."
    )
    var columns: String?

    func run(_ session: Session) async throws {
        let columns = try self.columns.map { (text) throws(MartletError) in try RunColumn.parse(text) }
        let runs = try await selection.runs(session, limit: list.limit)
        guard !session.wroteJSON(["runs": .array(runs)]) else { return }
        guard let columns else {
            RunTable.write(runs, to: session.terminal, now: session.clock.now)
            return
        }
        RunTable.write(runs, columns: columns, to: session.terminal, now: session.clock.now)
    }
}
