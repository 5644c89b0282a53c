import Access
import Artifacts
import Core
import HTTPSupport
import NIOCore
import NIOEmbedded
import NIOHTTP1

extension FuzzTarget {
    private static let request =
        "POST /predict HTTP/1.1\r\nHost: 127.0.0.1:5000\r\nContent-Type: application/json\r\nContent-Length: 4\r\n"

    /// Heads of requests: what the lane understands, the router's decoder understands in the same way.
    static let laneHead = FuzzTarget(
        "lane-head",
        "heads of HTTP/1.1 requests, by the lane and by the router's decoder",
        seeds: [
            request + "\r\nabcd", request + "Connection: keep-alive\r\nX-Request-Id: a\r\n\r\nabcd",
            "GET /health HTTP/1.1\r\nHost: a\r\n\r\n",
            request + "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n",
            request + "Content-Length: 5\r\n\r\nabcde", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nabcde",
            "GET http://evil/ HTTP/1.1\r\nHost: a\r\n\r\n",
            request + "Authorization: Bearer x\r\nExpect: 100-continue\r\n\r\n",
            request + "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\nabcd",
        ],
        words: [
            "\r\n", "\r\n\r\n", "Host: ", "Content-Length: ", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n",
            "HTTP/1.0", "HTTP/1.1", "Upgrade: h2c\r\n", "TE: trailers\r\n", "Authorization: ", "\n", "\r", "\t", "GET",
            "POST", "chunked", " : ", "0x4", "+4", "4, 4",
        ],
        forms: [.text]
    ) { bytes in
        let buffer = bytes.bindMemory(to: UInt8.self)
        guard case .head(let head) = LaneHead.read(buffer) else {
            throw MartletError(.invalidArgument, "Left to the router.")
        }
        try require(head.length <= buffer.count, "the head is longer than what came")
        let decoded = try DecodedHead(Array(buffer.prefix(head.length)))
        let target = String(decoding: buffer[head.target], as: UTF8.self)
        try require(decoded.head.uri == target, "the decoder reads the target \(decoded.head.uri), the lane \(target)")
        try require((decoded.head.method == .POST) == head.isPost, "the decoder reads \(decoded.head.method)")
        try require(decoded.head.version == .http1_1, "the decoder reads another version")
        let lengths = decoded.head.headers["content-length"]
        try require(
            lengths.compactMap { Int($0) } == (head.bodyLength > 0 || !lengths.isEmpty ? [head.bodyLength] : []),
            "the decoder reads lengths \(lengths), the lane \(head.bodyLength)"
        )
        try require(!decoded.head.headers.contains(name: "transfer-encoding"), "the lane takes another framing")
        // The decoder leaves white space at the end of a value, which is no part of it (RFC 9110, section 5.5).
        let hosts = decoded.head.headers["host"].map { String($0.reversed().drop { $0 == " " }.reversed()) }
        try require(hosts == (head.host.map { [String(decoding: buffer[$0], as: UTF8.self)] } ?? []), "hosts \(hosts)")
        return UInt64(decoded.head.headers.count) << 1 | (head.isPlain ? 1 : 0)
    }

    /// Names of hosts: what is printed reads as the same, and nothing but a name and a port gets through.
    static let hostName = FuzzTarget(
        "host-name",
        "Host headers and origins",
        seeds: ["localhost:5000", "127.0.0.1", "[::1]:80", "evil.example@localhost", "a:99999", "[::1", "LOCALHOST"],
        words: ["localhost", "127.0.0.1", "[::1]", ":80", "@", ".", "%00", "[", "]", "//"],
        forms: [.text],
        longest: 512
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        guard let host = HostName(authority: text) else { throw MartletError(.invalidArgument, "No host.") }
        try require(!host.name.isEmpty, "a name without letters")
        try require(
            host.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x40 && $0 != 0x2F },
            "name \(host.name)"
        )
        let isAddress = host.name.contains(":")
        let printed =
            (isAddress || text.hasPrefix("[") ? "[\(host.name)]" : host.name) + (host.port.map { ":\($0)" } ?? "")
        try require(HostName(authority: printed) == host, "printed and parsed it is another host: \(printed)")
        return (host.port == nil ? 0 : 1) | (isAddress ? 2 : 0)
    }

    /// Paths of artifacts: none leads out of the store, and what is printed reads as the same.
    static let artifactPath = FuzzTarget(
        "artifact-path",
        "paths, addresses and ranges of artifacts",
        seeds: [
            "0/abc/artifacts/model/MLmodel", "../../etc/passwd", "%2e%2e/x", "a//b", "/etc/passwd", "a\\b", "bytes=0-",
            "mlflow-artifacts:/0/abc/artifacts", "mlflow-artifacts://host/x", "bytes=5-9", "bytes=-3", "a/./b",
            "file:///x",
        ],
        words: ["..", "/", "%2f", "%2e", "%252e", "\\", "#", "bytes=", "-", "mlflow-artifacts:/", ".martlet-incoming"],
        forms: [.text]
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        if let range = ArtifactRange(header: text) {
            try require(ArtifactRange(header: range.header) == range, "printed and parsed it is another range")
            for size: Int64 in [0, 1, 10, .max] {
                guard let part = range.resolved(in: size) else { continue }
                try require(
                    part.lowerBound >= 0 && part.upperBound <= size && !part.isEmpty,
                    "\(part) of \(size) bytes"
                )
            }
        }
        if let path = ArtifactURI.path(of: text) { try check(path) }
        let path = try ArtifactPath(validating: text)
        try check(path)
        try require(path.description == text, "another path than was written")
        return UInt64(path.components.count)
    }

    private static func check(_ path: ArtifactPath) throws {
        for name in path.components {
            try require(!name.isEmpty && name != "." && name != "..", "a component '\(name)'")
            try require(name.utf8.allSatisfy { $0 != 0x2F && $0 != 0x5C && $0 >= 0x20 }, "a component '\(name)'")
        }
        guard !path.isRoot else { return }
        let again = try reading("the path that it prints") { try ArtifactPath(validating: path.description) }
        try require(again == path, "printed and parsed it is another path")
        let address = ArtifactURI.uri(of: path)
        guard !address.contains(where: { "?;".contains($0) }) else { return }
        try require(ArtifactURI.path(of: address) == path, "its address means another path")
    }
}

/// A head as the router's decoder reads it.
private struct DecodedHead {
    let head: HTTPRequestHead

    init(_ bytes: [UInt8]) throws {
        let channel = EmbeddedChannel()
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        try channel.pipeline.syncOperations.addHandler(
            ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes))
        )
        do {
            try channel.writeInbound(ByteBuffer(bytes: bytes))
        } catch {
            throw Violation("the lane takes a head that the decoder refuses: \(error)")
        }
        guard case .head(let head)? = try channel.readInbound(as: HTTPServerRequestPart.self) else {
            throw Violation("the lane takes a head that the decoder does not end")
        }
        self.head = head
    }
}
