/// One message between the server and a worker; docs/python-models.md describes its bytes.
///
/// 32 bytes come first, integers little-endian: `MTLW`, version (2 bytes), kind (2), id (8), length of the header (4),
/// zero (4), length of the body (8). Then the header, which is JSON, and the body.
package struct WorkerFrame: Sendable, Equatable {
    /// What a message is.
    package enum Kind: UInt16, Sendable, CaseIterable {
        /// To the worker: the model's path.
        case load = 1
        /// From the worker: the model is loaded.
        case ready
        /// From the worker: the model cannot be loaded.
        case failed
        /// To the worker: a call.
        case call
        /// From the worker: an answer.
        case result
        /// From the worker: the model raised an exception.
        case error
    }

    /// What the first bytes say.
    package struct Prelude: Sendable, Equatable {
        var kind: Kind
        var id: UInt64
        var headerBytes: Int
        var bodyBytes: Int
    }

    static let magic = Array("MTLW".utf8)
    static let version: UInt16 = 1
    /// How many bytes come before the header.
    package static let preludeBytes = 32

    /// What the message is.
    package var kind: Kind
    /// Which call it belongs to; 0 for none.
    package var id: UInt64
    /// JSON that says what the body is.
    package var header: [UInt8]
    /// The values.
    package var body: [UInt8]

    /// Makes a message.
    package init(_ kind: Kind, id: UInt64, header: [UInt8], body: [UInt8] = []) {
        self.kind = kind
        self.id = id
        self.header = header
        self.body = body
    }

    /// The bytes as they travel.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.preludeBytes + header.count + body.count)
        Prelude(kind: kind, id: id, headerBytes: header.count, bodyBytes: body.count).append(to: &bytes)
        bytes += header
        bytes += body
        return bytes
    }
}

/// What a peer did that the protocol does not allow.
package struct WorkerProtocolError: Error, Equatable, CustomStringConvertible {
    /// What was wrong with the message, in a sentence.
    package let description: String
}

extension WorkerFrame.Prelude {
    /// Reads the first 32 bytes of a frame.
    ///
    /// - Throws: `WorkerProtocolError` for anything but a frame of this version within the limits.
    package init(_ bytes: [UInt8]) throws(WorkerProtocolError) {
        guard bytes.count == WorkerFrame.preludeBytes, Array(bytes[..<4]) == WorkerFrame.magic else {
            throw WorkerProtocolError(description: "A message does not start with the protocol's mark.")
        }
        let version: UInt16 = Self.integer(bytes, at: 4)
        guard version == WorkerFrame.version else {
            throw WorkerProtocolError(description: "A message has version \(version), not \(WorkerFrame.version).")
        }
        let number: UInt16 = Self.integer(bytes, at: 6)
        guard let kind = WorkerFrame.Kind(rawValue: number) else {
            throw WorkerProtocolError(description: "A message is of the unknown kind \(number).")
        }
        let header: UInt32 = Self.integer(bytes, at: 16)
        let zero: UInt32 = Self.integer(bytes, at: 20)
        let body: UInt64 = Self.integer(bytes, at: 24)
        guard zero == 0, header <= UInt32(WorkerLimits.headerBytes), body <= UInt64(WorkerLimits.bodyBytes) else {
            throw WorkerProtocolError(description: "A message of \(header) and \(body) bytes is too large.")
        }
        self.init(kind: kind, id: Self.integer(bytes, at: 8), headerBytes: Int(header), bodyBytes: Int(body))
    }

    func append(to bytes: inout [UInt8]) {
        bytes += WorkerFrame.magic
        Self.append(WorkerFrame.version, to: &bytes)
        Self.append(kind.rawValue, to: &bytes)
        Self.append(id, to: &bytes)
        Self.append(UInt32(truncatingIfNeeded: headerBytes), to: &bytes)
        Self.append(UInt32(0), to: &bytes)
        Self.append(UInt64(bodyBytes), to: &bytes)
    }

    private static func integer<Value: FixedWidthInteger>(_ bytes: [UInt8], at offset: Int) -> Value {
        bytes[offset..<(offset + MemoryLayout<Value>.size)].reversed().reduce(0) { $0 << 8 | Value($1) }
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }
}
