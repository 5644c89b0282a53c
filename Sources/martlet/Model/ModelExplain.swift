import ArgumentParser
import Core
import Foundation

/// `martlet model explain NAME/VERSION`.
struct ModelExplain: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say why a version answers as it does: SHAP values, interactions, permutations, partial dependence."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The version as NAME/VERSION or NAME@ALIAS.")
    var model: String
    @Option(name: .long, help: "A CSV file with the rows to explain; '-' reads standard input.")
    var rows: String?
    @Option(name: .long, help: "A dataset with the rows to explain, in place of a file.")
    var dataset: String?
    @Option(name: .long, help: "The part of the dataset's split.")
    var split: String?
    @Option(name: .long, help: "The column with the truth, which permutations need.")
    var target: String?
    @Option(name: .long, help: "shap, interactions, kernel, permutation or pdp.")
    var kind = "shap"
    @Option(name: .long, help: "A feature: of a dependence plot one, of pdp one or two (repeat the option).")
    var feature: [String] = []
    @Option(name: .customLong("class"), help: "The output that is explained: a class. (default: the last)")
    var output: String?
    @Option(name: .long, help: "A picture: beeswarm, bar, waterfall, force, decision, dependence, heat or pdp.")
    var plot: String?
    @Option(name: .customLong("to"), help: "The file that the picture is written to. (default: standard output)")
    var file: String?
    @Option(name: .long, help: "The row that a waterfall or a force plot shows, from 0.")
    var row = 0
    @Option(name: .long, help: "How often each feature is shuffled.")
    var repeats: Int?
    @Option(name: .long, help: "What random choices come from.")
    var seed: Int?
    @Option(name: .long, help: "What permutations are judged by, such as accuracy, auroc, log_loss or rmse.")
    var score: String?
    @Option(name: .long, help: "Most rows to look at.")
    var limit: Int?

    func validate() throws {
        guard (rows == nil) != (dataset == nil) else { throw ValidationError("Give either --rows or --dataset.") }
        guard file == nil || plot != nil else { throw ValidationError("--to needs --plot.") }
    }

    func run(_ session: Session) async throws {
        let (name, version) = try Self.version(model)
        var body: JSONObject = ["kind": .string(kind), "row": .int(row)]
        if let rows { body["rows"] = try Self.table(rows) }
        for (key, value) in [
            ("dataset", dataset), ("split", split), ("target", target), ("output", output), ("plot", plot),
            ("score", score),
        ] where value != nil { body[key] = value.map { .string($0) } }
        for (key, value) in [("repeats", repeats), ("seed", seed), ("limit", limit)] where value != nil {
            body[key] = value.map { .int($0) }
        }
        if !feature.isEmpty { body["features"] = .array(feature.map { .string($0) }) }
        let path =
            "/api/martlet/v1/models/\(ServerClient.segment(name))/versions/\(ServerClient.segment(version))/explain"
        let answer = try await session.server.send("POST", path, .object(body))
        if let svg = answer["svg"]?.stringValue, let file {
            try OutputFile.write(svg, to: file)
            session.terminal.note("Wrote \(file).")
            guard session.json else { return }
        }
        guard !session.wroteJSON(answer) else { return }
        if let svg = answer["svg"]?.stringValue { return session.terminal.line(svg) }
        Self.write(answer, to: session.terminal)
    }

    /// `cancer/3` and `cancer@production`.
    static func version(_ text: String) throws(MartletError) -> (name: String, version: String) {
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "/" || $0 == "@" }
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw MartletError(.invalidArgument, "Write the version like cancer/3 or cancer@production, not '\(text)'.")
        }
        return (String(parts[0]), String(parts[1]))
    }

    private static func table(_ path: String) throws -> JSONValue {
        let bytes: [UInt8]
        do {
            bytes =
                path == "-"
                ? Array(try FileHandle.standardInput.readToEnd() ?? Data())
                : Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw MartletError(.notFound, "'\(path)' cannot be read.", cause: error)
        }
        let table = try CSV.parse(bytes)
        let data = (0..<table.rowCount).map { row in
            JSONValue.array(
                table.columns.map { column in
                    switch column.values {
                    case .numbers(let values): values[row].isFinite ? .number(values[row]) : .null
                    case .integers(let values): values[row].map { .integer($0) } ?? .null
                    case .strings(let values): values[row].map { .string($0) } ?? .null
                    }
                }
            )
        }
        return ["columns": .array(table.columns.map { .string($0.name) }), "data": .array(data)]
    }

    private static func write(_ answer: JSONValue, to terminal: Terminal) {
        if let list = answer["importance"]?.arrayValue {
            var table = TextTable([
                .init(title: "FEATURE"), .init(title: "LOSS", alignment: .right),
                .init(title: "LOW", alignment: .right),
                .init(title: "HIGH", alignment: .right),
            ])
            for item in list {
                table.add([
                    item["feature"]?.stringValue ?? "", number(item["mean"]), number(item["low"]), number(item["high"]),
                ])
            }
            terminal.line(
                "\(answer["score"]?.stringValue ?? "") \(number(answer["baseline"])) with nothing shuffled"
            )
            return table.write(to: terminal, empty: "There are no features.")
        }
        if let importance = answer["importance"]?.objectValue {
            var table = TextTable([.init(title: "FEATURE"), .init(title: "MEAN |SHAP|", alignment: .right)])
            for (name, value) in importance.pairs { table.add([name, number(value)]) }
            terminal.line(
                "\(answer["unit"]?.stringValue ?? "") of \(answer["output"]?.stringValue ?? ""), average "
                    + number(answer["base_value"])
            )
            return table.write(to: terminal, empty: "There are no features.")
        }
        terminal.line(answer.prettyPrinted())
    }

    private static func number(_ value: JSONValue?) -> String {
        value?.doubleValue.map { String(format: "%.4f", $0) } ?? "-"
    }
}
