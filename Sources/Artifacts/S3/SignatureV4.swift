package import Core
import Crypto

/// AWS Signature Version 4 for S3: what is signed, in which order, with which key.
///
/// Source: "Authenticating Requests (AWS Signature Version 4)" in the S3 API reference, whose examples the tests repeat.
package struct SignatureV4: Sendable {
    /// The hash that stands for "the payload is not signed", used by presigned addresses.
    package static let unsignedPayload = "UNSIGNED-PAYLOAD"

    private static let algorithm = "AWS4-HMAC-SHA256"
    private let credentials: S3Credentials
    private let region: String

    /// A signer for one key and region.
    package init(credentials: S3Credentials, region: String) {
        self.credentials = credentials
        self.region = region
    }

    /// A name and its value, of a header or of the query.
    package typealias Field = (name: String, value: String)

    /// The headers to send: those given with date, payload hash, token and signature added.
    ///
    /// `path` is percent-encoded, as on the wire, `query` is not; `headers` are all that are to be signed, `host` among
    /// them; `payloadHash` is the SHA-256 of the body in lower-case hexadecimal digits.
    package func headers(
        method: String,
        path: String,
        query: [Field],
        headers: [Field],
        payloadHash: String,
        now: Timestamp
    ) -> [Field] {
        let time = Self.time(now)
        var all = headers + [(name: "x-amz-content-sha256", value: payloadHash), (name: "x-amz-date", value: time)]
        if let token = credentials.sessionToken { all.append((name: "x-amz-security-token", value: token)) }
        let (canonical, names) = Self.canonical(all)
        let request = [method, path, Self.encoded(query), canonical, names, payloadHash].joined(separator: "\n")
        let signature = signature(of: request, time: time)
        let credential = "\(credentials.accessKeyID)/\(scope(time))"
        all.append(
            (
                name: "authorization",
                value: "\(Self.algorithm) Credential=\(credential),SignedHeaders=\(names),Signature=\(signature)"
            )
        )
        return all
    }

    /// The query of an address that whoever has it may use for `seconds`; the payload is not signed.
    package func presignedQuery(
        method: String,
        path: String,
        query: [Field],
        host: String,
        seconds: Int,
        now: Timestamp
    ) -> String {
        let time = Self.time(now)
        var all = query
        all.append((name: "X-Amz-Algorithm", value: Self.algorithm))
        all.append((name: "X-Amz-Credential", value: "\(credentials.accessKeyID)/\(scope(time))"))
        all.append((name: "X-Amz-Date", value: time))
        all.append((name: "X-Amz-Expires", value: String(seconds)))
        if let token = credentials.sessionToken { all.append((name: "X-Amz-Security-Token", value: token)) }
        all.append((name: "X-Amz-SignedHeaders", value: "host"))
        let (canonical, names) = Self.canonical([(name: "host", value: host)])
        let text = Self.encoded(all)
        let request = [method, path, text, canonical, names, Self.unsignedPayload].joined(separator: "\n")
        return text + "&X-Amz-Signature=" + signature(of: request, time: time)
    }

    /// The query as it is signed and sent: encoded, sorted by name and value.
    package static func encoded(_ query: [Field]) -> String {
        query.map { (S3Encoding.component($0.name), S3Encoding.component($0.value)) }
            .sorted {
                $0.0 == $1.0
                    ? $0.1.utf8.lexicographicallyPrecedes($1.1.utf8) : $0.0.utf8.lexicographicallyPrecedes($1.0.utf8)
            }
            .map { "\($0.0)=\($0.1)" }
            .joined(separator: "&")
    }

    private static func canonical(_ headers: [Field]) -> (text: String, names: String) {
        let sorted = headers.map { (name: $0.name.lowercased(), value: trimmed($0.value)) }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        let text = sorted.map { "\($0.name):\($0.value)\n" }.joined()
        return (text, sorted.map(\.name).joined(separator: ";"))
    }

    /// The value without spaces at its ends, runs of them as one.
    private static func trimmed(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }

    private func scope(_ time: String) -> String {
        "\(time.prefix(8))/\(region)/s3/aws4_request"
    }

    private func signature(of request: String, time: String) -> String {
        let digest = Hexadecimal.text(SHA256.hash(data: Array(request.utf8)))
        let text = [Self.algorithm, time, scope(time), digest].joined(separator: "\n")
        var key = Array("AWS4\(credentials.secretAccessKey)".utf8)
        for part in [String(time.prefix(8)), region, "s3", "aws4_request"] { key = Self.mac(part, key: key) }
        return Hexadecimal.text(Self.mac(text, key: key))
    }

    private static func mac(_ text: String, key: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
    }

    /// The time as `20130524T000000Z`.
    private static func time(_ now: Timestamp) -> String {
        now.iso8601.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
    }
}
