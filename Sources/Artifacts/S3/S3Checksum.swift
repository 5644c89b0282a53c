import Crypto
import NIOHTTP1

/// The metadata by which objects that this store wrote say how to check them.
enum S3Metadata {
    /// The SHA-256 of an object that was sent in one request.
    static let sha256 = "x-amz-meta-martlet-sha256"
    /// The size of the parts of an object that was sent in parts.
    static let partBytes = "x-amz-meta-martlet-part-bytes"
}

/// What the bytes of an object must hash to.
enum S3Checksum: Sendable, Equatable {
    /// SHA-256 of the whole, in hexadecimal digits.
    case sha256(String)
    /// S3's tag of an object in parts: MD5 of the parts' MD5, and their number.
    case parts(tag: String, partBytes: Int)

    /// The check that an answer allows; nil when the object says nothing or its tag is no MD5.
    init?(headers: HTTPHeaders, size: Int64) {
        if let text = headers.first(name: S3Metadata.sha256), text.utf8.count == 64 {
            self = .sha256(text)
            return
        }
        guard let partBytes = headers.first(name: S3Metadata.partBytes).flatMap({ Int($0) }), partBytes > 0,
            Self.isTagOfContent(headers),
            let tag = headers.first(name: "etag")?.filter({ $0 != "\"" }),
            let count = tag.split(separator: "-").last.flatMap({ Int64($0) }), tag.contains("-"),
            count == (size + Int64(partBytes) - 1) / Int64(partBytes)
        else { return nil }
        self = .parts(tag: tag, partBytes: partBytes)
    }

    /// Whether tags are made of MD5: not so for objects encrypted with a customer's or KMS key.
    static func isTagOfContent(_ headers: HTTPHeaders) -> Bool {
        let encryption = headers.first(name: "x-amz-server-side-encryption") ?? ""
        return !encryption.hasPrefix("aws:")
            && headers.first(name: "x-amz-server-side-encryption-customer-algorithm") == nil
    }

    /// The tag that S3 gives to an object made of parts with these MD5.
    static func tag(ofParts digests: [[UInt8]]) -> String {
        var hash = Insecure.MD5()
        for digest in digests { hash.update(data: digest) }
        return "\(Hexadecimal.text(hash.finalize()))-\(digests.count)"
    }
}

/// Hashes the bytes of an object as they come.
struct S3ChecksumVerifier {
    private let expected: S3Checksum
    private var whole = SHA256()
    private var part = Insecure.MD5()
    private var inPart = 0
    private var digests: [[UInt8]] = []

    init(_ expected: S3Checksum) {
        self.expected = expected
    }

    mutating func append(_ chunk: [UInt8]) {
        switch expected {
        case .sha256:
            chunk.withUnsafeBytes { whole.update(bufferPointer: $0) }
        case .parts(_, let partBytes):
            var rest = chunk[...]
            while !rest.isEmpty {
                let piece = rest.prefix(partBytes - inPart)
                piece.withUnsafeBytes { part.update(bufferPointer: $0) }
                inPart += piece.count
                rest = rest.dropFirst(piece.count)
                if inPart == partBytes { endPart() }
            }
        }
    }

    /// Whether everything that came is what was stored.
    mutating func matches() -> Bool {
        switch expected {
        case .sha256(let text): return Hexadecimal.text(whole.finalize()) == text
        case .parts(let tag, _):
            if inPart > 0 { endPart() }
            return S3Checksum.tag(ofParts: digests) == tag
        }
    }

    private mutating func endPart() {
        digests.append(Array(part.finalize()))
        part = Insecure.MD5()
        inPart = 0
    }
}
