import Access
import Core
import Crypto
import CryptoExtras
import Egress
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Synchronization
import TestSupport
import Testing

/// A private key of an issuer, of any of the four kinds.
enum IssuerKey: Sendable {
    case rsa(_RSA.Signing.PrivateKey, pss: Bool)
    case elliptic(P256.Signing.PrivateKey)
    case edwards(Curve25519.Signing.PrivateKey)

    /// One RSA key for all tests: making one takes its time.
    static let sharedRSA = Result { try _RSA.Signing.PrivateKey(keySize: .bits2048) }

    var algorithm: String {
        switch self {
        case .rsa(_, let pss): pss ? "PS256" : "RS256"
        case .elliptic: "ES256"
        case .edwards: "EdDSA"
        }
    }

    func sign(_ bytes: [UInt8]) throws -> [UInt8] {
        switch self {
        case .rsa(let key, let pss):
            Array(try key.signature(for: bytes, padding: pss ? .PSS : .insecurePKCS1v1_5).rawRepresentation)
        case .elliptic(let key): Array(try key.signature(for: bytes).rawRepresentation)
        case .edwards(let key): Array(try key.signature(for: bytes))
        }
    }

    /// The public half as a JSON Web Key without a declared algorithm.
    func published(as id: String) throws -> JSONObject {
        switch self {
        case .rsa(let key, _):
            let parts = try key.publicKey.getKeyPrimitives()
            return [
                "kty": "RSA", "kid": .string(id), "use": "sig", "n": .string(Base64URL.encode(parts.modulus)),
                "e": .string(Base64URL.encode(parts.publicExponent)),
            ]
        case .elliptic(let key):
            let raw = Array(key.publicKey.rawRepresentation)
            return [
                "kty": "EC", "crv": "P-256", "kid": .string(id), "x": .string(Base64URL.encode(raw[..<32])),
                "y": .string(Base64URL.encode(raw[32...])),
            ]
        case .edwards(let key):
            return [
                "kty": "OKP", "crv": "Ed25519", "kid": .string(id),
                "x": .string(Base64URL.encode(key.publicKey.rawRepresentation)),
            ]
        }
    }
}

/// An issuer of identities on loopback, and the accounts of a server that believes it.
final class TestIssuer: Sendable {
    /// What the issuer has and has been asked.
    struct State: Sendable {
        var keys: [JSONObject] = []
        var isAway = false
        var documents = 0
        var keySets = 0
        var forms: [String] = []
        var authorizations: [String] = []
        /// The token that the next code is exchanged for.
        var idToken = ""
        var issuer: String?
        var padding = 0
        var extra: JSONObject = [:]
    }

    let state = Mutex(State())
    let access: AccessFixture
    let port: Int
    let elliptic = IssuerKey.elliptic(P256.Signing.PrivateKey())
    var url: String { "http://127.0.0.1:\(port)" }

    private init(access: AccessFixture, port: Int) {
        self.access = access
        self.port = port
    }

    /// Runs an issuer with one key named `first`.
    static func serving(_ work: @escaping @Sendable (TestIssuer) async throws -> Void) async throws {
        let access = try await AccessFixture()
        let late = Mutex<TestIssuer?>(nil)
        let router = Router()
        router.get(".well-known/openid-configuration") { _, _ in
            try late.withLock({ $0 }).map { try $0.document() } ?? Response(status: .notFound)
        }
        router.get("keys") { _, _ in try late.withLock({ $0 }).map { try $0.keySet() } ?? Response(status: .notFound) }
        router.post("token") { request, _ in
            let body = String(buffer: try await request.body.collect(upTo: 1 << 16))
            return late.withLock({ $0 })?.exchange(body, request.headers[.authorization]) ?? Response(status: .notFound)
        }
        let application = Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)))
        try await application.test(.live) { client in
            let issuer = TestIssuer(access: access, port: try #require(client.port))
            try issuer.publish([("first", issuer.elliptic)])
            late.withLock { $0 = issuer }
            try await work(issuer)
        }
    }

    func publish(_ keys: [(String, IssuerKey)]) throws {
        let published = try keys.map { try $0.1.published(as: $0.0) }
        state.withLock { $0.keys = published }
    }

    private static func json(_ value: JSONObject) -> Response {
        Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(bytes: JSONValue.object(value).serialized())))
    }

    private func document() throws -> Response {
        let (isAway, issuer, padding, extra) = state.withLock { state in
            state.documents += 1
            return (state.isAway, state.issuer, state.padding, state.extra)
        }
        guard !isAway else { return Response(status: .serviceUnavailable) }
        var document: JSONObject = [
            "issuer": .string(issuer ?? url), "authorization_endpoint": .string("\(url)/authorize?tenant=1"),
            "token_endpoint": .string("\(url)/token"), "jwks_uri": .string("\(url)/keys"),
            "padding": .string(String(repeating: "x", count: padding)),
        ]
        for (key, value) in extra.pairs { document[key] = value }
        return Self.json(document)
    }

    private func keySet() throws -> Response {
        let (isAway, keys) = state.withLock { state in
            state.keySets += 1
            return (state.isAway, state.keys)
        }
        guard !isAway else { return Response(status: .serviceUnavailable) }
        return Self.json(["keys": .array(keys.map(JSONValue.object))])
    }

    private func exchange(_ form: String, _ authorization: String?) -> Response {
        let token = state.withLock { state in
            state.forms.append(form)
            state.authorizations.append(authorization ?? "")
            return state.idToken
        }
        return Self.json(["id_token": .string(token), "access_token": "a", "token_type": "Bearer"])
    }

    // MARK: What the server believes

    func configured(_ change: (inout OIDCIssuer) -> Void = { _ in }) -> OIDCIssuer {
        var issuer = OIDCIssuer(name: "test", url: url)
        issuer.clientID = "martlet"
        issuer.audiences = ["ci"]
        change(&issuer)
        return issuer
    }

    func service(_ change: (inout OIDCIssuer) -> Void = { _ in }) throws -> OIDCService {
        try OIDCService(
            issuers: [configured(change)],
            egress: EgressClient(policy: EgressPolicy(schemes: ["http"])),
            directory: access.directory,
            clock: access.clock.clock,
            logger: Logger(label: "test")
        )
    }

    // MARK: Tokens

    /// Claims of a good bearer token, changed.
    func claims(_ change: (inout JSONObject) -> Void = { _ in }) -> JSONObject {
        let now = access.clock.clock.now.milliseconds / 1000
        var claims: JSONObject = [
            "iss": .string(url), "sub": "user-1", "aud": "ci", "iat": .integer(now), "exp": .integer(now + 300),
            "preferred_username": "alice", "groups": ["ml"],
        ]
        change(&claims)
        return claims
    }

    func token(
        _ claims: JSONObject? = nil,
        key: IssuerKey? = nil,
        header: JSONObject? = nil
    ) throws -> String {
        let key = key ?? elliptic
        let head = header ?? ["alg": .string(key.algorithm), "kid": "first", "typ": "JWT"]
        let signed = Self.part(head) + "." + Self.part(claims ?? self.claims())
        return signed + "." + Base64URL.encode(try key.sign(Array(signed.utf8)))
    }

    static func part(_ object: JSONObject) -> String {
        Base64URL.encode(JSONValue.object(object).serialized())
    }
}

/// Why something is refused; nil when it is not.
func refusal(_ body: () async throws -> some Any) async -> String? {
    do {
        _ = try await body()
        return nil
    } catch {
        let error = MartletError.wrapping(error)
        return error.code == .unauthenticated ? error.message : "\(error.code): \(error.message)"
    }
}
