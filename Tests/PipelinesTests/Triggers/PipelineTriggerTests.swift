import Core
import Pipelines
import Schedules
import Testing

/// What triggers are declared as, and what is refused.
struct PipelineTriggerTests {
    static func parse(_ definition: JSONValue) throws -> PipelineTrigger {
        try #require(
            try PipelineTrigger.parseSection(
                JSONFields(JSONObject([("t", definition)]), path: "pipelines.p.triggers"),
                declared: ["x"]
            ).first
        )
    }

    static func condition(_ definition: JSONValue) throws -> EventCondition {
        guard case .event(let condition) = try parse(definition).kind else {
            throw MartletError(.internal, "no event")
        }
        return condition
    }

    @Test func schedulesAreRead() throws {
        let cron = try Self.parse(["cron": "0 3 * * *", "priority": 5, "parameters": ["x": "${trigger.date}"]])
        #expect(cron.name == "t" && cron.priority == 5 && cron.parameters == ["x": "${trigger.date}"])
        guard case .schedule(let times) = cron.kind else { throw MartletError(.internal, "no schedule") }
        #expect(times.timetable.text == "0 3 * * * UTC" && times.catchUp == .last && times.start == nil)
        let full = try Self.parse([
            "cron": [
                "expression": "@daily", "timezone": "Asia/Kathmandu", "catch_up": ["all": 7], "start": "2026-05-01",
                "end": "2026-06-01T00:00:00Z",
            ]
        ])
        guard case .schedule(let bounded) = full.kind else { throw MartletError(.internal, "no schedule") }
        #expect(bounded.timetable.text == "@daily Asia/Kathmandu" && bounded.catchUp == .all(limit: 7))
        #expect(
            bounded.start?.iso8601 == "2026-04-30T18:15:00.000Z" && bounded.end?.iso8601 == "2026-06-01T00:00:00.000Z"
        )
        let interval = try Self.parse(["interval": ["every": "6h", "anchor": "2026-05-01T01:00:00Z"]])
        guard case .schedule(let every) = interval.kind else { throw MartletError(.internal, "no schedule") }
        #expect(every.timetable.text == "every 6h")
        #expect(every.next(after: Timestamp(milliseconds: 0))?.iso8601 == "2026-05-01T01:00:00.000Z")
        #expect(try Self.parse(["interval": "90s"]).priority == nil)
        #expect(try Self.parse(["manual": true]).kind == .manual)
    }

    @Test func eventsAreRead() throws {
        let at = Timestamp(milliseconds: 0)
        func event(_ type: String, _ subject: String, _ data: JSONObject = [:]) -> TriggerEvent {
            TriggerEvent(id: "1", type: type, subject: subject, data: data, at: at)
        }
        let dataset = try Self.condition(["dataset": "sales"])
        #expect(dataset.matches(event("martlet.dataset.updated", "datasets/sales")))
        #expect(!dataset.matches(event("martlet.dataset.updated", "datasets/sales2")))
        let version = try Self.condition(["model": "cancer"])
        #expect(version.matches(event("martlet.version.created", "models/cancer/versions/3")))
        #expect(!version.matches(event("martlet.alias.moved", "models/cancer/aliases/production")))
        let alias = try Self.condition(["model": ["name": "cancer", "alias": "production"]])
        #expect(alias.matches(event("martlet.alias.moved", "models/cancer/aliases/production")))
        #expect(!alias.matches(event("martlet.alias.moved", "models/cancer/aliases/staging")))
        let anyAlias = try Self.condition(["model": ["name": "cancer", "on": "alias_deleted"]])
        #expect(anyAlias.matches(event("martlet.alias.deleted", "models/cancer/aliases/staging")))
        let drift = try Self.condition(["drift": "cancer-drift"])
        #expect(drift.matches(event("martlet.monitor.drift", "monitors/cancer-drift")))
        #expect(!drift.matches(event("martlet.monitor.recovered", "monitors/cancer-drift")))
        let deployment = try Self.condition(["drift": ["deployment": "cancer", "on": "recovered"]])
        #expect(deployment.matches(event("martlet.monitor.recovered", "monitors/x", ["deployment": "cancer"])))
        #expect(!deployment.matches(event("martlet.monitor.recovered", "monitors/x", ["deployment": "other"])))
        let any = try Self.condition([
            "event": ["types": ["martlet.deployment.*", "martlet.run.finished"], "data": ["n": 3]]
        ])
        #expect(any.matches(event("martlet.deployment.rollout.failed", "deployments/x", ["n": 3])))
        #expect(!any.matches(event("martlet.deployment.rollout.failed", "deployments/x", ["n": 4])))
        #expect(!any.matches(event("martlet.loop.opened", "loops/x", ["n": 3])))
        #expect(try Self.condition(["event": "martlet.*"]).matches(event("martlet.loop.opened", "loops/x")))
    }

    @Test func webhooksAreRead() throws {
        guard case .webhook(let rule) = try Self.parse(["webhook": "hook"]).kind else {
            throw MartletError(.internal, "no webhook")
        }
        #expect(rule.secret == "hook" && rule.scheme == .signature && rule.perMinute == Int(TriggerLimits.defaultRate))
        let most: JSONValue = [
            "webhook": ["secret": "hook", "scheme": "github", "per_minute": .integer(TriggerLimits.highestRate)]
        ]
        guard case .webhook(let github) = try Self.parse(most).kind else { throw MartletError(.internal, "no webhook") }
        #expect(github.scheme == .github && github.perMinute == Int(TriggerLimits.highestRate))
    }

    static let wrong: [(JSONValue, String)] = [
        ([:], "needs exactly one of cron"), (["cron": "@daily", "manual": true], "but has cron and manual"),
        (["crn": "@daily"], "did you mean 'cron'"),
        (
            ["cron": "0 0 30 2 *"],
            "'pipelines.p.triggers.t.cron.expression': The cron line '0 0 30 2 *' names a date that never"
        ),
        (["cron": "61 * * * *"], "The minute '61'"),
        (["cron": ["expression": "@daily", "timezone": "Mars/Olympus"]], "'pipelines.p.triggers.t.cron.timezone'"),
        (["cron": ["expression": "@daily", "catch_up": "some"]], "'pipelines.p.triggers.t.cron.catch_up'"),
        (["cron": ["expression": "@daily", "start": "2026-02-30"]], "'pipelines.p.triggers.t.cron.start'"),
        (["cron": ["expression": "@daily", "start": "2026-02-03", "end": "2026-02-01"]], "must not be before 'start'"),
        (["cron": ["timezone": "UTC"]], "'pipelines.p.triggers.t.cron.expression' is missing"),
        (["cron": 5], "must be a string"),
        (["interval": 0], "An interval must be between"), (["interval": "0s"], "An interval must be between"),
        (["interval": "999ms"], "An interval must be between"), (["interval": "100000d"], "must be a duration"),
        (["interval": "11000d"], "An interval must be between"), (["interval": "-5m"], "must be a duration"),
        (["interval": [:]], "every' is missing"), (["dataset": ""], "must be a name"),
        (["model": ["name": "m", "on": "trained"]], "alias_deleted, alias_moved, version_created"),
        (["model": ["name": "m", "alias": "a", "on": "version_created"]], "does not go with"),
        (["drift": ["monitor": "m", "deployment": "d"]], "either 'monitor' or 'deployment'"),
        (["drift": ["monitor": "m", "on": "never"]], "drift, warning, recovered"),
        (["event": []], "must name 1 to"), (["event": ["types": ["a*b"]]], "a beginning with a star at its end"),
        (["event": "*"], "a beginning with a star"), (["webhook": [:]], "secret' is missing"),
        (["webhook": ["secret": "s", "scheme": "md5"]], "signature, github, token"),
        (["webhook": ["secret": "s", "per_minute": 0]], "per_minute' must be between"),
        (["manual": false], "must be true"),
        (["manual": true, "parameters": ["y": 1]], "'pipelines.p.triggers.t.parameters.y' is not a known key"),
        (["manual": true, "parameters": ["x": "${trigger.event.id}"]], "has no event"),
        (["cron": "@daily", "parameters": ["x": ["a": "${trigger.event.data.y}"]]], "has no event"),
        (["manual": true, "parameters": ["x": "${trigger.nothing}"]], "known are ${trigger.name}"),
        (["manual": true, "parameters": ["x": "${parameters.x}"]], "known are ${trigger.name}"),
        (["manual": true, "parameters": ["x": "${trigger.time"]], "does not close it"),
        (
            ["manual": true, "priority": .integer(PipelinesLimits.priorities.upperBound + 1)],
            "priority' must be between"
        ),
    ]

    @Test(arguments: wrong)
    func whatIsNoTriggerIsRefused(definition: JSONValue, reason: String) throws {
        let error = #expect(throws: MartletError.self) { try Self.parse(definition) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test func limitsHold() throws {
        func section(_ count: Int) throws -> [PipelineTrigger] {
            let pairs = (0..<count).map { ("t\($0)", JSONValue.object(["manual": true])) }
            return try PipelineTrigger.parseSection(JSONFields(JSONObject(pairs), path: "triggers"), declared: [])
        }
        #expect(try section(TriggerLimits.triggers).count == TriggerLimits.triggers)
        #expect(throws: MartletError.self) { try section(TriggerLimits.triggers + 1) }
        func types(_ count: Int) -> JSONValue {
            ["event": ["types": .array((0..<count).map { .string("martlet.t\($0)") })]]
        }
        #expect(try Self.condition(types(TriggerLimits.eventTypes)).types.count == TriggerLimits.eventTypes)
        #expect(throws: MartletError.self) { try Self.parse(types(TriggerLimits.eventTypes + 1)) }
        let long = String(repeating: "a", count: TriggerLimits.nameBytes)
        #expect(try Self.condition(["dataset": .string(long)]).subject == "datasets/\(long)")
        #expect(throws: MartletError.self) { try Self.parse(["dataset": .string(long + "a")]) }
        #expect(throws: MartletError.self) {
            try Self.parse(["webhook": ["secret": "s", "per_minute": .integer(TriggerLimits.highestRate + 1)]])
        }
    }
}
