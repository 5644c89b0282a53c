import Core
package import HTTPSupport
import Hummingbird

/// `POST /feedback`: labels for predictions, one or many, in any order and weeks late.
package struct FeedbackRoutes: Sendable {
    private let ledger: PredictionLedger

    /// Joins labels to `ledger`.
    package init(ledger: PredictionLedger) {
        self.ledger = ledger
    }

    /// Adds the routes.
    package func register(in routes: RouteTable) {
        let ledger = ledger
        for path in ["/feedback", "/api/martlet/v1/feedback"] {
            routes.post(path, permission: .predict, errors: .martlet) { request, _ in
                let body = try JSONFields(try await request.readJSON(limit: ServingLimits.feedbackBytes))
                guard let items = try body.optionalArray("items") else {
                    try body.rejectUnknown(["request_id", "label"])
                    let isNew = try await Self.join(body, ledger)
                    return .json(["request_id": body.object["request_id"] ?? .null, "stored": .bool(isNew)])
                }
                try body.rejectUnknown(["items"])
                guard items.count <= ServingLimits.feedbackItems else {
                    throw MartletError(
                        .invalidArgument,
                        "'items' has \(items.count) labels; at most \(ServingLimits.feedbackItems) go in one request."
                    )
                }
                return .json(["items": .array(try await Self.joinAll(items, ledger))])
            }
        }
    }

    /// Joins each item for itself: one wrong label does not keep the others from being stored.
    private static func joinAll(_ items: [JSONValue], _ ledger: PredictionLedger) async throws -> [JSONValue] {
        var results: [JSONValue] = []
        for (position, item) in items.enumerated() {
            let fields = try JSONFields(item, path: "items[\(position)]")
            let id = fields.object["request_id"] ?? .null
            do {
                results.append(["request_id": id, "stored": .bool(try await join(fields, ledger))])
            } catch let error as MartletError {
                let detail: JSONValue = ["code": .string(error.code.rawValue), "message": .string(error.message)]
                results.append(["request_id": id, "stored": false, "error": detail])
            }
        }
        return results
    }

    private static func join(_ fields: JSONFields, _ ledger: PredictionLedger) async throws -> Bool {
        let id = try fields.string("request_id")
        guard let label = fields.value("label") else {
            throw MartletError(.invalidArgument, "'\(fields.path(of: "label"))' is missing.")
        }
        return try await ledger.feedback(id, label: label)
    }
}
