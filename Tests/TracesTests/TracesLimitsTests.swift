import Artifacts
import Core
import Storage
import Testing
import Traces

/// Each limit holds at its value and not one past it.
@Suite struct TracesLimitsTests {
    private func text(_ count: Int) -> String {
        String(repeating: "ä", count: count)
    }

    private func start(_ fixture: TracesFixture, metadata: [TracePair] = [], tags: [TracePair] = []) async throws {
        let trace = TraceInfo(
            id: traceID(1),
            experimentID: "1",
            requestTime: Timestamp(milliseconds: 1),
            metadata: metadata,
            tags: tags
        )
        _ = try await fixture.store.start(trace)
    }

    @Test func pairsOfADescription() async throws {
        let fixture = try await TracesFixture()
        let key = text(TracesLimits.keyCharacters)
        let value = text(TracesLimits.valueCharacters + 1)
        try await start(fixture, tags: [TracePair(key: key, value: value)])
        let stored = try await fixture.store.info(traceID(1))
        #expect(stored.tag(key)?.count == TracesLimits.valueCharacters)
        let shown = TraceWire.info(stored)["tags"]?[key]?.stringValue
        #expect(shown?.count == TracesLimits.shownTagCharacters)
        try await start(fixture, metadata: [TracePair(key: key, value: value)])
        let described = try await fixture.store.info(traceID(1))
        #expect(described.metadata(key)?.count == TracesLimits.valueCharacters)
        let metadata = TraceWire.info(described)["trace_metadata"]?[key]?.stringValue
        #expect(metadata?.count == TracesLimits.shownMetadataCharacters)
        let long = TracePair(key: key + "a", value: "")
        #expect(await code { try await start(fixture, tags: [long]) } == .invalidArgument)
        #expect(await code { try await fixture.store.setTag(traceID(1), long) } == .invalidArgument)
        try await fixture.store.setTag(traceID(1), TracePair(key: key, value: value))
        let many = (0..<TracesLimits.pairs).map { TracePair(key: "k\($0)", value: "") }
        try await start(fixture, metadata: many)
        #expect(
            await code { try await start(fixture, tags: many + [TracePair(key: "x", value: "")]) } == .invalidArgument
        )
    }

    @Test func namesSessionsAndIDs() async throws {
        let fixture = try await TracesFixture()
        let name = text(TracesLimits.nameCharacters)
        try await start(fixture, tags: [TracePair(key: "mlflow.traceName", value: name)])
        let long = TracePair(key: "mlflow.traceName", value: name + "a")
        #expect(await code { try await start(fixture, tags: [long]) } == .invalidArgument)
        #expect(await code { try await fixture.store.setTag(traceID(1), long) } == .invalidArgument)
        let session = text(TracesLimits.sessionCharacters)
        try await start(fixture, metadata: [TracePair(key: "mlflow.trace.session", value: session)])
        let tooLong = TracePair(key: "mlflow.trace.session", value: session + "a")
        #expect(await code { try await start(fixture, metadata: [tooLong]) } == .invalidArgument)
        let sent = span(2, 1, attributes: ["session.id": .string(session + "a")])
        #expect(await code { try await fixture.store.log([sent], experimentID: "1") } == .invalidArgument)
        let id = String(repeating: "i", count: TracesLimits.idCharacters)
        try await fixture.start(3, clientRequestID: id)
        #expect(await code { try await fixture.start(3, clientRequestID: id + "i") } == .invalidArgument)
        try await fixture.store.link([id], toRun: id)
        #expect(await code { try await fixture.store.link([id + "i"], toRun: id) } == .invalidArgument)
        #expect(await code { try await fixture.store.link([id], toRun: id + "i") } == .invalidArgument)
    }

    @Test func previews() {
        let most = TracesLimits.previewCharacters
        #expect(TracePreview.make(of: text(most), role: "user") == text(most))
        #expect(TracePreview.make(of: text(most + 1), role: "user") == text(most - 3) + "...")
        let chat = #"{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}"#
        #expect(TracePreview.make(of: chat, role: "user") == "a")
        let parts = #"{"choices": [{"message": {"role": "assistant", "content": [{"type": "text", "text": "c"}]}}]}"#
        #expect(TracePreview.make(of: parts, role: "assistant") == "c")
        #expect(
            TracePreview.make(of: #"{"request": {"input": [{"role": "user", "content": "d"}]}}"#, role: "user") == "d"
        )
    }

    @Test func assessments() async throws {
        let fixture = try await TracesFixture()
        let id = try await fixture.start(1)
        let name = text(TracesLimits.assessmentNameCharacters)
        _ = try await fixture.store.create(assessment(id, name, 1))
        #expect(await code { _ = try await fixture.store.create(assessment(id, name + "a", 1)) } == .invalidArgument)
        // The value's JSON has two quotes.
        let value = text(TracesLimits.assessmentTextCharacters - 2)
        _ = try await fixture.store.create(assessment(id, "x", .string(value)))
        let long = assessment(id, "x", .string(value + "a"))
        #expect(await code { _ = try await fixture.store.create(long) } == .invalidArgument)
        var trace = TraceInfo(id: traceID(2), experimentID: "1", requestTime: Timestamp(milliseconds: 1))
        trace.assessments = Array(repeating: assessment(traceID(2), "x", 1), count: TracesLimits.assessments)
        #expect(try await fixture.store.start(trace).assessments.count == TracesLimits.assessments)
        trace.assessments.append(assessment(traceID(2), "x", 1))
        #expect(await code { _ = try await fixture.store.start(trace) } == .invalidArgument)
    }

    @Test func searchesAndBatches() async throws {
        let fixture = try await TracesFixture()
        let many = Array(repeating: "1", count: TracesLimits.searchExperiments)
        #expect(try await fixture.search(nil, experiments: many).isEmpty)
        #expect(await code { _ = try await fixture.search(nil, experiments: many + ["1"]) } == .invalidArgument)
        #expect(TracesLimits.defaultSearchResults <= TracesLimits.searchResults)
        for limit in [0, TracesLimits.searchResults + 1] {
            #expect(
                await code { _ = try await fixture.store.search(experimentIDs: ["1"], limit: limit) }
                    == .invalidArgument
            )
        }
        let ids = Array(repeating: "none", count: TracesLimits.batchTraces)
        #expect(try await fixture.store.infos(ids).isEmpty)
        #expect(await code { _ = try await fixture.store.traces(ids + ["none"]) } == .invalidArgument)
        let linked = Array(repeating: "t", count: TracesLimits.linkedTraces)
        try await fixture.store.link(linked, toRun: "r")
        let refused = await failure { try await fixture.store.link(linked + ["t"], toRun: "r") }
        #expect(
            refused?.message
                == "Cannot link more than 100 traces to a run in a single request. Provided 101 traces."
        )
        let id = try await fixture.start(1)
        let prompts = Array(repeating: (name: "p", version: Int64(1)), count: TracesLimits.linkedPrompts)
        try await fixture.store.link(prompts: prompts, toTrace: id)
        #expect(
            await code { try await fixture.store.link(prompts: prompts + prompts, toTrace: id) } == .invalidArgument
        )
    }

    /// More rows than a statement, a batch of candidates or one deletion takes.
    @Test func longWork() async throws {
        let fixture = try await TracesFixture()
        let count = TracesLimits.deletedTraces + 1
        #expect(TracesLimits.notedTraces < count)
        #expect(count > TracesLimits.keysPerStatement && count > TracesLimits.candidateTraces)
        try await fixture.database.write { connection in
            for number in 1...count {
                try connection.execute(
                    """
                    INSERT INTO traces (trace_number, trace_id, experiment_id, request_time, state, trace_name,
                        is_finalized, has_own_usage, has_own_cost) VALUES (?, ?, 1, ?, 'OK', ?, 1, 0, 0)
                    """,
                    [.int(number), .text(traceID(number)), .int(number), .text(number == 1 ? "needle" : "hay")]
                )
            }
        }
        #expect(try await fixture.search("name RLIKE '^need'") == [1])
        let some = (1...TracesLimits.keysPerStatement + 1).map { traceID($0) }
        #expect(try await fixture.store.infos(some).count == some.count)
        let all = TraceStore.Deletion.until(Timestamp(milliseconds: .max), atMost: .max)
        #expect(try await fixture.store.delete(all, experimentID: "1") == TracesLimits.deletedTraces)
        #expect(try await fixture.store.delete(all, experimentID: "1") == 1)
    }

    @Test func filesOfSpans() async throws {
        let fixture = try await TracesFixture()
        let id = try await fixture.start(1)
        let file = try #require(try await fixture.store.artifactPath(of: fixture.store.info(id), "traces.json"))
        let content = Array(#"{"spans": []}"#.utf8)
        let padding = [UInt8](repeating: 0x20, count: TracesLimits.traceFileBytes - content.count)
        try await fixture.artifacts.write(file, bytes: content + padding)
        #expect(try await fixture.store.trace(id, allowsPartial: true).spans.isEmpty)
        try await fixture.artifacts.write(file, bytes: content + padding + [0x20])
        #expect(await code { _ = try await fixture.store.trace(id, allowsPartial: true) } == .payloadTooLarge)
    }

    @Test func times() {
        let moments: [(String, Int64?)] = [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-21T08:32:19.590Z", 1_795_249_939_590),
            ("2026-11-21T09:32:19.5901234+01:00", 1_795_249_939_590), ("1969-12-31T23:59:59.9Z", -100),
            ("2026-11-21", nil), ("2026-13-21T08:32:19Z", nil), ("2026-11-21T08:32:19", nil),
            ("2026-11-21T08:32:19.Z", nil),
            ("2026-11-21T08:32:1éZ", nil),
        ]
        for (text, milliseconds) in moments {
            #expect(TraceTimes.timestamp(text)?.milliseconds == milliseconds, "\(text)")
        }
        let durations: [(String, Int64?)] = [
            ("1.5s", 1500), ("0s", 0), ("-0.001s", -1), ("3s", 3000), ("1", nil), ("s", nil), ("1.s", nil),
            ("1.0000000001s", nil), ("xs", nil), ("9999999999999s", nil),
        ]
        for (text, milliseconds) in durations { #expect(TraceTimes.milliseconds(text) == milliseconds, "\(text)") }
        for value: Int64 in [0, 1, 1250, 3000, -1] {
            #expect(TraceTimes.milliseconds(TraceTimes.text(milliseconds: value)) == value)
        }
    }
}
