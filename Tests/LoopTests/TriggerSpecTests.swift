import Core
import Loop
import Testing

/// The manifest's `triggers:` section is read strictly.
struct TriggerSpecTests {
    @Test func readsEveryField() throws {
        let spec = try TriggerSpec(
            name: "t",
            definition: [
                "when": ["monitor": "m"], "pipeline": "p", "parameters": ["trials": 3], "model": "cancer",
                "gate": ["metric": "accuracy", "min_delta": 0.01, "minimum": 0.9], "alias": "production",
                "cooldown": "90s", "budget": 5, "minimum_labelled": 40, "timeout": "10m",
            ]
        )
        #expect(spec.monitor == "m")
        #expect(spec.parameters == ["trials": 3])
        #expect(spec.gate == GateRule(metric: "accuracy", minimumDelta: 0.01, minimum: 0.9))
        #expect(spec.policy == .init(cooldown: .seconds(90), budget: 5, minimumLabelled: 40))
        #expect(spec.timeout == .seconds(600))
    }

    @Test func hasDefaults() throws {
        let spec = try TriggerSpec(
            name: "t",
            definition: ["pipeline": "p", "gate": ["metric": "auroc"], "model": "m", "alias": "a"]
        )
        #expect(spec.monitor == nil)
        #expect(spec.parameters.isEmpty)
        #expect(spec.gate == GateRule(metric: "auroc", minimumDelta: 0))
        #expect(spec.policy == .init(cooldown: .seconds(3600), budget: 24, minimumLabelled: nil))
        #expect(spec.policy.needed(for: .drift) == 1 && spec.policy.needed(for: .data) == 0)
        #expect(spec.timeout == .seconds(86_400))
    }

    static let refusals: [(String, JSONValue, String)] = [
        ("pipeline", .null, "triggers.t.pipeline"),
        ("pipeline", "", "triggers.t.pipeline"),
        ("model", 3, "triggers.t.model"),
        ("alias", .null, "triggers.t.alias"),
        ("when", ["monitors": "x"], "triggers.t.when.monitors"),
        ("when", ["monitor": ""], "triggers.t.when.monitor"),
        ("when", "drift", "triggers.t.when"),
        ("gate", .null, "triggers.t.gate"),
        ("gate", ["metric": "a", "delta": 1], "triggers.t.gate.delta"),
        ("gate", ["metric": "a", "min_delta": "x"], "triggers.t.gate.min_delta"),
        ("gate", ["metric": "a", "minimum": .number(.infinity)], "triggers.t.gate.minimum"),
        ("budget", 0, "triggers.t.budget"),
        ("budget", 10_001, "triggers.t.budget"),
        ("minimum_labelled", -1, "triggers.t.minimum_labelled"),
        ("cooldown", "soon", "triggers.t.cooldown"),
        ("timeout", -1, "triggers.t.timeout"),
        ("colour", "red", "triggers.t.colour"),
        ("parameters", [], "triggers.t.parameters"),
    ]

    @Test(arguments: refusals)
    func refusesAndNamesTheField(_ key: String, _ value: JSONValue, _ field: String) throws {
        var definition: JSONObject = ["pipeline": "p", "gate": ["metric": "a"], "model": "m", "alias": "a"]
        definition[key] = value
        let error = #expect(throws: MartletError.self) {
            try TriggerSpec(name: "t", definition: .object(definition))
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("'\(field)'") == true, "\(error?.message ?? "")")
    }

    @Test(arguments: ["", "-a", ".a", "a b", "a/b", "é", String(repeating: "a", count: 101)])
    func refusesNames(_ name: String) {
        #expect(throws: MartletError.self) {
            try TriggerSpec(
                name: name,
                definition: ["pipeline": "p", "gate": ["metric": "a"], "model": "m", "alias": "a"]
            )
        }
    }

    @Test func theSectionKeepsItsOrderAndItsLimit() throws {
        let one: JSONValue = ["pipeline": "p", "gate": ["metric": "a"], "model": "m", "alias": "a"]
        #expect(try TriggerSpec.section(["b": one, "a": one]).map(\.name) == ["b", "a"])
        func section(_ count: Int) -> JSONValue { .object(JSONObject((0..<count).map { ("t\($0)", one) })) }
        #expect(try TriggerSpec.section(section(LoopLimits.maximumTriggers)).count == LoopLimits.maximumTriggers)
        #expect(throws: MartletError.self) { try TriggerSpec.section(section(LoopLimits.maximumTriggers + 1)) }
        #expect(throws: MartletError.self) { try TriggerSpec.section([]) }
    }
}
