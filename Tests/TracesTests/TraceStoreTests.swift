import Artifacts
import Core
import Storage
import TestSupport
import Testing
import Traces

@Suite(.overEveryDatabase) struct TraceStoreTests {
    @Test func aDescriptionIsStoredWithWhatTheServerAdds() async throws {
        let fixture = try await TracesFixture()
        let id = try await fixture.start(
            1,
            metadata: ["mlflow.sourceRun": "r"],
            tags: ["mlflow.traceName": "chat", "a": "b"]
        )
        let info = try await fixture.store.info(id)
        #expect(info.requestTime.milliseconds == 1000 && info.duration == 10 && info.state == .ok)
        #expect(info.tag("mlflow.artifactLocation") == "mlflow-artifacts:/1/traces/\(id)/artifacts")
        #expect(info.tag("mlflow.traceName") == "chat" && info.tag("a") == "b")
        #expect(info.metadata("mlflow.trace.infoFinalized") == "true" && info.metadata("mlflow.sourceRun") == "r")
    }

    @Test func unknownAndDeletedExperimentsTakeNoTraces() async throws {
        let fixture = try await TracesFixture()
        #expect(await code { try await fixture.start(1, experiment: "9") } == .notFound)
        let refused = await failure { try await fixture.start(1, experiment: "3") }
        #expect(refused?.code == .invalidArgument)
        #expect(refused?.message == "The experiment 3 must be in the 'active' state. Current state is deleted.")
        #expect(await code { try await fixture.store.log([span(1, 1)], experimentID: "3") } == .invalidArgument)
        #expect(await code { _ = try await fixture.store.info("tr-none") } == .notFound)
    }

    @Test func spansMakeATraceAndTheDescriptionCompletesIt() async throws {
        let fixture = try await TracesFixture()
        try await fixture.store.log(
            [span(1, 2, parent: 1, start: 2_000_000_000, end: 3_000_000_000)],
            experimentID: "1"
        )
        var info = try await fixture.store.info(traceID(1))
        #expect(info.state == .inProgress && info.requestTime.milliseconds == 2000 && info.duration == 1000)
        #expect(info.tag("mlflow.trace.spansLocation") == "TRACKING_STORE")
        try await fixture.store.log(
            [
                span(
                    1,
                    1,
                    start: 1_000_000_000,
                    end: 5_000_000_000,
                    status: .error,
                    attributes: ["mlflow.spanInputs": ["q": 1]]
                )
            ],
            experimentID: "1"
        )
        info = try await fixture.store.info(traceID(1))
        #expect(info.state == .error && info.requestTime.milliseconds == 1000 && info.duration == 4000)
        #expect(info.requestPreview == #"{"q": 1}"#)
        try await fixture.start(1, time: 1500, duration: 7, state: .ok, tags: ["a": "b"])
        info = try await fixture.store.info(traceID(1))
        #expect(info.state == .ok && info.requestTime.milliseconds == 1500 && info.duration == 7)
        #expect(info.tag("mlflow.trace.spansLocation") == "TRACKING_STORE" && info.tag("a") == "b")
        // What was given is not changed by spans that come later.
        try await fixture.store.log([span(1, 3, parent: 1, start: 1, end: 9_000_000_000)], experimentID: "1")
        info = try await fixture.store.info(traceID(1))
        #expect(info.requestTime.milliseconds == 1500 && info.duration == 7)
    }

    @Test func aTraceIsReadWithItsSpansRootFirst() async throws {
        let fixture = try await TracesFixture()
        let child = span(1, 2, parent: 1, name: "child", start: 1, attributes: ["x": ["a": [1, 2.5, nil, true]]])
        try await fixture.store.log([child, span(1, 1, name: "root", start: 2)], experimentID: "1")
        let trace = try await fixture.store.trace(traceID(1))
        #expect(trace.spans.map(\.name) == ["root", "child"])
        #expect(trace.spans.last == child)
        // The same span again replaces the first.
        try await fixture.store.log([span(1, 2, parent: 1, name: "again", start: 1)], experimentID: "1")
        #expect(try await fixture.store.trace(traceID(1)).spans.map(\.name) == ["root", "again"])
    }

    @Test("Ids whose base64 begins like a hexadecimal number are read back")
    func idsThatLookHexadecimal() async throws {
        let fixture = try await TracesFixture()
        let id = "d31f00000000000a"
        let sent = TraceSpan(
            otelTraceID: id + id,
            id: id,
            parentID: "d310000000000001",
            name: "step",
            startTime: 1,
            endTime: 2,
            status: .ok,
            statusMessage: "",
            attributes: [],
            events: [],
            links: [],
            resource: [:]
        )
        try await fixture.store.log([sent], experimentID: "1")
        let read = try await fixture.store.trace(TraceSpan.traceID(of: id + id)).spans
        #expect(read.map(\.otelTraceID) == [id + id])
        #expect(read.map(\.id) == [id])
        #expect(read.map(\.parentID) == ["d310000000000001"])
    }

