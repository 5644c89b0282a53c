import Core
import HTTPTypes
import Ledger
import Rollouts
import Serving
import TestSupport
import Testing

@Suite("The deployments API", .overEveryDatabase)
struct DeploymentRoutesTests {
    private let base = "/api/martlet/v1/deployments"

    @Test("A deployment shows its versions, rollout, checks, history and quality")
    func detail() async throws {
        let harness = try await ServingHarness.serving()
        try await harness.predict("a")
        _ = try await harness.ledger.feedback("a", label: "benign")
        harness.registry.register(2, LinearRuntime(featureCount: 2))
        try await harness.step()
        let list = try await harness.send(.get, base).json
        #expect(list["items"]?.arrayValue?.map { $0["name"] } == ["cancer"])
        let json = try await harness.send(.get, "\(base)/cancer").json
        #expect(json["ready"] == true)
        #expect(json["stable_version"] == 1)
        #expect(json["candidate_version"] == 2)
        #expect(json["candidate_percent"] == 50)
        #expect(json["versions"]?.arrayValue?.map { $0["role"] } == ["stable", "candidate"])
        #expect(json["versions"]?.arrayValue?.first?["requests"] == 1)
        #expect(json["rollout"]?["state"] == "progressing")
        #expect(json["rollout"]?["checks"]?.arrayValue?.map { $0["check"] } == ["quality", "error_rate", "samples"])
        #expect(json["rollout"]?["evidence"]?["pairs"]?["both"] == 0)
        #expect(json["events"]?.arrayValue?.first?["note"] == "candidate gets 50 %")
        #expect(json["revisions"]?.arrayValue?.map { $0["version"] } == [1])
        #expect(json["rollouts"]?.arrayValue?.count == 1)
        #expect(json["quality"]?.arrayValue?.first?["accuracy"]?.doubleValue == 1)
        #expect(json["spec"]?["rollout"]?["steps"] == [50, 100])
    }

