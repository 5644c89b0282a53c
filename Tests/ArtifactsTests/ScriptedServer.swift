import Core
import Foundation
import Synchronization

/// An HTTP server whose answers a test writes byte for byte, so that it can also break off in the middle.
final class ScriptedServer: Sendable {
    /// A request as it came.
    struct Request: Sendable {
        let method: String
        let target: String
        let headers: [String: String]
        let body: [UInt8]
    }

    /// What is sent back before the connection is closed.
    struct Answer: Sendable {
        var status = 200
        var headers: [String: String] = [:]
        var body: [UInt8] = []
        /// Sends so many bytes of the body fewer than announced.
        var missing = 0

        static func error(_ status: Int, _ code: String, headers: [String: String] = [:], extra: String = "") -> Answer
        {
            let xml = "<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>no</Message>\(extra)</Error>"
            return Answer(status: status, headers: headers, body: Array(xml.utf8))
        }

        static let empty = Answer(
            body: Array("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>".utf8)
        )
    }

    typealias Script = @Sendable (Request, _ number: Int) -> Answer

    let port: UInt16
    private let descriptor: Int32
    private let seen = Mutex<[Request]>([])
    private let script: Script

    var address: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { seen.withLock { $0 } }

    /// Listens on a free port; `script` hears the number of requests of the same method and target so far.
    init(_ script: @escaping Script) throws {
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isOpen = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(listening, generic, length) == 0 && listen(listening, 64) == 0
                    && getsockname(listening, generic, &length) == 0
            }
        }
        guard isOpen else { throw MartletError(.unavailable, "no port for the test's server") }
        self.script = script
        descriptor = listening
        port = UInt16(bigEndian: address.sin_port)
        // The thread keeps the server until the process of the tests ends.
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(listening, nil, nil)
                guard connection >= 0 else { return }
                Thread.detachNewThread { [self] in
                    serve(connection)
                    shutdown(connection, Int32(SHUT_RDWR))
                    close(connection)
                }
            }
        }
    }

    private func serve(_ connection: Int32) {
        guard let request = Self.read(connection) else { return }
        let number = seen.withLock { seen in
            seen.append(request)
            return seen.count { $0.method == request.method && $0.target == request.target }
        }
        let answer = script(request, number)
        var head = "HTTP/1.1 \(answer.status) Text\r\nConnection: close\r\n"
        for (name, value) in answer.headers { head += "\(name): \(value)\r\n" }
        if answer.headers["Content-Length"] == nil { head += "Content-Length: \(answer.body.count)\r\n" }
        let body = request.method == "HEAD" ? [] : Array(answer.body.dropLast(answer.missing))
        let bytes = Array((head + "\r\n").utf8) + body
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(connection, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    private static func read(_ connection: Int32) -> Request? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        func more() -> Bool {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return false }
            bytes += buffer.prefix(count)
            return true
        }
        let end = Array("\r\n\r\n".utf8)
        var found: Range<Int>?
        while found == nil {
            guard more() else { return nil }
            found = bytes.firstRange(of: end)
        }
        guard let found else { return nil }
        let lines = String(decoding: bytes[..<found.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let sides = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if sides.count == 2 { headers[sides[0].lowercased()] = sides[1] }
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while bytes.count - found.upperBound < length { guard more() else { return nil } }
        let words = lines[0].split(separator: " ").map(String.init)
        guard words.count >= 2 else { return nil }
        let body = Array(bytes[found.upperBound...].prefix(length))
        return Request(method: words[0], target: words[1], headers: headers, body: body)
    }
}
