import Core
import InferenceProto
import NIOCore
import SwiftProtobuf

/// `grpc.health.v1.Health`: whether the server, or one of its services, answers.
struct HealthMethods: Sendable {
    static let service = "grpc.health.v1.Health"

    let services: Set<String>
    /// Whether every model of the server answers.
    let isReady: @Sendable () -> Bool
    let clock: Clock

    /// The methods by name.
    var methods: [String: GRPCMethod] {
        [
            "Check": .messages { (request: Grpc_Health_V1_HealthCheckRequest, _) in
                guard let status = status(of: request.service) else {
                    throw MartletError(.notFound, "There is no service '\(request.service.prefix(200))'.")
                }
                return Grpc_Health_V1_HealthCheckResponse.with { $0.status = status }
            },
            "Watch": .streaming { messages, _, answers in
                var iterator = messages.makeAsyncIterator()
                guard let message = try await iterator.next() else { return }
                let request: Grpc_Health_V1_HealthCheckRequest = try GRPCMethod.decode(message)
                var last: Grpc_Health_V1_HealthCheckResponse.ServingStatus?
                while true {
                    let status = status(of: request.service) ?? .serviceUnknown
                    if status != last {
                        last = status
                        let answer = Grpc_Health_V1_HealthCheckResponse.with { $0.status = status }
                        try await answers.send(ByteBuffer(bytes: try GRPCMethod.encode(answer)))
                    }
                    try await clock.sleep(for: ServingLimits.grpcHealthInterval)
                }
            },
        ]
    }

    /// The status of a service, or of the server for an empty name; nil for a name that is not served.
    private func status(of service: String) -> Grpc_Health_V1_HealthCheckResponse.ServingStatus? {
        guard service.isEmpty || services.contains(service) else { return nil }
        return isReady() ? .serving : .notServing
    }
}
