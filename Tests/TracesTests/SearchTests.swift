import Artifacts
import Core
import Storage
import TestSupport
import Testing
import Traces

@Suite(.overEveryDatabase) struct SearchTests {
    private func filled() async throws -> TracesFixture {
        let fixture = try await TracesFixture()
        try await fixture.start(
            1,
            duration: 100,
            state: .ok,
            clientRequestID: "req-1",
            metadata: ["mlflow.sourceRun": "run1", "team": "blue"],
            tags: ["mlflow.traceName": "chat", "env": "prod"]
        )
        try await fixture.start(
            2,
            duration: nil,
            state: .inProgress,
            metadata: ["mlflow.trace.session": "s", "team": "Red"],
            tags: ["mlflow.traceName": "Chat two", "env": "Dev"]
        )
        try await fixture.start(3, duration: 50, state: .error, metadata: ["mlflow.trace.session": "s"])
        try await fixture.store.log(
            [
                span(1, 1, name: "root", attributes: ["mlflow.spanType": "AGENT", "model": "gpt-4", "n": 12]),
                span(
                    1,
                    2,
                    parent: 1,
                    name: "call",
                    status: .error,
                    attributes: ["mlflow.spanType": "LLM", "model": "claude"]
                ),
                span(3, 1, name: "root", status: .error, attributes: ["text": "größer als 10%"]),
            ],
            experimentID: "1"
        )
        return fixture
    }

    private static let comparisons: [(filter: String, found: [Int])] = [
        ("status = 'OK'", [1]), ("status != 'OK'", [3, 2]), ("trace.status IN ('OK', 'ERROR')", [3, 1]),
        ("attributes.status NOT IN ('OK')", [3, 2]), ("status LIKE 'IN%'", [2]), ("status ILIKE 'e%'", [3]),
        ("status RLIKE '^(OK|ERR)'", [3, 1]), ("timestamp_ms > 1000", [3, 2]), ("timestamp = 2000", [2]),
        ("execution_time_ms >= 50", [3, 1]), ("execution_time < 100", [3]), ("end_time_ms <= 2000", [2, 1]),
        ("request_id = '\(traceID(2))'", [2]), ("client_request_id = 'req-1'", [1]), ("name = 'chat'", [1]),
        ("name ILIKE 'chat%'", [2, 1]), ("name RLIKE 'two$'", [2]), ("run_id = 'run1'", [1]),
        ("tag.env = 'prod'", [1]), ("tags.env != 'prod'", [2]), ("tags.env LIKE '%o%'", [1]),
        ("tags.env ILIKE 'DEV'", [2]), ("tag.env RLIKE '^[A-Z]'", [2]), ("tags.env IS NULL", [3]),
        ("tags.env IS NOT NULL", [2, 1]), ("tag.`mlflow.traceName` = 'chat'", [1]),
        ("tag.\"mlflow.traceName\" IS NULL", [3]), ("metadata.team = 'blue'", [1]),
        ("request_metadata.team ILIKE 'red'", [2]), ("metadata.`mlflow.trace.session` = 's'", [3, 2]),
        ("metadata.team RLIKE 'b.u'", [1]), ("metadata.team IS NULL", [3]), ("span.name = 'root'", [3, 1]),
        ("span.name = 'call' AND span.status = 'ERROR'", [1]), ("span.name = 'root' AND span.type = 'LLM'", []),
        ("span.type IN ('LLM', 'TOOL')", [1]), ("span.name RLIKE '^ca'", [1]), ("span.status != 'OK'", [3, 1]),
        ("span.attributes.model = 'gpt-4'", [1]), ("span.attributes.model != 'gpt-4'", [1]),
        ("span.attributes.model LIKE 'gpt%' AND span.name = 'call'", []), ("span.attributes.n = '12'", [1]),
        ("span.attributes.model RLIKE '^cl.*e$'", [1]), ("span.attributes.`model` ILIKE 'GPT%'", [1]),
        ("span.attributes.text LIKE '%größer%'", [3]), ("span.content LIKE '%claude%'", [1]),
        ("trace.text ILIKE '%GRÖSSER%' AND status = 'ERROR'", []), ("text LIKE '%größer%'", [3]),
        ("status = 'OK' and tags.env = 'prod' AND span.name = 'call'", [1]),
    ]

    @Test func everyOperatorFindsWhatItShould() async throws {
        let fixture = try await filled()
        for (filter, found) in Self.comparisons {
            #expect(try await fixture.search(filter) == found, "\(filter)")
        }
    }

    @Test func wrongFiltersAreRefused() async throws {
        let fixture = try await TracesFixture()
        let filters = [
            "status > 'OK'", "timestamp_ms = '1'", "timestamp_ms LIKE '1'", "wrong = 'x'", "wrong.key = 'x'",
            "tags.a IN ('b')", "tags.a > 'b'", "tags.a = 1", "span.wrong = 'x'", "span.attributes. = 'x'",
            "span.content = 'x'", "span.name > 'x'", "prompt LIKE 'a/1'", "prompt = 'a'", "prompt = 'a/b/1'",
            "issue.name = 'x'", "issue.id != 'x'", "feedback.a IN ('x')", "feedback.a > 'x'", "name RLIKE '('",
            "name RLIKE '(a)\\1'", "name RLIKE '(?=a)'", "status = 'OK' OR status = 'ERROR'", "experiment_id = '1'",
            "span.attributes.a > 'x'", "status IS NULL", "span.name IS NULL", "name RLIKE 'a{2,1}'",
        ]
        for filter in filters {
            #expect(await code { _ = try await fixture.search(filter) } == .invalidArgument, "\(filter)")
        }
        for order in [["wrong"], ["span.name"], ["feedback.a"], ["status", "status"], ["status UP"]] {
            #expect(await code { _ = try await fixture.search(nil, order: order) } == .invalidArgument, "\(order)")
        }
        #expect(await code { _ = try await fixture.search(nil, experiments: ["one"]) } == .invalidArgument)
        #expect(try await fixture.search(nil, experiments: []).isEmpty)
    }

