import ArgumentParser
import Core

/// `martlet model diff MODEL A B`.
struct ModelDiff: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compare two versions: params and metrics of their runs, tags, signature, files by checksum."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The model's name.")
    var model: String
    @Argument(help: "A version's number or alias.")
    var first: String
    @Argument(help: "Another version's number or alias.")
    var second: String
    @Flag(name: .long, help: "What is the same, too.")
    var all = false

    func run(_ session: Session) async throws {
        let sides = [try await side(first, session), try await side(second, session)]
        let rows = Self.rows(sides).filter { all || $0.differs }
        if session.json {
            let json = rows.map { row -> JSONValue in
                [
                    "kind": .string(row.kind), "key": .string(row.key), "differs": .bool(row.differs),
                    "values": .array(row.values.map { $0.map(JSONValue.string) ?? .null }),
                ]
            }
            let versions = sides.map { JSONValue.string($0.version) }
            _ = session.wroteJSON([
                "model": .string(model), "versions": .array(versions), "rows": .array(json),
            ])
            return
        }
        var columns: [TextTable.Column] = [
            .init(title: "", isFixed: true, colour: { $0 == "≠" ? .busy : nil }), .init(title: "KIND"),
            .init(title: "KEY"),
        ]
        columns += sides.map { TextTable.Column(title: "VERSION \(DisplayText.safe($0.version))") }
        var table = TextTable(columns)
        for row in rows {
            let values = row.kind == "file" ? row.values.map { $0.map(Self.short) ?? "–" } : row.texts
            table.add([row.differs ? "≠" : " ", row.kind, row.key] + values)
        }
        table.write(to: session.terminal, empty: "The versions do not differ.")
    }

    /// What is known about a version.
    struct Side {
        let version: String
        let run: RunData?
        let tags: [String: String]
        let inputs: [String: String]
        let outputs: [String: String]
        let files: [String: String]
    }

    private func side(_ reference: String, _ session: Session) async throws -> Side {
        let prefix = "/api/2.0/mlflow"
        let answer =
            Int(reference) != nil
            ? try await session.server.get(
                "\(prefix)/model-versions/get",
                query: [("name", model), ("version", reference)]
            )
            : try await session.server.get(
                "\(prefix)/registered-models/alias",
                query: [("name", model), ("alias", reference)]
            )
        let version = answer["model_version"]
        let number = Words.text(version?["version"])
        let detail = try await session.server.get(
            "/api/martlet/v1/models/\(ServerClient.segment(model))/versions/\(ServerClient.segment(number))"
        )
        var tags: [String: String] = [:]
        for tag in version?["tags"]?.arrayValue ?? [] { tags[Words.text(tag["key"])] = Words.text(tag["value"]) }
        var files: [String: String] = [:]
        for file in detail["files"]?.arrayValue ?? [] {
            files[Words.text(file["path"])] = "\(Words.text(file["sha256"])) \(Words.text(file["size"]))"
        }
        return Side(
            version: number,
            run: try await run(version?["run_id"]?.stringValue ?? "", session),
            tags: tags,
            inputs: Self.columns(detail["signature"]?["inputs"]),
            outputs: Self.columns(detail["signature"]?["outputs"]),
            files: files
        )
    }

    /// The run that made a version; it may have been removed since.
    private func run(_ id: String, _ session: Session) async throws -> RunData? {
        guard !id.isEmpty else { return nil }
        do {
            return RunData(try await MLflowPages(session).run(id))
        } catch let error as MartletError where error.code == .notFound {
            return nil
        }
    }

    private static func columns(_ fields: JSONValue?) -> [String: String] {
        var columns: [String: String] = [:]
        for (index, field) in (fields?.arrayValue ?? []).enumerated() {
            let name = field["name"]?.stringValue ?? "\(index)"
            let isOptional = field["required"]?.boolValue == false
            columns[name] = Words.text(field["type"]) + (isOptional ? " (optional)" : "")
        }
        return columns
    }

    static func rows(_ sides: [Side]) -> [RunCompare.Row] {
        RunCompare.rows("param", sides.map { $0.run?.params ?? [:] })
            + RunCompare.rows("metric", sides.map { ($0.run?.metrics ?? [:]).mapValues(RunSheet.number) })
            + RunCompare.rows("tag", sides.map(\.tags)) + RunCompare.rows("input", sides.map(\.inputs))
            + RunCompare.rows("output", sides.map(\.outputs)) + RunCompare.rows("file", sides.map(\.files))
    }

    /// The beginning of a checksum, and the size.
    private static func short(_ text: String) -> String {
        let parts = text.split(separator: " ")
        guard parts.count == 2 else { return text }
        return "\(parts[0].prefix(12))… \(parts[1]) B"
    }
}
