import Core
import Rollouts
import Testing

@Suite("Traffic plan")
struct TrafficPlanTests {
    private let hashes = (0..<20_000).map { TrafficPlan.hash("request-\($0)".utf8) }

    private func versions(_ plan: TrafficPlan) -> [Int] {
        hashes.map { plan.choose(hash: $0) { _ in nil }.version }
    }

    @Test("The split is deterministic, near its share and monotonic in it")
    func split() {
        var reached: Set<UInt64> = []
        for percent in [0, 1, 10, 50, 100] {
            let plan = TrafficPlan(stable: 1, candidate: 2, candidatePercent: percent)
            let candidates = Set(hashes.filter { plan.arm(forHash: $0) == .candidate })
            #expect(abs(Double(candidates.count) / 20_000 - Double(percent) / 100) < 0.015)
            #expect(candidates.isSuperset(of: reached))
            #expect(versions(plan).count { $0 == 2 } == candidates.count)
            reached = candidates
        }
        #expect(reached.count == Set(hashes).count)
    }

    @Test("Without a candidate, or at zero, everything is stable")
    func stableOnly() {
        #expect(TrafficPlan(stable: 1, candidatePercent: 100).arm(forHash: 0) == .stable)
        #expect(TrafficPlan(stable: 1, candidate: 2, candidatePercent: 0).arm(forHash: 0) == .stable)
        #expect(TrafficPlan(stable: 1, candidate: 2, candidatePercent: 900).candidatePercent == 100)
        #expect(TrafficPlan(stable: 1, shadowPercent: 100).isShadowed(hash: 7) == false)
        #expect(Set(versions(TrafficPlan(stable: 1))) == [1])
    }

    @Test("Shares of several versions are met, and a rollout divides the stable version's part only")
    func shares() {
        let base = TrafficBase(arms: [TrafficShare(1, 60), TrafficShare(3, 30), TrafficShare(4, 10)])
        let before = versions(TrafficPlan(stable: 1, base: base))
        for (version, share) in [(1, 0.6), (3, 0.3), (4, 0.1)] {
            #expect(abs(Double(before.count { $0 == version }) / 20_000 - share) < 0.015)
        }
        let plan = TrafficPlan(stable: 1, candidate: 2, candidatePercent: 50, base: base)
        let during = versions(plan)
        #expect(abs(Double(during.count { $0 == 2 }) / 20_000 - 0.3) < 0.015)
        #expect(zip(before, during).allSatisfy { old, new in old == 1 ? [1, 2].contains(new) : old == new })
        #expect(plan.shares.map(\.version) == [1, 2, 3, 4])
        #expect(plan.shares.map(\.percent) == [30, 30, 30, 10])
    }

    @Test("Raising one share takes requests to it and moves none between the others")
    func rendezvous() {
        func plan(_ shares: [(Int, Int)]) -> TrafficPlan {
            TrafficPlan(stable: 1, base: TrafficBase(arms: shares.map { TrafficShare($0.0, $0.1) }))
        }
        let before = versions(plan([(1, 50), (3, 30), (4, 20)]))
        let after = versions(plan([(1, 25), (3, 15), (4, 60)]))
        #expect(zip(before, after).allSatisfy { old, new in old == new || new == 4 })
        #expect(versions(plan([(4, 20), (3, 30), (1, 50)])) == before)
    }

    @Test("Routes come first, in their order; a routed request is no evidence")
    func routes() {
        let base = TrafficBase(routes: [
            .init(header: "x-tier", match: .equals("gold"), version: 2),
            .init(header: "x-tier", match: .prefix("go"), version: 3),
            .init(header: "x-debug", match: .present, version: 4),
        ])
        let plan = TrafficPlan(stable: 1, candidate: 2, candidatePercent: 0, base: base)
        func choice(_ headers: [String: String]) -> TrafficChoice { plan.choose(hash: 0) { headers[$0] } }
        #expect(choice(["x-tier": "gold"]) == TrafficChoice(version: 2, arm: .candidate, reason: .route))
        #expect(choice(["x-tier": "good"]) == TrafficChoice(version: 3, arm: nil, reason: .route))
        #expect(choice(["x-tier": "silver", "x-debug": ""]).version == 4)
        #expect(choice(["x-tier": "silver"]) == TrafficChoice(version: 1, arm: .stable, reason: .split))
    }

    @Test("Shadows take their share of the requests, whoever answers them")
    func shadows() {
        let base = TrafficBase(shadows: [TrafficShare(5, 100), TrafficShare(6, 25), TrafficShare(7, 0)])
        let plan = TrafficPlan(stable: 1, candidate: 2, candidatePercent: 10, shadowPercent: 40, base: base)
        let all = hashes.map(plan.shadows(forHash:))
        #expect(all.allSatisfy { $0.contains(5) && !$0.contains(7) })
        #expect(abs(Double(all.count { $0.contains(6) }) / 20_000 - 0.25) < 0.015)
        let shadowed = hashes.filter(plan.isShadowed(hash:))
        #expect(abs(Double(shadowed.count) / 20_000 - 0.4) < 0.015)
        let both = shadowed.count { plan.arm(forHash: $0) == .candidate }
        #expect(abs(Double(both) / Double(shadowed.count) - 0.1) < 0.02)
        #expect(base.versions == [5, 6])
    }
}