    @Test func readingWaitsForSpansThatAreAnnounced() async throws {
        let fixture = try await TracesFixture()
        try await fixture.start(1, metadata: ["mlflow.trace.sizeStats": #"{"num_spans": 2}"#])
        try await fixture.store.log([span(1, 1)], experimentID: "1")
        #expect(try await fixture.store.trace(traceID(1), allowsPartial: true).spans.count == 1)
        #expect(try await fixture.store.traces([traceID(1)]).isEmpty)
        let reading = Task { try await fixture.store.trace(traceID(1)).spans.count }
        try await fixture.store.log([span(1, 2, parent: 1)], experimentID: "1")
        for _ in 0..<TracesLimits.spanWaits {
            fixture.clock.advance(by: .milliseconds(TracesLimits.spanWaitMilliseconds))
            await Task.yield()
        }
        #expect(try await reading.value == 2)
    }

    @Test func tokensAndCostAreAddedUpOverTheTree() async throws {
        let fixture = try await TracesFixture()
        func usage(_ input: Int64, _ output: Int64) -> [String: JSONValue] {
            [
                "mlflow.chat.tokenUsage": [
                    "input_tokens": .integer(input), "output_tokens": .integer(output),
                    "total_tokens": .integer(input + output),
                ],
                "mlflow.llm.cost": ["input_cost": .number(Double(input) / 4), "output_cost": 0.5, "total_cost": 1.5],
            ]
        }
        try await fixture.store.log([span(1, 3, parent: 2, attributes: usage(1, 2))], experimentID: "1")
        try await fixture.store.log(
            [span(1, 4, parent: 1, attributes: usage(10, 20)), span(1, 1)],
            experimentID: "1"
        )
        var info = try await fixture.store.info(traceID(1))
        #expect(
            info.metadata("mlflow.trace.tokenUsage")
                == #"{"input_tokens": 11, "output_tokens": 22, "total_tokens": 33}"#
        )
        #expect(
            info.metadata("mlflow.trace.cost") == #"{"input_cost": 2.75, "output_cost": 1.0, "total_cost": 3.0}"#
        )
        // A parent that has the sum of its children's tokens arrives last: theirs no longer count.
        try await fixture.store.log([span(1, 2, parent: 1, attributes: usage(5, 5))], experimentID: "1")
        info = try await fixture.store.info(traceID(1))
        #expect(
            info.metadata("mlflow.trace.tokenUsage")
                == #"{"input_tokens": 15, "output_tokens": 25, "total_tokens": 40}"#
        )
        // What the client added up itself stays.
        try await fixture.start(2, metadata: ["mlflow.trace.tokenUsage": #"{"input_tokens": 7}"#])
        try await fixture.store.log([span(2, 1, attributes: usage(1, 1))], experimentID: "1")
        info = try await fixture.store.info(traceID(2))
        #expect(info.metadata("mlflow.trace.tokenUsage") == #"{"input_tokens": 7}"#)
    }

    @Test func sessionUserAndTagsComeFromSpans() async throws {
        let fixture = try await TracesFixture()
        let root = span(
            1,
            1,
            attributes: [
                "session.id": "s1", "user.id": "ann", "mlflow.traceTag.colour": "red",
                "mlflow.traceTag.mlflow.traceName": "n",
            ],
            resource: [
                "service.name": "shop", "telemetry.sdk.name": "x", "mlflow.trace.spansLocation": "y", "colour": "blue",
            ]
        )
        try await fixture.store.log([root], experimentID: "1", runID: "run1")
        let info = try await fixture.store.info(traceID(1))
        #expect(info.metadata("mlflow.trace.session") == "s1" && info.metadata("mlflow.trace.user") == "ann")
        #expect(
            info.tag("service.name") == "shop" && info.tag("colour") == "red" && info.tag("telemetry.sdk.name") == nil
        )
        #expect(info.tag("mlflow.trace.spansLocation") == "TRACKING_STORE" && info.tag("mlflow.traceName") == "n")
        #expect(try await fixture.search("run_id = 'run1'") == [1])
    }

    @Test func tagsAreSetAndDeleted() async throws {
        let fixture = try await TracesFixture()
        let id = try await fixture.start(1)
        try await fixture.store.setTag(id, TracePair(key: "k", value: "v"))
        try await fixture.store.setTag(id, TracePair(key: "mlflow.traceName", value: "n"))
        #expect(try await fixture.store.info(id).tag("k") == "v")
        #expect(try await fixture.search("name = 'n'") == [1])
        try await fixture.store.deleteTag(id, key: "k")
        try await fixture.store.deleteTag(id, key: "mlflow.traceName")
        #expect(try await fixture.store.info(id).tag("k") == nil)
        for key in ["k", "mlflow.traceName"] {
            let missing = await failure { try await fixture.store.deleteTag(id, key: key) }
            #expect(missing?.message == "No trace tag with key '\(key)' for trace with ID '\(id)'")
            #expect(missing?.code == .notFound)
        }
        let fixed = await failure {
            try await fixture.store.setTag(id, TracePair(key: "mlflow.trace.spansLocation", value: "v"))
        }
        #expect(fixed?.message == "Tag 'mlflow.trace.spansLocation' is immutable and cannot be set on a trace.")
        #expect(await code { try await fixture.store.setTag("tr-none", TracePair(key: "k", value: "v")) } == .notFound)
    }

