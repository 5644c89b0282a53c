import Core
import Foundation
import Pipelines
import Testing

/// The published JSON Schema says what the parser says.
struct PipelineSchemaTests {
    private static let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

    private static let steps = [
        BuiltinStep(name: "data.ingest", summary: "", parameters: [StepParameter("dataset", "")]) { _ in [:] }
    ]

    /// Whether the parser takes a section.
    private func parses(_ section: JSONValue) -> Bool {
        do {
            _ = try PipelineSpec.parseSection(section, steps: Self.steps)
            return true
        } catch {
            return false
        }
    }

    private func validates(_ section: JSONValue) -> Bool {
        SchemaValidator(PipelineSchema.document).accepts(["pipelines": section])
    }

    /// A pipeline that has every key, in each of its forms.
    private static let everything: JSONValue = [
        "p": [
            "description": "All of it.",
            "parameters": [
                "n": 1, "must": nil, "list": [1, 2],
                "rate": [
                    "type": "number", "default": 0.1, "min": 0, "max": 1, "choices": [0.1, 0.5], "description": "x",
                ],
            ],
            "on_failure": ["script": "true", "timeout": "5s"],
            "concurrency": ["limit": 2, "overlap": "cancel_running"],
            "pools": ["gpu": 2], "parallel": 8, "priority": -5, "executor": "local",
            "triggers": [:],
            "tasks": [
                "a": ["step": "data.ingest", "with": ["dataset": "d"], "cache": true],
                "b": [
                    "run": ["python3", "x.py", "${outputs.model}"], "needs": ["a"],
                    "env": ["A": 1, "B": "${matrix.x}"],
                    "secrets": ["KEY": "key"],
                    "retries": ["limit": 2, "backoff": "1s", "factor": 3, "cap": "1m", "jitter": 0.5],
                    "timeout": 90, "matrix": ["x": [1, 2], "y": "${parameters.list}", "exclude": [["x": 1]]],
                    "fan_out": ["limit": 10, "parallel": 2], "when": "${parameters.n} > 0", "on_failure": "continue",
                    "cache": ["age": "7d", "files": ["src"], "version": "1"], "outputs": ["model": "out/model"],
                    "pool": ["name": "gpu", "slots": 2], "priority": 3, "queue": "gpu",
                    "resources": [
                        "memory": "1GiB", "disk": "1GiB", "cpus": 0.5, "cpu_time": "1h", "open_files": 64,
                        "processes": 5,
                        "network": "off",
                    ],
                ],
                "c": [
                    "container": ["image": "alpine:3", "command": ["sh"], "args": ["-c", "true"]], "needs": ["b"],
                    "inputs": ["model": ["from": "b.model", "path": "m"], "other": "b.model"],
                    "foreach": "${tasks.b.outputs.k}", "secrets": ["key"], "pool": "gpu",
                ],
                "d": ["run": "echo x | cat", "shell": true, "retries": 3, "backoff": "2s", "foreach": [1, 2]],
                "e": ["script": "true", "outputs": ["x": nil], "on_failure": ["run": ["true"]]],
            ],
        ]
    ]

    @Test func everythingIsTakenByBoth() throws {
        #expect(validates(Self.everything))
        _ = try PipelineSpec.parseSection(Self.everything, steps: Self.steps)
    }

    @Test func everyKeyOfTheSchemaIsUsedAbove() throws {
        let pipeline = try #require(Self.everything["p"])
        let definitions = try #require(PipelineSchema.definitions.objectValue)
        let pipelineKeys = definitions["pipeline"]?["properties"]?.objectValue?.keys ?? []
        #expect(Set(pipelineKeys) == Set(pipeline.objectValue?.keys ?? []))
        let used = (pipeline["tasks"]?.objectValue?.pairs ?? []).flatMap { $0.1.objectValue?.keys ?? [] }
        #expect(Set(definitions["task"]?["properties"]?.objectValue?.keys ?? []) == Set(used))
    }

    @Test(arguments: [
        #"{"p": {"tasks": {"a": {"run": ["true"], "neds": ["b"]}}}}"#,
        #"{"p": {"tasks": {"a": {"run": ["true"], "script": "true"}}}}"#, #"{"p": {"tasks": {"a": {}}}}"#,
        #"{"p": {"tasks": {"a b": {"run": ["true"]}}}}"#, #"{"p": {"tasks": {"a": {"run": ["true"], "retries": 21}}}}"#,
        #"{"p": {"tasks": {"a": {"run": ["true"], "timeout": "soon"}}}}"#, #"{"p": {"tasks": {}, "schedule": 1}}"#,
        #"{"p": {"tasks": {"a": {"run": ["true"], "fan_out": {"limits": 1}}}}}"#, #"{"p": {"parameters": {}}}"#,
        #"{"p": {"concurrency": {"limit": 0}, "tasks": {"a": {"run": ["true"]}}}}"#,
        #"{"p": {"tasks": {"a": {"run": ["true"], "on_failure": "ignore"}}}}"#,
        #"{"p": {"tasks": {"a": {"run": ["true"], "env": {"MARTLET_X": 1}}}}}"#,
    ])
    func whatOneRefusesTheOtherDoes(text: String) throws {
        let section = try JSONValue.parse(text)
        #expect(!validates(section), "the schema takes \(text)")
        #expect(!parses(section), "the parser takes \(text)")
    }

