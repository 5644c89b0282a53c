import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore

/// OpenTelemetry's way of sending spans: `POST /v1/traces`, protobuf or JSON, compressed or not.
package struct OTLPRoutes {
    private let store: TraceStore

    /// Routes over a store.
    package init(store: TraceStore) {
        self.store = store
    }

    /// Registers the route.
    package func register(in routes: RouteTable) {
        let store = store
        routes.on("/v1/traces", method: .post, permission: .write, errors: .mlflow, audited: false) { request, _ in
            guard let experiment = request.headers[.experimentID], !experiment.isEmpty else {
                return Self.missingExperiment
            }
            do {
                let spans = try await Self.spans(of: request)
                try await store.log(spans, experimentID: experiment, runID: request.headers[.runID])
                return .bytes([], contentType: "application/x-protobuf")
            } catch let refusal as ExportReader.Refusal {
                switch refusal {
                case .malformed(let words): return Self.refusal(.badRequest, words)
                case .unusableSpan(let words): return Self.refusal(.unprocessableContent, words)
                }
            }
        }
    }

    private static func spans(of request: Request) async throws -> [TraceSpan] {
        let type = request.headers[.contentType] ?? ""
        let media = type.prefix { $0 != ";" }.filter { !$0.isWhitespace }
        guard media == "application/x-protobuf" || media == "application/json" else {
            throw ExportReader.Refusal.malformed(
                "Invalid Content-Type: \(type.isEmpty ? "None" : String(type.prefix(100))). Expected: "
                    + "application/x-protobuf or application/json"
            )
        }
        let body = Array(buffer: try await request.readBody(limit: TracesLimits.exportBytes))
        let encoding = request.headers[.contentEncoding]?.lowercased() ?? ""
        return try await ExportReader.spans(Self.content(body, encoding), isJSON: media == "application/json")
    }

    @concurrent
    private static func content(_ body: [UInt8], _ encoding: String) async throws -> [UInt8] {
        do throws(Inflater.Failure) {
            switch encoding {
            case "", "identity": return body
            case "gzip": return try Inflater.gunzip(body, limit: TracesLimits.inflatedBytes)
            case "deflate": return try Inflater.deflated(body, limit: TracesLimits.inflatedBytes)
            default: break
            }
        } catch .malformed {
            throw ExportReader.Refusal.malformed("Failed to decompress \(encoding) payload")
        } catch {
            throw ExportReader.Refusal.malformed(
                "Failed to decompress \(encoding) payload: it has more than \(TracesLimits.inflatedBytes) bytes"
            )
        }
        throw ExportReader.Refusal.malformed("Unsupported Content-Encoding: \(encoding.prefix(100))")
    }

    private static func refusal(_ status: HTTPResponse.Status, _ words: String) -> Response {
        .json(["detail": .string(words)], status: status)
    }

    /// The refusal of a request without the header, in the form of the framework that MLflow uses.
    private static var missingExperiment: Response {
        .json(
            [
                "detail": [
                    [
                        "type": "missing", "loc": ["header", "x-mlflow-experiment-id"], "msg": "Field required",
                        "input": nil,
                    ]
                ]
            ],
            status: .unprocessableContent
        )
    }
}

extension HTTPField.Name {
    /// `x-mlflow-experiment-id`.
    fileprivate static let experimentID = HTTPField.Name("x-mlflow-experiment-id") ?? .eTag
    /// `x-mlflow-run-id`.
    fileprivate static let runID = HTTPField.Name("x-mlflow-run-id") ?? .eTag
}
