import Core
import HTTPSupport
import HTTPTypes
import Hummingbird

/// `POST /api/martlet/v1/collections`: collects, or tells what collecting would do.
struct CollectionRoutes {
    let collector: Collector

    func register(in routes: RouteTable) {
        let collector = collector
        let gate = CollectionGate()
        routes.post("/api/martlet/v1/collections", permission: .admin, errors: .martlet) { request, _ in
            let fields = try JSONFields(try await request.readJSON(limit: CollectionLimits.requestBytes))
            try fields.rejectUnknown(["older_than_ms", "dry_run"])
            let age = try fields.optionalInt("older_than_ms", in: 0...CollectionLimits.longestAgeMilliseconds)
            let isDryRun = try fields.optionalBool("dry_run") ?? false
            let report = try await gate.alone {
                try await collector.collect(
                    olderThan: age.map { .milliseconds($0) } ?? CollectionLimits.defaultAge,
                    isDryRun: isDryRun
                )
            }
            return .json(report.json)
        }
    }
}

/// Lets one collection run at a time.
private actor CollectionGate {
    private var isBusy = false

    func alone<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        guard !isBusy else {
            throw MartletError(.failedPrecondition, "A collection is under way; try again when it has ended.")
        }
        isBusy = true
        defer { isBusy = false }
        return try await body()
    }
}
