import ArgumentParser
import Core

/// `martlet run compare RUN RUN…`.
struct RunCompare: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare runs: params, metrics and tags side by side, differences marked with ≠."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The runs' ids, 2 to \(CommandLimits.comparedRuns).")
    var runs: [String]
    @Flag(name: .long, help: "Only what differs.")
    var differences = false
    @Flag(name: .customLong("system-tags"), help: "The tags that MLflow sets itself, too.")
    var systemTags = false

    func validate() throws {
        guard (2...CommandLimits.comparedRuns).contains(runs.count) else {
            throw ValidationError("Name 2 to \(CommandLimits.comparedRuns) runs.")
        }
    }

    func run(_ session: Session) async throws {
        var answers: [JSONValue] = []
        for id in runs { answers.append(try await MLflowPages(session).run(id)) }
        let found = answers.map(RunData.init)
        let rows = Self.rows(found, systemTags: systemTags).filter { !differences || $0.differs }
        if session.json {
            let json = rows.map { row -> JSONValue in
                [
                    "kind": .string(row.kind), "key": .string(row.key), "differs": .bool(row.differs),
                    "values": .array(row.values.map { $0.map(JSONValue.string) ?? .null }),
                ]
            }
            _ = session.wroteJSON(["runs": .array(found.map { .string($0.id) }), "rows": .array(json)])
            return
        }
        var columns: [TextTable.Column] = [
            .init(title: "", isFixed: true, colour: { $0 == "≠" ? .busy : nil }), .init(title: "KIND"),
            .init(title: "KEY"),
        ]
        columns += found.map { TextTable.Column(title: DisplayText.safe($0.name), alignment: .right) }
        var table = TextTable(columns)
        for row in rows {
            table.add([row.differs ? "≠" : " ", row.kind, row.key] + row.texts)
        }
        table.write(to: session.terminal, empty: differences ? "The runs do not differ." : "Nothing was logged.")
    }

    /// One line of a comparison.
    struct Row: Equatable {
        let kind: String
        let key: String
        /// A value for every run; nil if a run has none.
        let values: [String?]

        var differs: Bool { Set(values).count > 1 }

        /// The values as a table shows them; numbers that differ only far behind the point look alike there.
        var texts: [String] {
            values.map { value in
                guard let value else { return "–" }
                return kind == "metric" ? Double(value).map(Words.number) ?? value : value
            }
        }
    }

    static func rows(_ runs: [RunData], systemTags: Bool) -> [Row] {
        let params = rows("param", runs.map(\.params))
        let metrics = rows("metric", runs.map { $0.metrics.mapValues(RunSheet.number) })
        let tags = rows(
            "tag",
            runs.map { run in run.tags.filter { systemTags || !$0.key.hasPrefix("mlflow.") } }
        )
        return params + metrics + tags
    }

    static func rows(_ kind: String, _ sides: [[String: String]]) -> [Row] {
        Set(sides.flatMap(\.keys)).sorted().map { key in
            Row(kind: kind, key: key, values: sides.map { $0[key] })
        }
    }
}