    @Test func ordersPutMissingValuesLast() async throws {
        let fixture = try await filled()
        let orders: [(entry: String, found: [Int])] = [
            ("timestamp_ms ASC", [1, 2, 3]), ("timestamp DESC", [3, 2, 1]), ("execution_time_ms", [3, 1, 2]),
            ("execution_time_ms DESC", [1, 3, 2]), ("end_time_ms DESC", [3, 2, 1]), ("status", [3, 2, 1]),
            ("request_id DESC", [3, 2, 1]), ("name", [2, 1, 3]), ("name DESC", [1, 2, 3]),
            ("tags.env", [2, 1, 3]), ("metadata.team DESC", [1, 2, 3]), ("run_id", [1, 3, 2]),
            ("experiment_id", [3, 2, 1]),
        ]
        for (entry, found) in orders {
            #expect(try await fixture.search(nil, order: [entry]) == found, "\(entry)")
        }
    }

    @Test func longTextsAreFoundWholeThoughIndexesHoldTheirBeginning() async throws {
        let fixture = try await TracesFixture()
        let head = String(repeating: "é", count: TracesLimits.headCharacters)
        for (number, text) in [head, head + "a", String(head.dropLast())].enumerated() {
            try await fixture.start(
                number + 1,
                metadata: ["k": text, "mlflow.sourceRun": text],
                tags: ["mlflow.traceName": text, "k": text]
            )
            try await fixture.store.log(
                [span(number + 1, 1, name: text, attributes: ["mlflow.spanType": .string(text)])],
                experimentID: "1"
            )
            for field in ["name", "tags.k", "metadata.k", "run_id", "span.name", "span.type"] {
                #expect(try await fixture.search("\(field) = '\(text)'") == [number + 1], "\(field)")
            }
        }
        #expect(try await fixture.search(nil, order: ["name ASC"]) == [3, 2, 1])
    }

    @Test func assessmentsAreFoundByVerdict() async throws {
        let fixture = try await filled()
        _ = try await fixture.store.create(assessment(traceID(1), "score", 0.75))
        _ = try await fixture.store.create(assessment(traceID(2), "score", "high"))
        var expected = assessment(traceID(3), "my answer", "yes")
        expected.kind = .expectation
        _ = try await fixture.store.create(expected)
        var issue = assessment(traceID(3), "issue-1", ["issue_name": "slow"])
        issue.kind = .issue
        _ = try await fixture.store.create(issue)
        var session = assessment(traceID(2), "polite", true)
        session.metadata = [TracePair(key: "mlflow.trace.session", value: "s")]
        _ = try await fixture.store.create(session)
        let comparisons: [(filter: String, found: [Int])] = [
            ("feedback.score = 'high'", [2]), ("feedback.score = '0.75'", [1]), ("feedback.score != 'high'", [1]),
            ("feedback.score > 0.5", [1]), ("feedback.score < 0.5", []), ("feedback.score LIKE '%igh%'", [2]),
            ("feedback.score ILIKE '%HIGH%'", [2]), ("feedback.score RLIKE '^.h'", [2]),
            ("feedback.score IS NULL", [3]), ("feedback.score IS NOT NULL", [2, 1]),
            ("expectation.`my answer` = 'yes'", [3]), ("expectation.\"my answer\" != 'no'", [3]),
            ("issue.id = 'issue-1'", [3]), ("feedback.polite = 'true'", [3, 2]), ("feedback.polite IS NULL", [1]),
            ("feedback.polite RLIKE 'true'", [3, 2]),
        ]
        for (filter, found) in comparisons {
            #expect(try await fixture.search(filter) == found, "\(filter)")
        }
    }

    @Test func promptsAndRunsAreFoundByLink() async throws {
        let fixture = try await filled()
        try await fixture.store.link(prompts: [("qa", 1), ("qa", 2), ("qa", 1)], toTrace: traceID(1))
        try await fixture.store.link([traceID(1), traceID(2), traceID(2)], toRun: "run2")
        #expect(try await fixture.search("prompt = 'qa/2'") == [1])
        #expect(try await fixture.search("prompt = 'qa/3'").isEmpty)
        #expect(try await fixture.search("run_id = 'run2'") == [2, 1])
        #expect(await code { try await fixture.store.link(prompts: [("qa", 1)], toTrace: "tr-none") } == .notFound)
    }

    @Test(arguments: ["", "name RLIKE '^t'"]) func pagesNeitherSkipNorRepeatDuringInserts(filter: String) async throws {
        let fixture = try await TracesFixture()
        for number in 1...12 {
            try await fixture.start(number, time: Int64(number / 3), tags: ["mlflow.traceName": "t"])
        }
        var found: [String] = []
        var token: String?
        var isFirst = true
        while isFirst || token != nil {
            isFirst = false
            let page = try await fixture.store.search(experimentIDs: ["1"], filter: filter, limit: 4, after: token)
            found += page.traces.map(\.id)
            token = page.nextToken
            // A full page has a token, also the last one.
            #expect((page.traces.count == 4) == (token != nil))
            try await fixture.start(100 + found.count, time: 1_000_000, tags: ["mlflow.traceName": "t"])
        }
        #expect(found.count == 12 && Set(found).count == 12)
        #expect(
            await code {
                _ = try await fixture.store.search(experimentIDs: ["2"], filter: filter, limit: 4, after: "x")
            } == .invalidArgument
        )
    }
}