    @Test(arguments: [("martlet", PipelineSchema.manifest), ("pipelines", PipelineSchema.document)])
    func thePublishedFilesAreThese(name: String, schema: JSONValue) throws {
        let file = Self.here.appendingPathComponent("../../docs/schema/\(name).json").standardizedFileURL
        let text = schema.prettyPrinted() + "\n"
        if ProcessInfo.processInfo.environment["MARTLET_WRITE_SCHEMA"] != nil {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let published = try? String(contentsOf: file, encoding: .utf8)
        #expect(published == text, "write what `martlet schema \(name)` prints to docs/schema/\(name).json")
    }

    /// Every example of the page, as YAML's own reader is not at hand here: blocks are checked by `Tests/Interop`.
    @Test func everyKeyOfThePageIsOne() throws {
        let page = try String(
            contentsOf: Self.here.appendingPathComponent("../../docs/pipelines.md").standardizedFileURL,
            encoding: .utf8
        )
        for key in PipelineSchema.definitions["task"]?["properties"]?.objectValue?.keys ?? [] {
            #expect(page.contains("`\(key)`") || page.contains("\(key):"), "the page does not mention '\(key)'")
        }
    }
}

/// As much of JSON Schema as the published one uses.
struct SchemaValidator {
    private let root: JSONValue

    init(_ root: JSONValue) {
        self.root = root
    }

    func accepts(_ value: JSONValue) -> Bool { accepts(value, root) }

    private func accepts(_ value: JSONValue, _ schema: JSONValue) -> Bool {
        guard let rules = schema.objectValue else { return schema != false }
        if let reference = rules["$ref"]?.stringValue {
            let name = reference.split(separator: "/").last.map(String.init) ?? ""
            guard let target = root["$defs"]?[name], accepts(value, target) else { return false }
        }
        if let all = rules["enum"]?.arrayValue, !all.contains(value) { return false }
        if let only = rules["const"], only != value { return false }
        if let any = rules["anyOf"]?.arrayValue, !any.contains(where: { accepts(value, $0) }) { return false }
        if let one = rules["oneOf"]?.arrayValue, one.count(where: { accepts(value, $0) }) != 1 { return false }
        if let type = rules["type"] {
            let names = type.arrayValue?.compactMap(\.stringValue) ?? [type.stringValue ?? ""]
            guard names.contains(where: { isOf($0, value) }) else { return false }
        }
        return acceptsNumber(value, rules) && acceptsText(value, rules) && acceptsList(value, rules)
            && acceptsObject(value, rules)
    }

    private func isOf(_ type: String, _ value: JSONValue) -> Bool {
        switch type {
        case "object": value.objectValue != nil
        case "array": value.arrayValue != nil
        case "string": value.stringValue != nil
        case "boolean": value.boolValue != nil
        case "integer": value.integerValue != nil
        case "number": value.doubleValue != nil
        default: value == .null
        }
    }

    private func acceptsNumber(_ value: JSONValue, _ rules: JSONObject) -> Bool {
        guard let number = value.doubleValue else { return true }
        return number >= rules["minimum"]?.doubleValue ?? -.infinity
            && number <= rules["maximum"]?.doubleValue ?? .infinity
    }

    private func acceptsText(_ value: JSONValue, _ rules: JSONObject) -> Bool {
        guard let text = value.stringValue, let pattern = rules["pattern"]?.stringValue else { return true }
        return text.range(of: pattern, options: .regularExpression) != nil
    }

    private func acceptsList(_ value: JSONValue, _ rules: JSONObject) -> Bool {
        guard let elements = value.arrayValue else { return true }
        guard Int64(elements.count) >= rules["minItems"]?.integerValue ?? 0 else { return false }
        guard Int64(elements.count) <= rules["maxItems"]?.integerValue ?? .max else { return false }
        return rules["items"].map { schema in elements.allSatisfy { accepts($0, schema) } } ?? true
    }

    private func acceptsObject(_ value: JSONValue, _ rules: JSONObject) -> Bool {
        guard let object = value.objectValue else { return true }
        for key in rules["required"]?.arrayValue ?? [] where object[key.stringValue ?? ""] == nil { return false }
        for (key, member) in object.pairs {
            if let schema = rules["properties"]?[key] {
                guard accepts(member, schema) else { return false }
                continue
            }
            let patterns = rules["patternProperties"]?.objectValue?.pairs ?? []
            if let (_, schema) = patterns.first(where: { key.range(of: $0.0, options: .regularExpression) != nil }) {
                guard accepts(member, schema) else { return false }
                continue
            }
            if let schema = rules["additionalProperties"], !accepts(member, schema) { return false }
        }
        return true
    }
}
