import Artifacts
import Core
import Foundation
import Storage
import TestSupport
import Testing
import Traces

/// A store over an empty database and a directory that is removed at the end.
///
/// Experiments `1` and `2` are in use, `3` is deleted.
final class TracesFixture: Sendable {
    let directory: URL
    let clock = ManualClock()
    let artifacts: DiskArtifactStore
    let database: Database
    let store: TraceStore

    init() async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "martlet-traces-\(Identifier.random())")
        database = try await TestDatabase.current.open()
        try await database.migrate(TraceStore.migrations)
        artifacts = try DiskArtifactStore(root: directory.path())
        store = TraceStore(
            database: database,
            artifacts: artifacts,
            experiments: TraceExperiments { id in
                guard ["1", "2", "3"].contains(id) else {
                    throw MartletError(.notFound, "No Experiment with id=\(id) exists")
                }
                return .init(id: id, artifactLocation: "mlflow-artifacts:/\(id)", isActive: id != "3")
            },
            clock: clock.clock
        )
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    /// Stores the description of a trace and returns its id.
    @discardableResult
    func start(
        _ number: Int,
        experiment: String = "1",
        time: Int64? = nil,
        duration: Int64? = 10,
        state: TraceState = .ok,
        clientRequestID: String? = nil,
        metadata: [String: String] = [:],
        tags: [String: String] = [:]
    ) async throws -> String {
        let trace = TraceInfo(
            id: traceID(number),
            experimentID: experiment,
            requestTime: Timestamp(milliseconds: time ?? Int64(number) * 1000),
            duration: duration,
            state: state,
            clientRequestID: clientRequestID,
            metadata: metadata.map { TracePair(key: $0.key, value: $0.value) },
            tags: tags.map { TracePair(key: $0.key, value: $0.value) }
        )
        return try await store.start(trace).id
    }

    /// The numbers of the traces that a search finds, in its order.
    func search(_ filter: String?, order: [String] = [], experiments: [String] = ["1"]) async throws -> [Int] {
        let page = try await store.search(experimentIDs: experiments, filter: filter, order: order, limit: 500)
        return page.traces.compactMap { Int($0.id.suffix(8), radix: 16) }
    }
}

/// The id of a trace by a small number.
func traceID(_ number: Int) -> String {
    TraceSpan.traceID(of: otelTraceID(number))
}

/// OpenTelemetry's id of a trace by a small number.
func otelTraceID(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 32 - digits.count) + digits
}

/// A span with plain attributes.
func span(
    _ trace: Int,
    _ id: Int,
    parent: Int? = nil,
    name: String = "step",
    start: Int64 = 1_000_000_000,
    end: Int64? = 1_010_000_000,
    status: TraceSpan.Status = .ok,
    attributes: [String: JSONValue] = [:],
    resource: JSONObject = [:]
) -> TraceSpan {
    TraceSpan(
        otelTraceID: otelTraceID(trace),
        id: spanID(id),
        parentID: parent.map(spanID),
        name: name,
        startTime: start,
        endTime: end,
        status: status,
        statusMessage: "",
        attributes: attributes.sorted { $0.key < $1.key }.map {
            TraceSpan.Attribute(key: $0.key, text: AttributeText.json($0.value))
        },
        events: [],
        links: [],
        resource: resource
    )
}

private func spanID(_ id: Int) -> String {
    let digits = String(id, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}

/// The error that `work` throws.
func failure(_ work: () async throws -> Void) async -> MartletError? {
    do {
        try await work()
        return nil
    } catch {
        return error as? MartletError
    }
}

/// The code of the error that `work` throws.
func code(_ work: () async throws -> Void) async -> MartletError.Code? {
    await failure(work)?.code
}
