import ArgumentParser
import Core

/// `martlet data ingest NAME`.
struct DataIngest: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Read a dataset's source now, from where the last reading ended.",
        discussion: """
            Waits for the end. Interrupted, it goes on at the block where it was when it is asked again; in a pipeline the \
            step data.ingest does the same.
            """
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The dataset's name.")
    var name: String

    func run(_ session: Session) async throws {
        let path = "/api/martlet/v1/data/\(ServerClient.segment(name))/ingest"
        let report: JSONValue
        do {
            report = try await session.server.send("POST", path)
        } catch let error as MartletError where error.code == .deadlineExceeded {
            // The server reads on; a large source takes longer than a command waits for one answer.
            report = try await followed(session)
        }
        guard !session.wroteJSON(report) else { return }
        var facts = Facts()
        facts.add("rows", Words.text(report["rows"]))
        facts.add("new blocks", Words.text(report["new_blocks"]))
        facts.add("there before", Words.text(report["resumed_at_row"]))
        facts.add("replaced by key", Words.text(report["updated_rows"]))
        facts.add("invalid cells", Words.text(report["invalid_cells"]))
        facts.add("version", Words.text(report["version"]))
        facts.write(to: session.terminal)
    }

    /// Looks again and again until the dataset is complete, as long as it grows.
    private func followed(_ session: Session) async throws -> JSONValue {
        var seen: [JSONValue?] = []
        var changed = ContinuousClock.now
        while ContinuousClock.now - changed < CommandLimits.requestTimeout {
            try await Task.sleep(for: CommandLimits.followInterval)
            let dataset = try await session.server.get("/api/martlet/v1/data/\(ServerClient.segment(name))")
            if dataset["version"]?.stringValue != nil {
                return ["rows": dataset["clean_rows"] ?? .null, "version": dataset["version"] ?? .null]
            }
            let rows = [dataset["raw_rows"], dataset["clean_rows"]]
            if rows != seen { (seen, changed) = (rows, ContinuousClock.now) }
        }
        throw MartletError(
            .deadlineExceeded,
            "The dataset '\(name)' is not complete and does not grow; see the server's log, then ingest it again."
        )
    }
}
