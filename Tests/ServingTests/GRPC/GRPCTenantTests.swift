import Core
import HTTPSupport
import InferenceProto
import NIOCore
import Serving
import SwiftProtobuf
import Synchronization
import Testing

/// Two workspaces behind one port: `default` has version 1 of `cancer`, `other` has nothing.
private struct Tenants: Sendable {
    let server: GRPCServer
    let caller: GRPCCaller

    /// Who calls, by the secret of a token; secrets that begin with `slow-` take waiting.
    static let principals: [String: Principal] = [
        "viewer": Principal(name: "viewer", kind: .user, permissions: Role.viewer.permissions),
        "operator": Principal(name: "operator", kind: .user, permissions: Role.operator.permissions),
        "reader": Principal(name: "reader", kind: .user, permissions: PermissionSet([.account, .read])),
        "granted": Principal(
            name: "granted",
            kind: .serviceAccount,
            permissions: PermissionSet([.account]),
            grants: [ResourceGrant(kind: .deployment, id: "cancer", permissions: PermissionSet([.predict]))]
        ),
        "elsewhere": Principal(
            name: "elsewhere",
            kind: .user,
            workspace: "other",
            permissions: Role.administrator.permissions
        ),
    ]

    static func run(_ calls: Int = .max, _ body: (Tenants) async throws -> Void) async throws {
        let main = try await ServingHarness.serving()
        let other = try await ServingHarness()
        let left = Mutex(calls)
        let find: @Sendable (GRPCCredentials) throws(MartletError) -> GRPCTenant = { credentials throws(MartletError) in
            guard let authorization = credentials.authorization else { return tenant(.anonymous, main) }
            let secret = authorization.dropFirst("Bearer ".count)
            let name = secret.hasPrefix("slow-") ? secret.dropFirst("slow-".count) : secret
            guard let principal = principals[String(name)] else {
                throw MartletError(.unauthenticated, "The token is unknown.")
            }
            guard credentials.workspace == nil || credentials.workspace == principal.workspace else {
                throw MartletError(.notFound, "There is no such workspace.")
            }
            let isLeft = left.withLock { left in
                left -= 1
                return left >= 0
            }
            guard isLeft else { throw MartletError(.resourceExhausted, "Too many calls.") }
            return tenant(principal, principal.workspace == "other" ? other : main)
        }
        let server = try await GRPCServer.listen(
            GRPCServer.Configuration(host: "127.0.0.1", port: 0),
            gate: GRPCGate(
                now: { credentials throws(MartletError) in
                    if credentials.authorization?.hasPrefix("Bearer slow-") == true { return nil }
                    return try find(credentials)
                },
                later: { credentials throws(MartletError) in try find(credentials) }
            ),
            reporter: RequestReporter(),
            serverVersion: "test",
            clock: .system
        )
        do {
            try await body(Tenants(server: server, caller: try await GRPCCaller.connect(server.port)))
        } catch {
            await server.shutDown()
            throw error
        }
        await server.shutDown()
    }

    private static func tenant(_ principal: Principal, _ harness: ServingHarness) -> GRPCTenant {
        GRPCTenant(
            plane: harness.plane,
            repository: ModelRepository(controller: harness.controller, table: harness.table),
            principal: principal
        )
    }

    func call(
        _ method: String,
        _ message: some Message,
        as name: String?,
        _ more: [(String, String)] = []
    ) async throws -> GRPCReply {
        let credentials = name.map { [("authorization", "Bearer \($0)")] } ?? []
        return try await caller.unary(
            "\(GRPCHarness.service)/\(method)",
            try message.serializedBytes(),
            headers: credentials + more
        )
    }

    static var infer: Inference_ModelInferRequest { GRPCHarness.request { $0.fp32Contents = [1, 0] } }
}

@Suite("gRPC: who calls, and what they may")
struct GRPCTenantTests {
    private static let (ok, notFound, denied, exhausted, unknown) = (0, 5, 7, 8, 16)

    @Test("Every method asks for its permission, in the way of those the gate knows and of those it must look into")
    func permissions() async throws {
        try await Tenants.run { (tenants: Tenants) async throws -> Void in
            let load = Inference_RepositoryModelLoadRequest.with { $0.modelName = "cancer" }
            let metadata = Inference_ModelMetadataRequest.with { $0.name = "cancer" }
            for slow in ["", "slow-"] {
                func status(_ method: String, _ message: some Message, _ name: String) async throws -> Int? {
                    try await tenants.call(method, message, as: slow + name).status
                }
                #expect(try await status("ModelInfer", Tenants.infer, "viewer") == Self.ok)
                #expect(try await status("ModelInfer", Tenants.infer, "reader") == Self.denied)
                #expect(try await status("ModelInfer", Tenants.infer, "nobody") == Self.unknown)
                #expect(try await status("ModelMetadata", metadata, "reader") == Self.ok)
                #expect(try await status("RepositoryModelLoad", load, "viewer") == Self.denied)
                #expect(try await status("RepositoryModelLoad", load, "operator") == Self.ok)
            }
        }
    }

