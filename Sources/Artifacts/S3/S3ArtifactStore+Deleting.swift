import Core
import Crypto
import NIOCore
import NIOHTTP1

extension S3ArtifactStore {
    /// Deletes a file, or a directory with everything in it; nothing happens if nothing is there.
    ///
    /// - Throws: as the protocol says.
    package func delete(_ path: ArtifactPath) async throws {
        guard !path.isRoot else {
            throw MartletError(.invalidArgument, "Invalid path '': the root of the artifacts cannot be deleted.")
        }
        let prefix = try prefix(path)
        known.remove(try key(path))
        try await deleteObject(try key(path), path)
        // Every round asks for the first page again, because the keys of the last one are gone.
        var last: String?
        while true {
            let page = try await page(path, prefix: prefix, delimited: false, token: nil)
            guard let first = page.objects.first?.key else { return }
            guard first != last else {
                throw MartletError(
                    .unavailable,
                    "The object store says that it has deleted '\(path)' but still lists it; look at its retention rules."
                )
            }
            last = first
            try await deleteObjects(page.objects.map(\.key), path)
        }
    }

    func deleteObject(_ key: String, _ path: ArtifactPath) async throws {
        let request = S3Request(method: .DELETE, key: key, expected: [404])
        let answer = try await client.explaining(path) { try await client.exchange(request) }
        guard answer.status == 404 else { return }
        // The object may be missing, the bucket may not.
        let failure = S3Failure(status: answer.status, headers: answer.headers, body: answer.body)
        guard failure.code.isEmpty || failure.code == "NoSuchKey" else {
            throw failure.explained(nil, client.settings)
        }
    }

    private func deleteObjects(_ keys: [String], _ path: ArtifactPath) async throws {
        let list = keys.map { "<Object><Key>\(S3XML.escaped($0))</Key></Object>" }.joined()
        let body = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>\(list)</Delete>"
        let bytes = Array(body.utf8)
        let request = S3Request(
            method: .POST,
            key: nil,
            query: [(name: "delete", value: "")],
            headers: [
                (name: "content-md5", value: Base64.text(Insecure.MD5.hash(data: bytes))),
                (name: "content-type", value: "application/xml"),
            ],
            body: ByteBuffer(bytes: bytes)
        )
        let answer = try await client.explaining(path) { try await client.answer(request) }
        guard let error = answer.child("Error") else { return }
        throw S3Failure(answer: error).explained(nil, client.settings)
    }
}

/// Text inside XML that we send.
enum S3XML {
    /// `text` with what has a meaning in XML, and characters that XML would change, as references.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case _ where scalar.value < 0x20: result += "&#x\(String(scalar.value, radix: 16));"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// Base64 (RFC 4648, section 4).
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The bytes as text, padded.
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        let bytes = Array(bytes)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<Swift.min(start + 3, bytes.count)]
            var word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            word <<= UInt32(3 - group.count) * 8
            for position in 0..<4 {
                let index = Int(word >> UInt32(18 - 6 * position) & 0x3F)
                text.append(position <= group.count ? alphabet[index] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
