/// Random numbers that are the same in every run.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Requests good and bad, for streams that two servers must understand alike.
enum LaneStreams {
    private static let starts = [
        "POST /fast HTTP/1.1\r\n", "POST /fast HTTP/1.1\r\n", "POST /slow HTTP/1.1\r\n", "GET /slow HTTP/1.1\r\n",
        "GET /fast HTTP/1.0\r\n", "POST /fast HTTP/1.0\r\n", "DELETE /slow HTTP/1.1\r\n", "GET http://a/ HTTP/1.1\r\n",
        "POST /fast HTTP/9.9\r\n", "BREW /fast HTTP/1.1\r\n",
    ]
    private static let fields = [
        "Content-Type: application/json\r\n", "Connection: keep-alive\r\n", "Connection: close\r\n",
        "Cookie: a=b\r\n", "X-Request-Id: 1\r\n", "Accept: */*\r\n", "Expect: 100-continue\r\n", "X: \u{0}\r\n",
        "Host: b\r\n", "Content-Length: 3\r\n", "Content-Length: +3\r\n", " folded: yes\r\n", "Name : x\r\n",
        "User-Agent: x\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: identity\r\n",
    ]

    /// One request with its body; about a third of them are not what they seem.
    static func request(_ random: inout SeededNumbers) -> [UInt8] {
        let isTame = Int.random(in: 0..<3, using: &random) > 0
        var head = isTame ? starts[Int.random(in: 0..<4, using: &random)] : starts.randomElement(using: &random) ?? ""
        head += "Host: 127.0.0.1\r\n"
        let body = (0..<Int.random(in: 0..<40, using: &random)).map { _ in UInt8.random(in: 0x20..<0x7F, using: &random)
        }
        let isChunked = Int.random(in: 0..<8, using: &random) == 0
        if isChunked {
            head += "Transfer-Encoding: chunked\r\n"
        } else if !body.isEmpty {
            head += "Content-Length: \(body.count)\r\n"
        }
        for _ in 0..<Int.random(in: 0..<3, using: &random) {
            head += isTame ? fields[Int.random(in: 0..<2, using: &random)] : fields.randomElement(using: &random) ?? ""
        }
        var bytes = Array((head + "\r\n").utf8)
        if isChunked {
            if !body.isEmpty { bytes += Array("\(String(body.count, radix: 16))\r\n".utf8) + body + Array("\r\n".utf8) }
            bytes += Array("0\r\n\r\n".utf8)
        } else {
            bytes += body
        }
        if !isTame, Bool.random(using: &random) {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        return bytes
    }

    /// Cuts bytes at random places.
    static func cut(_ bytes: [UInt8], _ random: inout SeededNumbers) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var start = 0
        let longest = [1, 7, 64, 4096].randomElement(using: &random) ?? 1
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 1...longest, using: &random))
            pieces.append(bytes[start..<end])
            start = end
        }
        return pieces
    }
}
