import Core
import HTTPSupport
import InferenceProto
import NIOCore
import NIOHPACK
import Serving
import SwiftProtobuf
import Testing

@Suite("gRPC: bad input, limits, cancellation")
struct GRPCTransportTests {
    private static let path = "\(GRPCHarness.service)/ModelInfer"

    private func message() throws -> [UInt8] {
        try GRPCHarness.request(raw: GRPCHarness.bytes([0.5, 1])).serializedBytes()
    }

    /// The connection still answers.
    private func expectAlive(_ harness: GRPCHarness) async throws {
        #expect(try await harness.caller.unary(Self.path, try message()).status == 0)
    }

    @Test("A length above the limit is RESOURCE_EXHAUSTED before the bytes come; one at the limit passes")
    func tooLong() async throws {
        let size = try message().count
        try await GRPCHarness.run(messageLimit: size) { harness in
            try await expectAlive(harness)
            let start = GRPCCaller.framed([], length: size + 1)
            let reply = try await harness.caller.call(Self.path, start, ends: false)
            #expect(reply.status == 8)
            #expect(reply.text.contains("\(size)"))
            try await expectAlive(harness)
        }
    }

    @Test("A truncated message ends its own stream only")
    func truncated() async throws {
        try await GRPCHarness.run { harness in
            let reply = try await harness.caller.call(Self.path, GRPCCaller.framed([1, 2], length: 50))
            #expect(reply.status == 3)
            try await expectAlive(harness)
        }
    }

    @Test("A message marked as compressed without an encoding is UNIMPLEMENTED, an unknown encoding too")
    func compression() async throws {
        try await GRPCHarness.run { harness in
            let packed = try #require(ContentCoding.gzip.encode(try message()))
            let flagged = GRPCCaller.framed(packed, flag: 1)
            #expect(try await harness.caller.call(Self.path, flagged).status == 12)
            #expect(
                try await harness.caller.call(Self.path, flagged, headers: [("grpc-encoding", "snappy")]).status == 12
            )
            let gzip = [("grpc-encoding", "gzip")]
            #expect(try await harness.caller.call(Self.path, flagged, headers: gzip).status == 0)
            #expect(
                try await harness.caller.call(Self.path, GRPCCaller.framed(try message()), headers: gzip).status == 0
            )
            let garbage = GRPCCaller.framed([1, 2, 3], flag: 1)
            #expect(try await harness.caller.call(Self.path, garbage, headers: gzip).status == 3)
        }
    }

    @Test("Random and deeply nested bytes are INVALID_ARGUMENT for every method")
    func garbage() async throws {
        try await GRPCHarness.run { harness in
            var generator = SeededGenerator(seed: 4)
            let groups = [UInt8](repeating: 5 << 3 | 3, count: 10_000)
            var nested: [UInt8] = []
            for _ in 0..<60 where nested.count < 120 { nested = [5 << 3 | 2, UInt8(nested.count)] + nested }
            for method in ["ModelInfer", "ModelMetadata", "RepositoryIndex", "ModelStatistics", "TraceSetting"] {
                let path = "\(GRPCHarness.service)/\(method)"
                #expect(try await harness.caller.unary(path, groups).status == 3, "\(method)")
                for _ in 0..<40 {
                    let bytes = (0..<Int.random(in: 1...64, using: &generator)).map { _ in
                        UInt8.random(in: 0...255, using: &generator)
                    }
                    let status = try await harness.caller.unary(path, bytes).status
                    #expect(status != nil && status != 13, "\(method) \(bytes)")
                }
            }
            #expect(try await harness.caller.unary(Self.path, nested).status == 3)
            try await expectAlive(harness)
        }
    }

    @Test("What is no call is refused as HTTP says; methods that there are not are UNIMPLEMENTED")
    func noCall() async throws {
        try await GRPCHarness.run(allows: { $0.hasPrefix("127.0.0.1") }) { harness in
            let body = GRPCCaller.framed(try message())
            let json = try await harness.caller.call(Self.path, body, headers: [("content-type", "application/json")])
            #expect(json.headers.first(name: ":status") == "415")
            let get = try await harness.caller.call(Self.path, [], headers: [(":method", "GET")])
            #expect(get.headers.first(name: ":status") == "405")
            #expect(try await harness.caller.call("/nobody/Nothing", body).status == 12)
            let rebound = try await harness.caller.call(Self.path, body, headers: [(":authority", "evil.example")])
            #expect(rebound.status == 7)
            let page = try await harness.caller.call(Self.path, body, headers: [("origin", "http://evil.example")])
            #expect(page.status == 7)
            #expect(try await harness.caller.call(Self.path, []).status == 3)
            #expect(try await harness.caller.call(Self.path, body + body).status == 3)
        }
    }

    @Test("Deadlines: none left is DEADLINE_EXCEEDED, nonsense INVALID_ARGUMENT, the longest no overflow")
    func deadlines() async throws {
        try await GRPCHarness.run { harness in
            let message = try message()
            for (timeout, status) in [("0n", 4), ("1x", 3), ("123456789S", 3), ("99999999H", 0), ("10S", 0)] {
                let reply = try await harness.caller.unary(Self.path, message, headers: [("grpc-timeout", timeout)])
                #expect(reply.status == status, "\(timeout): \(reply.text)")
            }
        }
    }

    @Test("A deadline ends a call that waits, and a watch that goes on for ever")
    func watchEnds() async throws {
        try await GRPCHarness.run { harness in
            let reply = try await harness.caller.call(
                "/grpc.health.v1.Health/Watch",
                GRPCCaller.framed([]),
                headers: [("grpc-timeout", "3S")]
            )
            #expect(reply.status == 4)
            #expect(reply.messages.count == 1)
            try await expectAlive(harness)
        }
    }

    @Test("A client that resets call after call is sent away")
    func rapidReset() async throws {
        try await GRPCHarness.run { harness in
            let body = GRPCCaller.framed(try message())
            await #expect(throws: (any Error).self) {
                // All at once: what is counted is resets in a stretch of time.
                try await harness.caller.resetCalls(ServingLimits.grpcResets + 1, Self.path, body)
                _ = try await harness.caller.unary(Self.path, [])
            }
            let other = try await GRPCCaller.connect(harness.server.port)
            #expect(try await other.unary(Self.path, try message()).status == 0)
        }
    }

    @Test("Headers above the limit end the stream or the connection, not the server")
    func longHeaders() async throws {
        try await GRPCHarness.run { harness in
            let long = String(repeating: "x", count: ServingLimits.grpcHeaderBytes + 1)
            let reply = try? await harness.caller.unary(Self.path, try message(), headers: [("x-long", long)])
            #expect(reply?.status != 0)
            let other = try await GRPCCaller.connect(harness.server.port)
            #expect(try await other.unary(Self.path, try message()).status == 0)
        }
    }

    @Test("A context in the metadata comes back as a child of it")
    func trace() async throws {
        try await GRPCHarness.run { harness in
            let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            let reply = try await harness.caller.unary(Self.path, try message(), headers: [("traceparent", parent)])
            let child = try #require(reply.headers.first(name: "traceparent"))
            #expect(child.hasPrefix("00-0af7651916cd43dd8448eb211c80319c-"))
            #expect(child != parent)
        }
    }
}
