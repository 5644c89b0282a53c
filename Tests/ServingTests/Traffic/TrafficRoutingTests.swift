import Core
import HTTPTypes
import Ledger
import Rollouts
import Runtimes
import Serving
import Synchronization
import TestSupport
import Testing

@Suite("Traffic: shares, routes, sticky keys and shadows", .overEveryDatabase)
struct TrafficRoutingTests {
    /// Version 1 serves; versions 2 and 3 exist, `@champion` names 2.
    private func harness(_ traffic: TrafficSpec, rollout: RolloutSpec = .errorsOnly) async throws -> ServingHarness {
        let harness = try await ServingHarness()
        harness.registry.register(1, LinearRuntime(featureCount: 2))
        harness.registry.add(2, LinearRuntime(featureCount: 2, slope: 2))
        harness.registry.add(3, LinearRuntime(featureCount: 2, slope: -1))
        harness.registry.state.withLock { $0.others["champion"] = 2 }
        try await harness.controller.apply([Self.spec(traffic, rollout)])
        return harness
    }

    private static func spec(_ traffic: TrafficSpec, _ rollout: RolloutSpec = .errorsOnly) -> DeploymentSpec {
        DeploymentSpec(
            name: "cancer",
            reference: ModelReference(model: "cancer", selector: .alias("production")),
            traffic: traffic,
            rollout: rollout
        )
    }

    private func ask(
        _ harness: ServingHarness,
        _ id: String,
        _ row: [Float] = [1, 0],
        headers: [String: String] = [:]
    ) async throws -> Int {
        let deployment = try harness.table.find("cancer")
        let model = try await harness.plane.model(of: deployment)
        let request = InferenceRequest(
            id: id,
            deployment: deployment,
            rows: row,
            count: 1,
            via: .v2,
            readFor: model
        ) { headers[$0] }
        return try await harness.plane.infer(request).served.version
    }

    @Test("Shares by version and alias hold, also beside a rollout; an alias that moves takes its share along")
    func shares() async throws {
        let traffic = TrafficSpec(weights: [.init(.stable, 50), .init(.alias("champion"), 30), .init(.version(3), 20)])
        let harness = try await harness(traffic)
        func counts(_ round: String) async throws -> [Int: Int] {
            var counts: [Int: Int] = [:]
            for index in 0..<1000 { counts[try await ask(harness, "\(round)\(index)"), default: 0] += 1 }
            return counts
        }
        var seen = try await counts("a")
        #expect((430...570).contains(seen[1] ?? 0))
        #expect((240...360).contains(seen[2] ?? 0))
        #expect((140...260).contains(seen[3] ?? 0))
        let status = try await harness.status()
        #expect(status.versions.map(\.role) == ["stable", "shared", "shared"])
        #expect(status.versions.map(\.share) == [50, 30, 20])
        harness.registry.state.withLock { $0.others["champion"] = 3 }
        try await harness.step()
        seen = try await counts("b")
        #expect(seen[2] == nil)
        #expect((430...570).contains(seen[3] ?? 0))
        try await harness.ledger.flush()
        let arms = Set(try await harness.ledger.recentRows("cancer", limit: 1000).map(\.arm.rawValue))
        #expect(arms == ["stable", "v3"])
    }