@Suite("The manifest's traffic section")
struct TrafficSpecTests {
    private func read(_ text: String) throws -> TrafficSpec {
        try TrafficSpec(fields: JSONFields(JSONValue.parse(text), path: "traffic"))
    }

    private let example = """
        {"weights": [{"to": "stable", "percent": 80}, {"to": 3, "percent": 15}, {"to": "@old", "percent": 5}],
         "routes": [{"header": "X-Tier", "equals": "gold", "to": "candidate"},
                    {"header": "x-team", "prefix": "a-", "to": 3}, {"header": "x-debug", "present": true, "to": "stable"}],
         "sticky": {"header": "X-User"}, "shadow": [{"to": "@challenger", "percent": 20}]}
        """

    @Test("The example reads as written, and its JSON reads back the same")
    func roundTrip() throws {
        let spec = try read(example)
        #expect(spec.weights.map(\.target) == [.stable, .version(3), .alias("old")])
        #expect(spec.routes.first?.header == "x-tier")
        #expect(spec.sticky == .header("x-user"))
        #expect(spec.aliases == ["old", "challenger"])
        #expect(spec.versions == [3])
        #expect(try TrafficSpec(fields: JSONFields(spec.json, path: "traffic")) == spec)
        #expect(try read("{}") == TrafficSpec())
        #expect(TrafficSpec().json.isEmpty)
    }

    @Test("Names become versions; a candidate that is not there is left out; an unknown alias is an error")
    func resolution() throws {
        let spec = try read(example)
        let aliases = ["old": 3, "challenger": 7]
        let base = try spec.resolved(stable: 1, candidate: nil) { aliases[$0] }
        #expect(base.arms == [TrafficShare(1, 80), TrafficShare(3, 20)])
        #expect(base.routes.map(\.version) == [3, 1])
        #expect(base.shadows == [TrafficShare(7, 20)])
        #expect(try spec.resolved(stable: 1, candidate: 2) { aliases[$0] }.routes.map(\.version) == [2, 3, 1])
        let error = #expect(throws: MartletError.self) { try spec.resolved(stable: 1, candidate: 2) { _ in nil } }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("'old'") == true)
    }

    @Test(
        "What is wrong is named",
        arguments: [
            (#"{"weights":[{"to":"stable","percent":80},{"to":3,"percent":30}]}"#, "sum to 110"),
            (#"{"weights":[{"to":"stable","percent":101}]}"#, "traffic.weights[0].percent"),
            (#"{"weights":[{"to":"candidate","percent":100}]}"#, "a rollout decides"),
            (#"{"weights":[{"to":3,"percent":50},{"to":3,"percent":50}]}"#, "named twice"),
            (#"{"weights":[{"to":"old","percent":100}]}"#, "an alias such as"),
            (#"{"weights":[{"to":0,"percent":100}]}"#, "an alias such as"),
            (#"{"weights":[{"to":"@","percent":100}]}"#, "an alias such as"),
            (#"{"weights":[{"to":"stable"}]}"#, "percent' is missing"), (#"{"weights":{}}"#, "must be an array"),
            (#"{"routes":[{"header":"a b","present":true,"to":3}]}"#, "name of an HTTP header"),
            (#"{"routes":[{"header":"x","to":3}]}"#, "exactly one of"),
            (#"{"routes":[{"header":"x","equals":"1","prefix":"2","to":3}]}"#, "exactly one of"),
            (#"{"routes":[{"header":"x","present":false,"to":3}]}"#, "exactly one of"),
            (#"{"routes":[{"header":"x","prefix":"","to":3}]}"#, "exactly one of"),
            (#"{"routes":[{"header":"x","present":true}]}"#, "routes[0].to"),
            (#"{"sticky":"user"}"#, "{header: name}"), (#"{"sticky":{"header":"a","input":"b"}}"#, "{header: name}"),
            (#"{"sticky":{"header":""}}"#, "{header: name}"), (#"{"split":1}"#, "not a known key"),
        ]
    )
    func refusals(text: String, reason: String) throws {
        let error = #expect(throws: MartletError.self) { try read(text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test("Limits of shares and routes hold at and past their maximum")
    func limits() throws {
        func shadows(_ count: Int) -> String {
            let list = (1...count).map { #"{"to":\#($0),"percent":1}"# }.joined(separator: ",")
            return #"{"shadow":[\#(list)]}"#
        }
        #expect(try read(shadows(RolloutsLimits.arms)).shadows.count == RolloutsLimits.arms)
        #expect(throws: MartletError.self) { try read(shadows(RolloutsLimits.arms + 1)) }
        func routes(_ count: Int) -> String {
            let list = (1...count).map { #"{"header":"x","equals":"\#($0)","to":1}"# }.joined(separator: ",")
            return #"{"routes":[\#(list)]}"#
        }
        #expect(try read(routes(RolloutsLimits.routes)).routes.count == RolloutsLimits.routes)
        #expect(throws: MartletError.self) { try read(routes(RolloutsLimits.routes + 1)) }
    }
}
