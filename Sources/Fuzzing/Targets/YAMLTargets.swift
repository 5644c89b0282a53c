import Core
import Datasets
import Loop
import Monitoring
import Pipelines
import Server
import Serving

extension FuzzTarget {
    /// YAML into values: the same text is the same value, and a document of plain JSON means what JSON means.
    static let yaml = FuzzTarget(
        "yaml",
        "YAML documents",
        seeds: [
            "a: 1\nb: [x, 'y', \"z\"]\nc:\n  - {d: e}\n  - - f\n", "&a [1]\n", "a: &x {b: 1}\nc: *x\n",
            "- 1\n- null\n- ~\n",
            "a: |\n  text\n  more\nb: >-\n  folded\n", "{\"a\": [1, true, null, \"b\"]}", "? a\n: b\n", "!!int '3'\n",
            "a: &a [*a]\n", "--- 1\n...\n--- 2\n", "<<: {a: 1}\n", "1: 2\n", "a: 0o17\nb: 0x1F\nc: .inf\nd: 1_000\n",
        ],
        words: [
            "&a", "*a", "<<", "!!", "|", ">", "- ", "? ", ": ", "---", "...", "{", "}", "[", "]", "#", "%YAML 1.2\n",
        ],
        forms: [.text, .json]
    ) { bytes in
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw MartletError(.invalidArgument, "No text.")
        }
        let value = try YAMLDocument.parse(text)
        let printed = String(decoding: value.serialized(), as: UTF8.self)
        if isPlain(value) {
            let again = try reading("JSON that YAML shares, \(printed),") { try YAMLDocument.parse(printed) }
            try require(again == value, "printed as JSON it is another value: \(printed)")
        }
        return Fingerprint.structure(of: value)
    }

    /// Manifests: the strict readers of all sections.
    static let manifest = FuzzTarget(
        "manifest",
        "manifests and pipelines",
        seeds: [manifestText, "version: 1\n", "version: 1\npipelines: {p: {tasks: {t: {script: \"exit 1\"}}}}\n"],
        words: [
            "version", "data", "pipelines", "deployments", "monitors", "triggers", "tasks", "needs", "with", "run",
            "script", "step", "retries", "timeout", "5s", "1e9h", "${parameters.x}", "${tasks.a.y}", "source",
            "columns",
            "checks", "split", "rollout", "detectors", "null", "[]", "{}", "-1", "1.5", "true",
        ],
        forms: [.text, .json],
        longest: 8192
    ) { bytes in
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw MartletError(.invalidArgument, "No text.")
        }
        let fields = try JSONFields(try YAMLDocument.parse(text), path: "")
        var parts: UInt64 = 0
        if let data = fields.value("data") { parts |= try DatasetSpec.parseSection(data).isEmpty ? 0 : 1 }
        if let section = fields.value("pipelines") {
            for pipeline in try PipelineSpec.parseSection(section, steps: []) {
                parts |= 2 << UInt64(min(pipeline.tasks.count, 8))
            }
        }
        if let section = try fields.optionalObject("deployments") {
            for (name, value) in section.pairs {
                let deployment = try DeploymentSpec(name: name, fields: JSONFields(value, path: "deployments.\(name)"))
                let again = try reading("the deployment that is stored") {
                    try DeploymentSpec(name: name, fields: JSONFields(deployment.json, path: ""))
                }
                try require(again == deployment, "stored and read it is another deployment")
                parts |= 1 << 16
            }
        }
        if let section = try fields.optionalObject("monitors") {
            for (name, value) in section.pairs {
                _ = try MonitorSpec(name: name, JSONFields(value, path: "monitors.\(name)"))
                parts |= 1 << 17
            }
        }
        if let triggers = fields.value("triggers") {
            parts |= try TriggerSpec.section(triggers).isEmpty ? 0 : 1 << 18
        }
        return parts
    }

    private static let manifestText = """
        version: 1
        data:
          d: {source: {file: a.csv, skip_lines: 1, block_rows: 100}, columns: [x, y], target: {column: y, classes: [a, b]},
            checks: [{nulls: 0}, {column: x, min: 0, max: 100}], split: {train: 0.5, test: 0.5, seed: 7}}
        pipelines:
          p: {parameters: {n: 20}, tasks: {a: {run: [echo, "${parameters.n}"], retries: 1, timeout: 120s},
            b: {script: "exit 0", needs: [a], env: {K: v}}}}
        deployments:
          c: {model: c, alias: production, rollout: {steps: [10, 100], bake: 4s, minimum_samples: 40,
            checks: {error_rate: {max: 0.01}, quality: {max_drop: 0.05}}, on_inconclusive: hold, timeout: 60s}}
        monitors:
          m: {deployment: c, window: 100, minimum: 60, interval: 1s, detectors: {ks: {p_value: 0.01}}, hysteresis: 2}
        triggers:
          t: {when: {monitor: m}, pipeline: p, gate: {metric: accuracy, min_delta: 0.0}, model: c, alias: production,
            cooldown: 60s}

        """

    /// Whether YAML writes the value as JSON does: no fractions, no texts with what YAML escapes in its own way or with
    /// brackets, which count as nesting before the text is parsed.
    private static func isPlain(_ value: JSONValue) -> Bool {
        switch value {
        case .number: false
        case .string(let text): isPlain(text)
        case .array(let elements): elements.allSatisfy(isPlain)
        case .object(let object): object.pairs.allSatisfy { isPlain($0.0) && isPlain($0.1) && $0.0.utf8.count < 100 }
        default: true
        }
    }

    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy {
            $0 >= 0x20 && $0 < 0x7F && $0 != 0x2F && $0 != 0x5C && $0 != 0x22 && $0 != 0x5B && $0 != 0x7B
        }
    }
}