    @Test("Without credentials only health is told")
    func anonymous() async throws {
        try await Tenants.run { (tenants: Tenants) async throws -> Void in
            let infer = try await tenants.call("ModelInfer", Tenants.infer, as: nil)
            #expect(infer.status == Self.unknown)
            let metadata = try await tenants.call("ServerMetadata", Inference_ServerMetadataRequest(), as: nil)
            #expect(metadata.status == Self.unknown)
            let live = try await tenants.call("ServerLive", Inference_ServerLiveRequest(), as: nil)
            #expect(live.status == Self.ok)
            let health = try await tenants.caller.unary("/grpc.health.v1.Health/Check", [])
            #expect(health.status == Self.ok)
            let reflection = try await tenants.caller.unary(
                "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                []
            )
            #expect(reflection.status == Self.unknown)
        }
    }

    @Test("A model of another workspace is not there")
    func workspaces() async throws {
        try await Tenants.run { (tenants: Tenants) async throws -> Void in
            #expect(try await tenants.call("ModelInfer", Tenants.infer, as: "elsewhere").status == Self.notFound)
            #expect(try await tenants.call("ModelInfer", Tenants.infer, as: "slow-elsewhere").status == Self.notFound)
            for header in ["x-mlflow-workspace", "x-martlet-workspace"] {
                let foreign = try await tenants.call("ModelInfer", Tenants.infer, as: "viewer", [(header, "other")])
                #expect(foreign.status == Self.notFound)
                let own = try await tenants.call("ModelInfer", Tenants.infer, as: "viewer", [(header, "default")])
                #expect(own.status == Self.ok)
            }
            let index = try await tenants.call("RepositoryIndex", Inference_RepositoryIndexRequest(), as: "elsewhere")
            #expect(index.status == Self.ok)
            let listed = try index.messages.map {
                try Inference_RepositoryIndexResponse(serializedBytes: Array($0.readableBytesView))
            }
            #expect(listed.flatMap(\.models).allSatisfy { $0.state != "READY" })
        }
    }

    @Test("A grant to one deployment is for that one and for what it gives")
    func grants() async throws {
        try await Tenants.run { (tenants: Tenants) async throws -> Void in
            for name in ["granted", "slow-granted"] {
                #expect(try await tenants.call("ModelInfer", Tenants.infer, as: name).status == Self.ok)
                var other = Tenants.infer
                other.modelName = "another"
                #expect(try await tenants.call("ModelInfer", other, as: name).status == Self.denied)
                let metadata = Inference_ModelMetadataRequest.with { $0.name = "cancer" }
                #expect(try await tenants.call("ModelMetadata", metadata, as: name).status == Self.denied)
                let index = Inference_RepositoryIndexRequest()
                #expect(try await tenants.call("RepositoryIndex", index, as: name).status == Self.denied)
            }
        }
    }

    @Test("Calls and messages of a stream are counted by the gate")
    func rates() async throws {
        try await Tenants.run(2) { (tenants: Tenants) async throws -> Void in
            let message = GRPCCaller.framed(try Tenants.infer.serializedBytes())
            let stream = try await tenants.caller.call(
                "\(GRPCHarness.service)/ModelStreamInfer",
                message + message + message,
                headers: [("authorization", "Bearer viewer")]
            )
            let answers = try stream.messages.map {
                try Inference_ModelStreamInferResponse(serializedBytes: Array($0.readableBytesView))
            }
            #expect(answers.map(\.errorMessage) == ["", "", "Too many calls."])
            #expect(try await tenants.call("ModelInfer", Tenants.infer, as: "viewer").status == Self.exhausted)
        }
    }

    @Test("A stream of somebody without the permission ends before its first answer")
    func streams() async throws {
        try await Tenants.run { (tenants: Tenants) async throws -> Void in
            let message = GRPCCaller.framed(try Tenants.infer.serializedBytes())
            for (name, status) in [("reader", Self.denied), ("slow-reader", Self.denied), ("nobody", Self.unknown)] {
                let stream = try await tenants.caller.call(
                    "\(GRPCHarness.service)/ModelStreamInfer",
                    message,
                    headers: [("authorization", "Bearer \(name)")]
                )
                #expect(stream.status == status, "\(name)")
                #expect(stream.messages.isEmpty)
            }
        }
    }

    @Test("Credentials that are given twice are refused")
    func twice() async throws {
        try await Tenants.run { (tenants: Tenants) async throws -> Void in
            for name in ["x-martlet-workspace", "x-mlflow-workspace"] {
                let reply = try await tenants.call(
                    "ModelInfer",
                    Tenants.infer,
                    as: "viewer",
                    [
                        ("x-martlet-workspace", "default"),
                        (name == "x-martlet-workspace" ? "x-mlflow-workspace" : name, "a"),
                    ]
                )
                #expect(reply.status == 3)
            }
        }
    }

    @Test("A method without a permission keeps the server from starting, and so does a permission without a method")
    func completeness() throws {
        let all = Array(GRPCPermissions.table.keys)
        try GRPCPermissions.validate(methods: all)
        let more = #expect(throws: MartletError.self) { try GRPCPermissions.validate(methods: all + ["/a.B/C"]) }
        #expect(more?.message.contains("/a.B/C") == true)
        #expect(throws: MartletError.self) { try GRPCPermissions.validate(methods: all.dropFirst()) }
        let open = GRPCPermissions.table.filter { $0.value == .open }.keys.sorted()
        #expect(
            open == [
                "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch",
                "/inference.GRPCInferenceService/ServerLive", "/inference.GRPCInferenceService/ServerReady",
            ]
        )
    }
}
