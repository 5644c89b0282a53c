import Core
import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// One response of the lane, written with the same fields in the same order as the router's responses.
package struct LaneReply {
    /// The bytes of the response; their memory is used again for the next one.
    var buffer = ByteBuffer()
    /// Whether the connection ends with this response.
    var closes = false
    private var date: [UInt8] = []
    private var dateSecond: Int = -1

    /// Writes a complete response; `requestID` is visible ASCII.
    ///
    /// `fields` are further complete lines, each with its line end.
    package mutating func write(
        status: StaticString = "200 OK",
        contentType: StaticString = "application/json",
        requestID: String,
        fields: [UInt8] = [],
        body: [UInt8]
    ) {
        buffer.clear()
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeStaticString(status)
        buffer.writeStaticString("\r\nContent-Type: ")
        buffer.writeStaticString(contentType)
        buffer.writeStaticString("\r\nContent-Length: ")
        writeDigits(body.count)
        buffer.writeStaticString("\r\nX-Content-Type-Options: nosniff\r\nX-Request-Id: ")
        buffer.writeString(requestID)
        if !fields.isEmpty {
            buffer.writeStaticString("\r\n")
            buffer.writeBytes(fields.dropLast(2))
        }
        buffer.writeStaticString("\r\nDate: ")
        refreshDate()
        buffer.writeBytes(date)
        buffer.writeStaticString(closes ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n")
        buffer.writeBytes(body)
    }

    private mutating func writeDigits(_ count: Int) {
        var divisor = 1
        while count / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            buffer.writeInteger(UInt8(truncatingIfNeeded: 0x30 + count / divisor % 10))
            divisor /= 10
        }
    }

    private mutating func refreshDate() {
        let now = time(nil)
        guard now != dateSecond else { return }
        dateSecond = now
        date = HTTPDate.bytes(secondsSince1970: now)
    }
}
