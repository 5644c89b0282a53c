import Access
import Core
import HTTPSupport
import Replay
import Serving

/// Reads replays for their pages.
struct ReplayLoader: Sendable {
    let sources: ConsoleSources

    private func service() throws(MartletError) -> ReplayService {
        guard let service = sources.replays else {
            throw MartletError(.unavailable, "This server makes no replays.")
        }
        return service
    }

    func list(
        deployment: String?,
        pageToken: String? = nil,
        values: [String: String] = [:],
        notices: [Notice] = []
    ) async throws -> ReplaysPage {
        let now = sources.clock.now
        let page = try await service().replays(
            deployment: deployment,
            limit: ConsoleLimits.replaysPerPage,
            pageToken: pageToken
        )
        return ReplaysPage(
            rows: page.items.map { Self.row($0, now: now) },
            deployment: deployment,
            deployments: await sources.deployments.statuses().map(\.spec.name),
            values: values,
            next: page.nextPageToken.map { token in
                ConsolePath.query("/replays", (deployment.map { [("deployment", $0)] } ?? []) + [("page_token", token)])
            },
            notices: notices
        )
    }

    func page(_ id: String) async throws -> ReplayPage {
        let now = sources.clock.now
        let record = try await service().replay(id)
        let report = record.report ?? [:]
        let verdict = report["verdict"]
        return ReplayPage(
            row: Self.row(record, now: now),
            sentence: verdict?["message"]?.stringValue.map(Self.sentence) ?? Self.progress(record),
            stats: Self.stats(report),
            checks: (verdict?["checks"]?.arrayValue ?? []).map { check in
                let outcome = check["outcome"]?.stringValue ?? ""
                return (
                    name: DeploymentLoader.sentence(check["check"]?.stringValue ?? ""), tone: Self.tone(outcome),
                    outcome: outcome, detail: check["detail"]?.stringValue ?? ""
                )
            },
            segments: Self.segments(report),
            disagreements: Self.disagreements(report, now: now),
            request: Self.request(record, report, now: now),
            actions: record.state.isFinal
                ? []
                : [ActionButton("Cancel", path: ConsolePath.of("replays", id, "cancel"), question: "Stop this replay?")]
        )
    }

    /// Asks for a replay; returns its id.
    func start(_ form: ConsoleForm, by who: String) async throws -> String {
        let service = try service()
        var body: JSONObject = [
            "deployment": .string(try form.fields.required("deployment", called: "Deployment")),
            "candidate": .string(try form.fields.required("candidate", called: "Candidate")),
        ]
        if let since = form.fields["since"] { body["since"] = .string(since) }
        if let limit = form.fields["limit"] { body["limit"] = Int64(limit).map { .integer($0) } ?? .string(limit) }
        let wish = try ReplayWish(body: .object(body), now: sources.clock.now)
        return try await service.start(wish, requestedBy: who).id
    }

    static func row(_ record: ReplayRecord, now: Timestamp) -> ReplaysPage.Row {
        let (tone, state) = state(record)
        return ReplaysPage.Row(
            id: record.id,
            candidate: "models:/\(record.request.model)/\(record.request.version)",
            deployment: record.request.deployment,
            tone: tone,
            state: state,
            rows: record.rowsRead,
            finding: record.message,
            by: record.requestedBy,
            asked: TimeText(record.createdAt, now: now)
        )
    }

    private static func state(_ record: ReplayRecord) -> (Tone, String) {
        switch record.state {
        case .queued: return (.live, "waits for its turn")
        case .running: return (.live, "running \(NumberText.percent(record.fraction))")
        case .failed: return (.bad, "failed")
        case .cancelled: return (.idle, "stopped")
        case .succeeded: break
        }
        return switch record.verdict {
        case .pass: (.good, "passes")
        case .fail: (.bad, "fails the gate")
        case .inconclusive: (.warn, "inconclusive")
        case .noEvidence: (.warn, "nothing to compare")
        case .reported, nil: (.good, "done")
        }
    }

    private static func tone(_ outcome: String) -> Tone {
        switch outcome {
        case "pass": .good
        case "fail": .bad
        default: .idle
        }
    }

    private static func sentence(_ text: String) -> String {
        let whole = text.prefix(1).uppercased() + text.dropFirst()
        return whole.hasSuffix(".") ? whole : whole + "."
    }

    private static func progress(_ record: ReplayRecord) -> String {
        switch record.state {
        case .queued: "It waits for its turn."
        case .running:
            "Version \(record.request.version) is asked what was asked: \(NumberText.count(record.rowsRead)) rows so far."
        case .succeeded, .failed, .cancelled: record.message.isEmpty ? "It has ended." : sentence(record.message)
        }
    }

    private static func request(
        _ record: ReplayRecord,
        _ report: JSONObject,
        now: Timestamp
    ) -> [(label: String, value: Markup)] {
        let request = record.request
        var facts: [(label: String, value: Markup)] = [
            (
                "deployment",
                .link(request.deployment, DeploymentTabs.overview(request.deployment))
            ),
            (
                "candidate",
                .link(
                    "version \(request.version)",
                    ConsolePath.of("models", request.model, String(request.version))
                )
            ), ("predictions since", .time(TimeText(request.since, now: now))),
            ("until", .time(TimeText(request.until, now: now))),
            ("rows at most", .text(NumberText.count(request.limit))),
            ("segments", .text(request.segments.joined(separator: ", "))),
        ]
        for (name, value) in (report["skipped"]?.objectValue ?? [:]).pairs {
            guard let rows = value.integerValue, rows > 0 else { continue }
            facts.append(("left out, \(name.replacing("_", with: " "))", .text("\(NumberText.count(rows)) rows")))
        }
        return facts
    }
}