    @Test("An alias that does not exist and a version that cannot be loaded leave their shares to the trusted version")
    func missing() async throws {
        let harness = try await harness(TrafficSpec(weights: [.init(.stable, 10), .init(.alias("nobody"), 90)]))
        for index in 0..<50 { #expect(try await ask(harness, "a\(index)") == 1) }
        #expect(
            try await harness.status().message?.contains("the alias 'nobody' of the model 'cancer' does not exist")
                == true
        )
        harness.registry.state.withLock { $0.others["nobody"] = 2 }
        try await harness.step()
        #expect(try await harness.status().message == nil)
        #expect(try await harness.status().versions.last?.version == 2)
        try await harness.controller.apply([Self.spec(TrafficSpec(shadows: [.init(.version(9), 100)]))])
        #expect(
            try await harness.status().message?.contains("version 9 cannot be loaded: There is no version 9.") == true
        )
        #expect(try await ask(harness, "b") == 1)
    }

    @Test("A header chooses the version before any share; the first route that matches wins")
    func routes() async throws {
        let harness = try await harness(
            TrafficSpec(routes: [
                .init(header: "x-group", match: .equals("beta"), target: .version(2)),
                .init(header: "x-user", match: .prefix("test-"), target: .version(3)),
                .init(header: "x-preview", match: .present, target: .candidate),
            ])
        )
        #expect(try await ask(harness, "a") == 1)
        #expect(try await ask(harness, "b", headers: ["x-group": "beta", "x-user": "test-1"]) == 2)
        #expect(try await ask(harness, "c", headers: ["x-group": "alpha", "x-user": "test-1"]) == 3)
        #expect(try await ask(harness, "d", headers: ["x-preview": ""]) == 1)
        let body = #"{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP32","data":[1,0]}]}"#
        let answer = try await harness.send(
            .post,
            "/v2/models/cancer/infer",
            body,
            headers: ["Content-Type": "application/json", "X-Group": "beta"]
        )
        #expect(try answer.json["model_version"] == "2", "\(answer.text)")
        harness.registry.alias = 2
        try await harness.step()
        #expect(try await ask(harness, "e", headers: ["x-preview": ""]) == 2)
        try await harness.ledger.flush()
        let arms = try await harness.ledger.recentRows("cancer", limit: 10)
        #expect(arms.first { $0.id == "e" }?.arm.rawValue == "preview")
        #expect(arms.first { $0.id == "b" }?.arm.rawValue == "routed")
        let evidence = try #require(try await harness.status().rollout?.machine.evidence)
        #expect(evidence.step(0).candidate.requests == 0)
    }

    @Test("What a sticky header or column names stays on its arm", arguments: [true, false])
    func sticky(byHeader: Bool) async throws {
        let harness = try await harness(
            TrafficSpec(
                weights: [.init(.stable, 50), .init(.version(2), 50)],
                sticky: byHeader ? .header("x-user") : .input("x0")
            )
        )
        var versions: Set<Int> = []
        for user in 0..<20 {
            var own: Set<Int> = []
            for index in 0..<5 {
                let row: [Float] = byHeader ? [Float(index), 0] : [Float(user), Float(index)]
                own.insert(try await ask(harness, "\(user)-\(index)", row, headers: ["x-user": "u\(user)"]))
            }
            #expect(own.count == 1)
            versions.formUnion(own)
        }
        #expect(versions == [1, 2])
        // Without the key the request's id decides.
        var others: Set<Int> = []
        for index in 0..<50 { others.insert(try await ask(harness, "x\(index)", [1, 0])) }
        #expect(others.count == (byHeader ? 2 : 1))
    }

    @Test("A mirrored request is answered by one version; the other's answer is in the ledger only")
    func mirrored() async throws {
        let harness = try await harness(TrafficSpec(shadows: [.init(.version(3), 100)]))
        for index in 0..<10 { #expect(try await ask(harness, "a\(index)") == 1) }
        try await harness.ledger.flush()
        let rows = try await harness.ledger.page("cancer", limit: 100, before: nil).map(\.record)
        #expect(rows.count { $0.arm == .stable } == 10)
        #expect(rows.count { $0.arm == .shadow && $0.version == 3 } == 10)
        #expect(try await harness.status().versions.last?.isShadow == true)
    }

    @Test("A candidate with fewer or optional columns is refused, unless the rollout states that it is compatible")
    func columns() async throws {
        var compatible = RolloutSpec.errorsOnly
        compatible.compatible = true
        func field(_ name: String, _ required: Bool = true) -> ModelSignature.Field {
            .init(name: name, type: .double, isRequired: required)
        }
        let reduced = [field("x1")]
        let further = [field("x1"), field("x0"), field("x2", false)]
        let needy = [field("x1"), field("x0"), field("x2")]
        for (inputs, isServed) in [(reduced, true), (further, true), (needy, false)] {
            for rollout in [RolloutSpec.errorsOnly, compatible] {
                let harness = try await harness(TrafficSpec(), rollout: rollout)
                harness.registry.add(4, LinearRuntime(featureCount: inputs.count), inputs: inputs)
                harness.registry.alias = 4
                try await harness.step()
                guard isServed, rollout.compatible else {
                    #expect(try await harness.status().rejections.keys.sorted() == [4])
                    #expect(try await harness.status().message?.contains("Its signature differs: it takes") == true)
                    continue
                }
                var versions: Set<Int> = []
                for index in 0..<50 { versions.insert(try await ask(harness, "a\(index)", [3, -2])) }
                #expect(versions == [1, 4])
            }
        }
    }

    @Test("Rows for a version of other columns hold them by name, and what it knows alone is missing")
    func mapping() async throws {
        var compatible = RolloutSpec.errorsOnly
        compatible.compatible = true
        compatible.steps = [100]
        let harness = try await harness(TrafficSpec(), rollout: compatible)
        // The runtime looks at its first column only.
        let inputs: [ModelSignature.Field] = [.init(name: "x1", type: .double), .init(name: "x0", type: .double)]
        harness.registry.add(4, LinearRuntime(featureCount: 2), inputs: inputs)
        harness.registry.alias = 4
        try await harness.step()
        let deployment = try harness.table.find("cancer")
        let model = try await harness.plane.model(of: deployment)
        #expect(model.version == 1)
        let request = InferenceRequest(
            id: "a",
            deployment: deployment,
            rows: [5, -3],
            count: 1,
            via: .v2,
            readFor: model
        )
        let answer = try await harness.plane.infer(request)
        #expect(answer.served.version == 4)
        let output = try #require(answer.outputs.first)
        #expect(abs(output - 0.047_425_87) < 1e-6)
    }
}