    @Test("Commands act; what does not fit is 409, what is unknown 404")
    func commands() async throws {
        let harness = try await ServingHarness.serving()
        for command in RolloutCommand.allCases {
            let refused = try await harness.send(.post, "\(base)/cancer/\(command.rawValue)")
            #expect(refused.status == 409)
            #expect(try refused.json["error"]?["code"] == "failedPrecondition")
            #expect(try await harness.send(.post, "\(base)/none/\(command.rawValue)").status == 404)
        }
        harness.registry.register(2, LinearRuntime(featureCount: 2))
        try await harness.step()
        let paused = try await harness.send(.post, "\(base)/cancer/pause")
        #expect(try paused.json["rollout"]?["state"] == "paused")
        #expect(try await harness.send(.post, "\(base)/cancer/pause").text.contains("already paused"))
        #expect(try await harness.send(.post, "\(base)/cancer/resume").status == 200)
        let aborted = try await harness.send(.post, "\(base)/cancer/abort")
        #expect(try aborted.json["rollout"]?["reason"]?["code"] == "operator")
        #expect(try aborted.json["rejected"]?.arrayValue?.first?["version"] == 2)
        let pardoned = try await harness.send(.post, "\(base)/cancer/pardon", #"{"version":2}"#)
        #expect(try pardoned.json["rejected"] == [])
        #expect(try await harness.send(.post, "\(base)/cancer/pardon", #"{"version":2}"#).status == 404)
        #expect(try await harness.send(.post, "\(base)/cancer/pardon", #"{"version":0}"#).status == 400)
        let large = #"{"version":2}"# + String(repeating: " ", count: ServingLimits.commandBytes)
        #expect(try await harness.send(.post, "\(base)/cancer/pardon", large).status == 413)
        #expect(try await harness.send(.delete, "\(base)/cancer").status == 200)
        #expect(try await harness.send(.get, "\(base)/cancer").status == 404)
    }

    @Test("PUT creates a deployment and changes it; what is wrong is named and nothing changes")
    func put() async throws {
        let harness = try await ServingHarness()
        harness.registry.register(1, LinearRuntime(featureCount: 2))
        harness.registry.add(2, LinearRuntime(featureCount: 2))
        let made = try await harness.send(.put, "\(base)/cancer", #"{"model":"models:/cancer/1"}"#)
        #expect(made.status == 200, "\(made.text)")
        #expect(try made.json["follows"] == "models:/cancer/1")
        #expect(try made.json["stable_version"] == 1)
        let traffic = #"{"weights":[{"to":"stable","percent":60},{"to":2,"percent":40}]}"#
        let shared = try await harness.send(
            .put,
            "\(base)/cancer",
            #"{"model":"cancer","version":1,"traffic":\#(traffic)}"#
        )
        #expect(try shared.json["traffic"]?["shares"]?.arrayValue?.map { $0["percent"]?.doubleValue } == [60, 40])
        #expect(try shared.json["versions"]?.arrayValue?.map { $0["role"] } == ["stable", "shared"])
        for (body, reason) in [
            (#"{"model":"cancer","traffic":{"weights":[{"to":"stable","percent":60}]}}"#, "sum to 60"),
            (#"{"model":"other","version":1}"#, "serves the model 'cancer'"), (#"{"alias":"x"}"#, "'deployment.model'"),
            (#"{"model":"runs:/1/m"}"#, "models:/<name>@<alias>"), ("[]", "must be an object"),
        ] {
            let refused = try await harness.send(.put, "\(base)/cancer", body)
            #expect(refused.status == 400 || refused.status == 409)
            #expect(refused.text.contains(reason), "\(refused.text)")
        }
        #expect(try await harness.send(.put, "\(base)/Cancer", #"{"model":"cancer"}"#).status == 400)
        let large = String(repeating: " ", count: ServingLimits.deploymentBytes)
        #expect(try await harness.send(.put, "\(base)/cancer", #"{"model":"cancer"}"# + large).status == 413)
        #expect(try await harness.send(.get, "\(base)/cancer").json["traffic"]?["shares"]?.arrayValue?.count == 2)
    }

    @Test("Predictions are paged, newest first, without gaps")
    func paging() async throws {
        let harness = try await ServingHarness.serving()
        for index in 0..<5 { try await harness.predict("\(index)") }
        var ids: [JSONValue?] = []
        var query = "?limit=2"
        while true {
            let page = try await harness.send(.get, "\(base)/cancer/predictions\(query)").json
            ids += (page["items"]?.arrayValue ?? []).map { $0["request_id"] }
            guard let token = page["next_page_token"]?.stringValue else { break }
            query = "?limit=2&page_token=\(token)"
            try await harness.predict("later-\(ids.count)")
        }
        #expect(ids == ["4", "3", "2", "1", "0"])
        let most = ServingLimits.predictionsPerPage
        for bad in ["limit=0", "limit=-1", "limit=\(most + 1)", "page_token=xyz"] {
            #expect(try await harness.send(.get, "\(base)/cancer/predictions?\(bad)").status == 400)
        }
        let largest = "\(base)/cancer/predictions?limit=\(most)"
        #expect(try await harness.send(.get, largest).status == 200)
        #expect(try await harness.send(.get, "\(base)/none/predictions").status == 404)
        let forged = PageToken.encode(["a": 1])
        #expect(try await harness.send(.get, "\(base)/cancer/predictions?page_token=\(forged)").status == 400)
    }

    @Test("The history shows the newest lines only")
    func history() async throws {
        let harness = try await ServingHarness.serving()
        var change = DeploymentChange("cancer")
        change.events = (0..<ServingLimits.eventsPerPage + 1).map {
            .init(rollout: nil, note: "line \($0)", evidence: nil)
        }
        try await harness.store.commit(change, now: harness.time.clock.now)
        let events = try await harness.send(.get, "\(base)/cancer").json["events"]?.arrayValue ?? []
        #expect(events.count == ServingLimits.eventsPerPage)
        #expect(events.first?["note"] == .string("line \(ServingLimits.eventsPerPage)"))
    }
}
