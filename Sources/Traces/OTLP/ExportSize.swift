/// Counts the messages of an export before any of them is made.
///
/// A message of two bytes becomes hundreds in memory: without this, a body within its limit could fill the machine.
package enum ExportSize {
    /// The messages that can hold further ones.
    private enum Kind {
        case export, resourceSpans, resource, scopeSpans, scope, span, event, link, keyValue, anyValue, array, list

        /// What a field of this message holds, if that is such a message; the numbers are those of the .proto files.
        func child(_ field: UInt64) -> Kind? {
            switch (self, field) {
            case (.export, 1): .resourceSpans
            case (.resourceSpans, 1): .resource
            case (.resourceSpans, 2): .scopeSpans
            case (.scopeSpans, 1): .scope
            case (.scopeSpans, 2): .span
            case (.span, 11): .event
            case (.span, 13): .link
            case (.resource, 1), (.scope, 3), (.span, 9), (.event, 3), (.link, 4), (.list, 1): .keyValue
            case (.keyValue, 2), (.array, 1): .anyValue
            case (.anyValue, 5): .array
            case (.anyValue, 6): .list
            default: nil
            }
        }
    }

    /// Whether there are at most so many messages; what is no protobuf counts as far as it can be read.
    package static func isAtMost(_ limit: Int, _ body: [UInt8]) -> Bool {
        body.withUnsafeBufferPointer { bytes in
            var count = 0
            var pending: [(kind: Kind, range: Range<Int>)] = [(.export, 0..<bytes.count)]
            while let (kind, range) = pending.popLast() {
                var position = range.lowerBound
                while position < range.upperBound {
                    guard let tag = varint(bytes, &position, range.upperBound) else { break }
                    guard let size = size(tag & 7, bytes, &position, range.upperBound),
                        size <= range.upperBound - position
                    else { break }
                    if tag & 7 == 2, let child = kind.child(tag >> 3) {
                        count += 1
                        guard count <= limit else { return false }
                        pending.append((child, position..<(position + size)))
                    }
                    position += size
                }
            }
            return true
        }
    }

    /// Bytes of a field's content by its wire type; nil if there is no such type or the length cannot be read.
    private static func size(
        _ type: UInt64,
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ position: inout Int,
        _ end: Int
    ) -> Int? {
        switch type {
        case 0: varint(bytes, &position, end).map { _ in 0 }
        case 1: 8
        case 2: varint(bytes, &position, end).flatMap { Int(exactly: $0) }
        // The beginning and the end of a group; what is between them is read like the rest.
        case 3, 4: 0
        case 5: 4
        default: nil
        }
    }

    private static func varint(_ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int, _ end: Int) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard position < end else { return nil }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 127) << shift
            if byte < 128 { return value }
        }
        return nil
    }
}
