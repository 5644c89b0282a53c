package import Core
package import HTTPSupport
import Hummingbird

/// `POST /feedback`: labels for predictions, one or many, by id or by entity and time, in any order and weeks late.
package struct FeedbackRoutes: Sendable {
    private let desk: FeedbackDesk

    /// Joins labels through `desk`.
    package init(desk: FeedbackDesk) {
        self.desk = desk
    }

    /// Adds the routes.
    package func register(in routes: RouteTable) {
        let desk = desk
        for path in ["/feedback", "/api/martlet/v1/feedback"] {
            routes.post(path, permission: .predict, errors: .martlet) { request, _ in
                let body = try JSONFields(try await request.readJSON(limit: LedgerLimits.feedbackBytes))
                guard let items = try body.optionalArray("items") else {
                    let answer = try await desk.take(try FeedbackItem(fields: body))
                    let isWaiting = answer.outcome == .pending || answer.outcome == .alreadyPending
                    return .json(.object(answer.json(for: body.object)), status: isWaiting ? .accepted : .ok)
                }
                try body.rejectUnknown(["items"])
                guard items.count <= LedgerLimits.feedbackItems else {
                    throw MartletError(
                        .invalidArgument,
                        "'items' has \(items.count) labels; at most \(LedgerLimits.feedbackItems) go in one request."
                    )
                }
                return .json(try await Self.takeAll(items, desk))
            }
        }
    }

    /// Joins each item for itself: one wrong label does not keep the others from being stored.
    private static func takeAll(_ items: [JSONValue], _ desk: FeedbackDesk) async throws -> JSONValue {
        var objects: [JSONObject] = []
        var read: [Result<FeedbackItem, MartletError>] = []
        for (position, item) in items.enumerated() {
            let fields = try JSONFields(item, path: "items[\(position)]")
            objects.append(fields.object)
            read.append(Result { () throws(MartletError) in try FeedbackItem(fields: fields) })
        }
        var answers = try await desk.take(read.compactMap { try? $0.get() })[...]
        var results: [JSONValue] = []
        var counts: [String: Int] = [:]
        for (object, item) in zip(objects, read) {
            let answer: Result<FeedbackAnswer, MartletError>
            switch item {
            case .success: answer = answers.popFirst() ?? .failure(MartletError(.internal, "It was not answered."))
            case .failure(let error): answer = .failure(error)
            }
            switch answer {
            case .success(let answer):
                counts[answer.outcome.rawValue, default: 0] += 1
                results.append(.object(answer.json(for: object)))
            case .failure(let error):
                counts[FeedbackOutcome.rejected.rawValue, default: 0] += 1
                var result = FeedbackAnswer.subject(of: object)
                result["stored"] = false
                result["outcome"] = .string(FeedbackOutcome.rejected.rawValue)
                result["error"] = ["code": .string(error.code.rawValue), "message": .string(error.message)]
                results.append(.object(result))
            }
        }
        var sums = JSONObject()
        for outcome in FeedbackOutcome.allCases { sums[outcome.rawValue] = counts[outcome.rawValue].map { .int($0) } }
        return ["items": .array(results), "counts": .object(sums)]
    }
}

extension FeedbackItem {
    /// Reads one item: `request_id`, or `deployment`, `entity` and a time, and the label.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package init(fields: JSONFields) throws(MartletError) {
        let isByEntity = fields.value("entity") != nil
        try fields.rejectUnknown(
            ["label", "observed_at", "deployment"] + (isByEntity ? ["entity", "at", "window"] : ["request_id"])
        )
        let deployment = try fields.optionalString("deployment")
        let observedAt = try Self.time(fields, "observed_at")
        let subject: Subject
        if isByEntity {
            guard let deployment else {
                throw MartletError(.invalidArgument, "'\(fields.path(of: "deployment"))' is missing beside 'entity'.")
            }
            guard let at = try Self.time(fields, "at") ?? observedAt else {
                throw MartletError(.invalidArgument, "'\(fields.path(of: "at"))' is missing beside 'entity'.")
            }
            let window = try fields.optionalDuration("window") ?? .seconds(86_400)
            guard window > .zero, window <= LedgerLimits.entityWindow else {
                throw fields.invalid("window", "must be longer than nothing and at most 400d")
            }
            let key = try fields.string("entity")
            guard !key.isEmpty, key.utf8.count <= LedgerLimits.entityBytes, !key.utf8.contains(0) else {
                throw fields.invalid("entity", "must have 1 to \(LedgerLimits.entityBytes) bytes")
            }
            subject = .entity(deployment: deployment, key: key, at: at, window: window)
        } else {
            let id = try fields.string("request_id")
            guard !id.isEmpty, id.utf8.count <= LedgerLimits.idBytes, !id.utf8.contains(0) else {
                throw fields.invalid("request_id", "must have 1 to \(LedgerLimits.idBytes) bytes")
            }
            subject = .request(id: id, deployment: deployment)
        }
        guard let label = fields.value("label") else {
            throw MartletError(.invalidArgument, "'\(fields.path(of: "label"))' is missing.")
        }
        // What no model could take is refused at once, also when the prediction is not known yet.
        _ = try CanonicalLabel.text(label, classes: nil)
        self.init(subject: subject, label: label, observedAt: observedAt)
    }

    private static func time(_ fields: JSONFields, _ key: String) throws(MartletError) -> Timestamp? {
        guard let value = fields.value(key) else { return nil }
        if let milliseconds = value.integerValue { return Timestamp(milliseconds: milliseconds) }
        if let text = value.stringValue, let time = LedgerTime.parse(text) { return time }
        throw fields.invalid(key, "must be a time such as 2026-11-22T05:00:00Z, or milliseconds since 1970")
    }
}

extension FeedbackAnswer {
    /// What an item was about, to begin its answer with.
    static func subject(of object: JSONObject) -> JSONObject {
        var result = JSONObject()
        for key in ["request_id", "deployment", "entity"] {
            if let value = object[key] { result[key] = value }
        }
        if result["entity"] == nil, result["request_id"] == nil { result["request_id"] = .null }
        return result
    }

    /// The answer to an item.
    func json(for object: JSONObject) -> JSONObject {
        var result = Self.subject(of: object)
        result["stored"] = .bool([.stored, .corrected, .confirmed, .superseded, .pending].contains(outcome))
        result["outcome"] = .string(outcome.rawValue)
        if let label { result["label"] = .string(label) }
        switch outcome {
        case .corrected: result["previous"] = .optional(other)
        case .superseded: result["current"] = .optional(other)
        default: break
        }
        if object["entity"] != nil { result["request_ids"] = .array(ids.map(JSONValue.string)) }
        return result
    }
}
