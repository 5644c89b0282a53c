import Core
import HTTPSupport
import NIOCore
import NIOHPACK

/// What a method knows of its call beside the message.
struct GRPCCall: Sendable {
    /// The method's path, such as `/inference.GRPCInferenceService/ModelInfer`.
    let path: String
    /// When the client gives up, in `Clock.monotonicNanoseconds`; nil for never.
    let deadline: UInt64?
    /// The client's metadata.
    let headers: HPACKHeaders
    /// `x-request-id`, as HTTP's header of that name.
    let requestID: String?
    /// What is said of the call when it has ended; nil for nothing.
    let trace: RequestTrace?
    /// How the caller gets in; nil for methods that are open to everybody.
    let admission: GRPCAdmission?
    /// What the caller calls; nil before it got in, and for methods that are open to everybody.
    var tenant: GRPCTenant?

    /// What the caller calls.
    ///
    /// - Throws: `unauthenticated` where nobody was let in: the method's rule and its body do not fit together.
    func admitted() throws(MartletError) -> GRPCTenant {
        guard let tenant else { throw MartletError(.unauthenticated, "The method is for known callers only.") }
        return tenant
    }

    /// The call with its caller let in, who may call the method with this message.
    func admitted(with message: ByteBuffer?) async throws(MartletError) -> GRPCCall {
        guard let admission else { return self }
        var call = self
        let tenant: GRPCTenant
        if let known = self.tenant { tenant = known } else { tenant = try await admission.later() }
        if let message { try admission.check(message, tenant) }
        call.tenant = tenant
        return call
    }

    /// The call for a further message of its stream, which counts as a call: the caller is looked at again.
    func admittedAgain(with message: ByteBuffer) async throws(MartletError) -> GRPCCall {
        guard let admission else { return self }
        var call = self
        let tenant = try await admission.later()
        try admission.check(message, tenant)
        call.tenant = tenant
        return call
    }
}

/// How the caller of a method gets in.
struct GRPCAdmission: Sendable {
    let gate: GRPCGate
    let rule: GRPCRule
    let credentials: GRPCCredentials

    /// Lets the caller in at once; nil when that takes waiting.
    func now() throws(MartletError) -> GRPCTenant? {
        guard let tenant = try gate.admitNow(credentials) else { return nil }
        _ = try rule.allows(tenant.principal)
        return tenant
    }

    /// Lets the caller in.
    func later() async throws(MartletError) -> GRPCTenant {
        let tenant = try await gate.admit(credentials)
        _ = try rule.allows(tenant.principal)
        return tenant
    }

    /// Checks what the message is about, for callers with rights to single deployments.
    func check(_ message: ByteBuffer, _ tenant: GRPCTenant) throws(MartletError) {
        if try rule.allows(tenant.principal) { return }
        try rule.check(message, tenant.principal)
    }
}

/// The messages of a call in their order.
struct GRPCMessages: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    /// The messages as they come.
    let base: AsyncThrowingStream<ByteBuffer, any Error>
    /// Hears how many bytes were taken, so that the client may send more.
    let taken: @Sendable (Int) -> Void

    /// Takes message by message.
    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var base: AsyncThrowingStream<ByteBuffer, any Error>.AsyncIterator
        fileprivate let taken: @Sendable (Int) -> Void

        mutating func next(isolation actor: isolated (any Actor)?) async throws -> ByteBuffer? {
            guard let message = try await base.next(isolation: actor) else { return nil }
            taken(message.readableBytes)
            return message
        }

        mutating func next() async throws -> ByteBuffer? { try await next(isolation: #isolation) }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: base.makeAsyncIterator(), taken: taken)
    }
}

/// Where the answers of a streaming call go.
struct GRPCAnswers: Sendable {
    /// Sends an answer; returns when the client has room for the next one.
    let send: @Sendable (ByteBuffer) async throws -> Void
}
