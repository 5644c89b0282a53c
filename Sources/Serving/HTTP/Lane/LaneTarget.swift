/// What a request target asks for, of what the lane may answer; read without help of the router.
package enum LaneTarget: Equatable {
    /// `/predict`.
    case predict
    /// `/invocations`.
    case invocations
    /// `/v1/models/{name}:predict`.
    case v1(name: String)
    /// `/v2/models/{name}/infer` and `/v2/models/{name}/versions/{version}/infer`.
    case v2(name: String, version: Int?)

    /// Reads a target; nil for every other one, for a query and for names in percent encoding.
    package init?(_ target: UnsafeBufferPointer<UInt8>) {
        if Self.equal(target, "/predict") {
            self = .predict
        } else if Self.equal(target, "/invocations") {
            self = .invocations
        } else if let rest = Self.between(target, "/v1/models/", ":predict"), let name = Self.name(rest) {
            self = .v1(name: name)
        } else if let rest = Self.between(target, "/v2/models/", "/infer") {
            self.init(v2: rest)
        } else {
            return nil
        }
    }

    /// Reads `{name}` or `{name}/versions/{version}`.
    private init?(v2 rest: UnsafeBufferPointer<UInt8>) {
        guard let slash = rest.firstIndex(of: 0x2F) else {
            guard let name = Self.name(rest) else { return nil }
            self = .v2(name: name, version: nil)
            return
        }
        guard let name = Self.name(UnsafeBufferPointer(rebasing: rest[..<slash])),
            let digits = Self.between(UnsafeBufferPointer(rebasing: rest[slash...]), "/versions/", ""),
            let version = Self.number(digits)
        else { return nil }
        self = .v2(name: name, version: version)
    }

    private static func equal(_ bytes: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
        bytes.count == text.utf8CodeUnitCount && begins(bytes, text)
    }

    private static func begins(_ bytes: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
        guard bytes.count >= text.utf8CodeUnitCount else { return false }
        for index in 0..<text.utf8CodeUnitCount where bytes[index] != text.utf8Start[index] { return false }
        return true
    }

    /// What stands between a beginning and an end.
    private static func between(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ start: StaticString,
        _ end: StaticString
    ) -> UnsafeBufferPointer<UInt8>? {
        let (first, last) = (start.utf8CodeUnitCount, bytes.count - end.utf8CodeUnitCount)
        guard last >= first, begins(bytes, start),
            end.utf8CodeUnitCount == 0 || equal(UnsafeBufferPointer(rebasing: bytes[last...]), end)
        else { return nil }
        return UnsafeBufferPointer(rebasing: bytes[first..<last])
    }

    /// A deployment's name in plain letters, digits, `-`, `_` and `.`.
    private static func name(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        guard !bytes.isEmpty, bytes.count <= ServingLimits.nameBytes else { return nil }
        for byte in bytes {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: continue
            default: return nil
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A version of one to nine digits that does not begin with 0.
    private static func number(_ digits: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let first = digits.first, first != 0x30, digits.count <= 9 else { return nil }
        var value = 0
        for byte in digits {
            guard byte &- 0x30 < 10 else { return nil }
            value = value * 10 + Int(byte &- 0x30)
        }
        return value
    }
}
