import Core
import HTTPSupport
import Ledger
import Serving

/// Reads the ledger for its pages.
struct LedgerLoader: Sendable {
    let sources: ConsoleSources

    private func store() throws(MartletError) -> LedgerStore {
        guard let store = sources.predictions else {
            throw MartletError(.unavailable, "The ledger cannot be searched on this server.")
        }
        return store
    }

    /// The search, and what it finds.
    func list(_ query: ConsoleQuery) async throws -> PredictionsPage {
        let names = await sources.deployments.statuses().map(\.spec.name)
        var asked = Self.asked(query)
        if asked.deployment.isEmpty { asked.deployment = names.first ?? "" }
        let known = names.contains(asked.deployment) ? names : names + [asked.deployment].filter { !$0.isEmpty }
        var page = PredictionsPage(query: asked, deployments: known, example: #"wrong and score < 0.7"#)
        guard !asked.deployment.isEmpty else { return page }
        do {
            let now = sources.clock.now
            let text = try Self.filter(asked)
            let since = try Self.since(asked.since, now: now)
            let wanted = LedgerQuery(
                deployment: asked.deployment,
                since: since,
                filter: try LedgerFilter(parsing: text)
            )
            try await sources.ledger.flush()
            let found = try await store().page(
                wanted,
                after: try Self.position(query["page_token"]),
                limit: ConsoleLimits.predictionsPerPage
            )
            page.rows = found.rows.map { DeploymentLoader.prediction($0.record, now: now) }
            page.note = found.rows.isEmpty ? "" : "\(found.rows.count)\(found.next == nil ? "" : ", and more")"
            page.next = found.next.map { next in
                let token = PageToken.encode([.integer(next.createdAt.milliseconds), .integer(next.number)])
                return ConsolePath.query("/ledger", asked.items + [("page_token", token)])
            }
            page.exports = Self.exports(asked.deployment, text, since)
        } catch {
            let failure = MartletError.wrapping(error)
            guard failure.code == .invalidArgument else { throw error }
            page.notices = [Notice(.bad, failure.message)]
        }
        return page
    }

    private static func asked(_ query: ConsoleQuery) -> PredictionsPage.Query {
        PredictionsPage.Query(
            deployment: query["deployment"] ?? "",
            filter: query["filter"] ?? "",
            since: query["since"] ?? "",
            labels: query["labels"] ?? "",
            version: query["version"] ?? "",
            arm: query["arm"] ?? ""
        )
    }

    /// The fields of the search as one text of the ledger's grammar, which exports take as well.
    private static func filter(_ asked: PredictionsPage.Query) throws(MartletError) -> String {
        var parts: [String] = []
        if asked.filter.contains(where: { !$0.isWhitespace }) {
            // By itself first, so that what is wrong is told of what was written.
            _ = try LedgerFilter(parsing: asked.filter)
            parts.append("(\(asked.filter))")
        }
        if !asked.labels.isEmpty {
            guard LedgerWord(rawValue: asked.labels) != nil else {
                throw MartletError(.invalidArgument, "'labels' cannot be '\(asked.labels.prefix(40))'.")
            }
            parts.append(asked.labels)
        }
        if !asked.version.isEmpty {
            guard let version = Int32(asked.version), version > 0 else {
                throw MartletError(.invalidArgument, "'Version' must be a whole number, such as 3.")
            }
            parts.append("version = \(version)")
        }
        if !asked.arm.isEmpty {
            guard asked.arm.utf8.allSatisfy({ $0 != UInt8(ascii: "'") && $0 != UInt8(ascii: "\\") }) else {
                throw MartletError(.invalidArgument, "'Arm' must be the name of an arm, such as candidate.")
            }
            parts.append("arm = '\(asked.arm)'")
        }
        return parts.joined(separator: " and ")
    }

    private static func since(_ text: String, now: Timestamp) throws(MartletError) -> Timestamp? {
        guard !text.isEmpty else { return nil }
        guard let duration = Duration(writtenAs: text), duration > .zero else {
            throw MartletError(.invalidArgument, "'When' must be a length of time, such as 24h.")
        }
        return now - duration
    }

    private static func position(_ token: String?) throws(MartletError) -> LedgerPosition? {
        guard let token else { return nil }
        guard let parts = try PageToken.decode(token).arrayValue, parts.count == 2,
            let at = parts[0].integerValue, let number = parts[1].integerValue
        else { throw MartletError(.invalidArgument, "'page_token' is not one of this list.") }
        return LedgerPosition(createdAt: Timestamp(milliseconds: at), number: number)
    }

    private static func exports(
        _ deployment: String,
        _ filter: String,
        _ since: Timestamp?
    ) -> [(text: String, href: String)] {
        var items = [("deployment", deployment)]
        if !filter.isEmpty { items.append(("filter", filter)) }
        if let since { items.append(("since", String(since.milliseconds))) }
        return [("CSV", "csv"), ("JSON Lines", "jsonl")].map { text, format in
            (text, ConsolePath.query("/api/martlet/v1/ledger/export", items + [("format", format)]))
        }
    }

    // MARK: - One prediction

    /// One prediction with everything that came of it.
    func prediction(_ deployment: String, _ id: String, notices: [Notice] = []) async throws -> PredictionPage {
        let store = try store()
        var story = try await store.story(id)
        if story.rows.isEmpty {
            try await sources.ledger.flush()
            story = try await store.story(id)
        }
        guard let row = story.rows.first(where: { $0.record.deployment == deployment && $0.record.arm != .shadow })
        else {
            throw MartletError(.notFound, "The ledger of '\(deployment)' has no prediction '\(id.prefix(80))'.")
        }
        let now = sources.clock.now
        let record = row.record
        let schema = try await store.schema(deployment, record.version)
        return PredictionPage(
            deployment: deployment,
            id: record.id,
            facts: facts(record, model: try? await sources.deployments.status(deployment).spec.model, now: now),
            inputs: Self.inputs(record, schema),
            inputNote: Self.inputNote(record),
            shadows: Self.shadows(record, story.rows),
            labels: story.labels.map { label in
                PredictionPage.Label(
                    text: label.label,
                    observed: TimeText(label.observedAt, now: now),
                    received: TimeText(label.receivedAt, now: now),
                    counts: label.isCurrent
                )
            },
            classes: schema?.classes ?? [],
            notices: notices
        )
    }

    /// Says what was right, as of now.
    ///
    /// - Throws: `invalidArgument` for what is no label of the model that answered.
    func label(_ deployment: String, _ id: String, _ label: String) async throws {
        let item = FeedbackItem(subject: .request(id: id, deployment: deployment), label: .string(label))
        let answer = try await sources.ledger.desk.take(item)
        guard answer.outcome == .rejected else { return }
        throw MartletError(.invalidArgument, "'\(label.prefix(80))' is no label of the model that answered.")
    }

    private func facts(_ record: LedgerRecord, model: String?, now: Timestamp) -> [(label: String, value: Markup)] {
        let version = "version \(record.version)"
        let link = model.map { Markup.link(version, ConsolePath.of("models", $0, String(record.version))) }
        var facts: [(label: String, value: Markup)] = [
            ("answer", .text(record.prediction)),
            ("score", record.score.isFinite ? .text(NumberText.value(record.score)) : .missing),
            ("version", link ?? .text(version)), ("arm", .text(record.arm.rawValue)),
        ]
        if let label = record.label {
            let right = record.isCorrect == true
            facts.append(("label", .toned("\(label) \(right ? "✓" : "✗")", right ? .good : .bad)))
        }
        if let entity = record.entity { facts.append(("entity", .code(entity))) }
        if let rollout = record.rollout {
            facts.append(("rollout", .joined([.code(String(rollout.prefix(8))), .text("step \(record.step + 1)")])))
        }
        facts += [
            ("latency", .text(NumberText.latency(seconds: Double(record.microseconds) / 1e6))),
            ("came by", .text(record.via)), ("answered", .time(TimeText(record.createdAt, now: now))),
        ]
        if record.drift { facts.append(("drift", .toned("the monitor reported drift", .warn))) }
        return facts
    }

    private static func inputs(_ record: LedgerRecord, _ schema: LedgerSchema?) -> [(name: String, value: String)] {
        record.features.prefix(ConsoleLimits.inputColumns).enumerated().map { index, value in
            let names = schema?.columns ?? []
            let name = names.indices.contains(index) ? names[index] : "column \(index + 1)"
            if LedgerRecord.isRedacted(value) { return (name, "not kept") }
            guard value.isFinite else { return (name, value.isNaN ? "missing" : (value > 0 ? "∞" : "−∞")) }
            let text = value.description
            return (name, text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
        }
    }

    private static func inputNote(_ record: LedgerRecord) -> String {
        var notes: [String] = []
        let redacted = record.redactedColumns.count
        if redacted > 0 { notes.append(redacted == 1 ? "1 column is not kept" : "\(redacted) columns are not kept") }
        if record.isCut { notes.append("longer than what is kept, and cut") }
        if record.features.count > ConsoleLimits.inputColumns {
            notes.append("the first \(ConsoleLimits.inputColumns) of \(NumberText.count(record.features.count))")
        }
        return notes.joined(separator: "; ")
    }

    private static func shadows(_ record: LedgerRecord, _ rows: [LedgerRow]) -> [PredictionPage.Shadow] {
        var shadows: [PredictionPage.Shadow] = []
        if let version = record.shadowVersion, let answer = record.shadowPrediction {
            let score = record.shadowScore.flatMap { $0.isFinite ? $0 : nil }
            let agrees = answer == record.prediction
            shadows.append(.init(version: "version \(version)", output: answer, score: score, agrees: agrees))
        }
        for row in rows where row.record.arm == .shadow && row.record.deployment == record.deployment {
            let mirror = row.record
            shadows.append(
                .init(
                    version: "version \(mirror.version), mirrored",
                    output: mirror.prediction,
                    score: mirror.score.isFinite ? mirror.score : nil,
                    agrees: mirror.prediction == record.prediction
                )
            )
        }
        return shadows
    }
}
