/// Changes of whole fields of Protocol Buffers: the lengths around them are written anew.
extension Mutator {
    /// Changes one field of a message.
    mutating func changeMessage(_ bytes: inout [UInt8]) {
        guard var message = WireMessage(bytes, depth: 8), !message.fields.isEmpty else {
            changeBytes(&bytes, [bytes])
            return
        }
        change(&message)
        bytes = message.bytes
    }

    private mutating func change(_ message: inout WireMessage) {
        guard !message.fields.isEmpty else {
            message.fields.append(WireMessage.Field(number: UInt64(number(below: 20)), value: .varint(edge())))
            return
        }
        let at = number(below: message.fields.count)
        if case .message(var inner) = message.fields[at].value, !oneIn(4) {
            change(&inner)
            message.fields[at].value = .message(inner)
            return
        }
        switch number(below: 8) {
        case 0: message.fields.remove(at: at)
        case 1: message.fields.insert(message.fields[at], at: number(below: message.fields.count + 1))
        case 2: message.fields[at].number = UInt64(number(below: 20))
        case 3: message.fields[at].value = .varint(edge())
        case 4: message.fields[at].value = .bytes(word())
        case 5: message.fields[at].value = .message(message)
        case 6: message.fields[at].value = any(message.fields).value
        default:
            switch message.fields[at].value {
            case .varint: message.fields[at].value = .varint(edge())
            case .fixed64: message.fields[at].value = .fixed64(edge())
            case .fixed32: message.fields[at].value = .fixed32(UInt32(truncatingIfNeeded: edge()))
            case .bytes(var content):
                changeBytes(&content, [content])
                message.fields[at].value = .bytes(content)
            case .message(let inner):
                var content = inner.bytes
                changeBytes(&content, [content])
                message.fields[at].value = .bytes(content)
            }
        }
    }

    private mutating func edge() -> UInt64 {
        any([0, 1, 2, 3, 4, 7, 8, 16, 127, 128, 1 << 20, 1 << 31, 1 << 32, 1 << 62, 1 << 63, .max, .max - 1])
    }
}

/// A message as a tree of fields, without knowing what they mean.
struct WireMessage {
    /// One field.
    struct Field {
        var number: UInt64
        var value: Value
    }

    /// What a field holds.
    indirect enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes([UInt8])
        case message(WireMessage)
    }

    var fields: [Field] = []

    /// Reads a message, and what looks like one within it; nil for anything else.
    init?(_ bytes: [UInt8], depth: Int) {
        var at = 0
        func varint() -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 64, by: 7) {
                guard at < bytes.count else { return nil }
                value |= UInt64(bytes[at] & 127) << shift
                at += 1
                if bytes[at - 1] < 128 { return value }
            }
            return nil
        }
        func take(_ count: UInt64) -> [UInt8]? {
            guard let count = Int(exactly: count), count <= bytes.count - at else { return nil }
            defer { at += count }
            return Array(bytes[at..<at + count])
        }
        while at < bytes.count {
            guard let key = varint(), key >> 3 > 0 else { return nil }
            let value: Value?
            switch key & 7 {
            case 0: value = varint().map(Value.varint)
            case 1: value = take(8).map { .fixed64(Self.number($0)) }
            case 5: value = take(4).map { .fixed32(UInt32(truncatingIfNeeded: Self.number($0))) }
            case 2:
                guard let content = varint().flatMap(take) else { return nil }
                let inner = depth > 0 && content.count > 1 ? WireMessage(content, depth: depth - 1) : nil
                value = inner.map(Value.message) ?? .bytes(content)
            default: value = nil
            }
            guard let value else { return nil }
            fields.append(Field(number: key >> 3, value: value))
        }
    }

    /// The message in its wire format.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for field in fields {
            switch field.value {
            case .varint(let value):
                Self.write(field.number << 3, to: &bytes)
                Self.write(value, to: &bytes)
            case .fixed64(let value):
                Self.write(field.number << 3 | 1, to: &bytes)
                withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
            case .fixed32(let value):
                Self.write(field.number << 3 | 5, to: &bytes)
                withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
            case .bytes(let content): Self.write(content, field.number, to: &bytes)
            case .message(let inner): Self.write(inner.bytes, field.number, to: &bytes)
            }
        }
        return bytes
    }

    private static func number(_ bytes: [UInt8]) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func write(_ content: [UInt8], _ number: UInt64, to bytes: inout [UInt8]) {
        write(number << 3 | 2, to: &bytes)
        write(UInt64(content.count), to: &bytes)
        bytes += content
    }

    private static func write(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