    @Test func deletionTakesEverythingWithIt() async throws {
        let fixture = try await TracesFixture()
        for number in 1...5 { try await fixture.start(number) }
        try await fixture.start(6, experiment: "2")
        try await fixture.store.log([span(1, 1)], experimentID: "1", runID: "r")
        _ = try await fixture.store.create(assessment(traceID(1), "ok", true))
        let file = try #require(
            try await fixture.store.artifactPath(of: fixture.store.info(traceID(1)), "attachments/a")
        )
        try await fixture.artifacts.write(file, bytes: [1])
        let deleted = try await fixture.store.delete(.ids([traceID(1), traceID(6), "none"]), experimentID: "1")
        #expect(deleted == 1)
        #expect(try await fixture.artifacts.entry(file) == nil)
        let until = TraceStore.Deletion.until(Timestamp(milliseconds: 4000), atMost: 2)
        #expect(try await fixture.store.delete(until, experimentID: "1") == 2)
        #expect(try await fixture.search(nil) == [5, 4])
        #expect(try await fixture.store.existing([traceID(1), traceID(4), traceID(6)]) == [traceID(4), traceID(6)])
        try await fixture.store.purge(experimentIDs: ["1", "2"])
        let rows = try await fixture.database.read { connection in
            try [
                "traces", "trace_previews", "trace_tags", "trace_metadata", "spans", "span_contents", "assessments",
                "trace_runs", "trace_prompts",
            ]
            .map { try connection.first("SELECT COUNT(*) AS n FROM \($0)")?.int("n") ?? -1 }
        }
        #expect(rows.allSatisfy { $0 == 0 })
    }

    @Test func filesOfOtherTracesAreNotTouchedThroughATag() async throws {
        let fixture = try await TracesFixture()
        let id = try await fixture.start(1)
        let other = try await fixture.start(2)
        let file = try #require(try await fixture.store.artifactPath(of: fixture.store.info(other), "traces.json"))
        try await fixture.artifacts.write(file, bytes: [1])
        let location = TracePair(key: "mlflow.artifactLocation", value: "mlflow-artifacts:/1/traces/\(other)/artifacts")
        try await fixture.store.setTag(id, location)
        #expect(try await fixture.store.delete(.ids([id]), experimentID: "1") == 1)
        #expect(try await fixture.artifacts.entry(file) != nil)
    }

    @Test func spansOfOldClientsAreReadFromTheirFile() async throws {
        let fixture = try await TracesFixture()
        let id = try await fixture.start(1)
        let file = try #require(try await fixture.store.artifactPath(of: fixture.store.info(id), "traces.json"))
        let old = """
            {"spans": [{"name": "f", "context": {"span_id": "0x1b", "trace_id": "0x2c"}, "parent_id": null,
            "start_time": 5, "end_time": 9, "status_code": "OK", "status_message": "", "attributes": {"a": "1"},
            "events": [{"name": "e", "timestamp": 6, "attributes": {}}]}]}
            """
        try await fixture.artifacts.write(file, bytes: Array(old.utf8))
        let spans = try await fixture.store.trace(id).spans
        #expect(spans.first?.id == "000000000000001b" && spans.first?.startTime == 5 && spans.first?.status == .ok)
        #expect(spans.first?.events.first?.time == 6)
    }

    @Test func oldClientsBeginAndEndTraces() async throws {
        let fixture = try await TracesFixture()
        let begun = try await fixture.store.startOld(
            experimentID: "1",
            requestTime: Timestamp(milliseconds: 100),
            metadata: [TracePair(key: "a", value: "1")],
            tags: [TracePair(key: "mlflow.traceName", value: "n")]
        )
        #expect(begun.state == .inProgress && begun.duration == nil)
        let ended = try await fixture.store.endOld(
            id: begun.id,
            endTime: Timestamp(milliseconds: 130),
            state: .error,
            metadata: [TracePair(key: "b", value: "2")],
            tags: [TracePair(key: "t", value: "3")]
        )
        #expect(ended.state == .error && ended.duration == 30)
        #expect(ended.metadata("a") == "1" && ended.metadata("b") == "2" && ended.tag("mlflow.traceName") == "n")
    }
}

/// Feedback on a trace.
func assessment(_ traceID: String, _ name: String, _ value: JSONValue) -> TraceAssessment {
    TraceAssessment(traceID: traceID, name: name, kind: .feedback, value: value, sourceType: .human)
}
