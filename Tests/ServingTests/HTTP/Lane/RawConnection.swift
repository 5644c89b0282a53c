import Glibc
import Synchronization

/// A connection on which a test says exactly which bytes go out, and sees exactly which come back.
struct RawConnection: Sendable {
    private let descriptor: Int32

    struct Failure: Error {
        let what: String
    }

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard connected == 0 else { throw Failure(what: "connect: \(errno)") }
    }

    func close() { Glibc.close(descriptor) }

    func send(_ bytes: [UInt8]) throws {
        guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Failure(what: "send: \(errno)")
        }
    }

    /// One whole response with a Content-Length: its head and its body.
    func response() throws -> (head: String, body: [UInt8]) {
        var bytes: [UInt8] = []
        while true {
            if let end = Self.endOfHead(bytes) {
                let head = String(decoding: bytes[..<end], as: UTF8.self)
                let field = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
                guard let length = field.flatMap({ Int($0.dropFirst(15).filter(\.isNumber)) }) else {
                    throw Failure(what: "no length: \(head)")
                }
                if bytes.count >= end + length { return (head, Array(bytes[end..<end + length])) }
            }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { throw Failure(what: "recv: \(count) \(errno)") }
            bytes += buffer[..<count]
        }
    }

    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        return (4...bytes.count).first { Array(bytes[$0 - 4..<$0]) == [13, 10, 13, 10] }
    }
}
