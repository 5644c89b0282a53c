import Core

/// Tries inputs on a target and judges what becomes of them.
struct Trial: Sendable {
    private let check: FuzzTarget.Check
    private let memory: GuardedInput

    /// Longest message of an error, in bytes, beside twice the input: what a client sent is not multiplied.
    static let messageBytes = 2048

    /// Prepares a target.
    init(_ target: FuzzTarget) async throws {
        check = try await target.prepare()
        guard let memory = GuardedInput(longest: target.longest) else {
            throw MartletError(.resourceExhausted, "There is no memory for inputs.")
        }
        self.memory = memory
    }

    /// Tries one input.
    ///
    /// - Returns: a number for the way in which it was taken or refused.
    /// - Throws: `Violation` when a rule is broken.
    func run(_ input: [UInt8]) async throws(Violation) -> UInt64 {
        do {
            return try await check(memory.place(input)) &+ 1
        } catch let error as MartletError {
            guard error.code != .internal else {
                throw Violation("refused as a fault of the server: \(error)")
            }
            guard error.message.utf8.count <= Self.messageBytes + 2 * input.count else {
                throw Violation("a message of \(error.message.utf8.count) bytes: \(error.message.prefix(200))…")
            }
            return Self.skeleton(of: error.message)
        } catch let violation as Violation {
            throw violation
        } catch {
            throw Violation("an error without a meaning to clients: \(error)")
        }
    }

    /// A number for a message without what differs from input to input: digits and quoted texts.
    private static func skeleton(of message: String) -> UInt64 {
        var hash = Fingerprint()
        var isQuoted = false
        for byte in message.utf8.prefix(300) {
            if byte == UInt8(ascii: "'") { isQuoted.toggle() }
            guard !isQuoted, !(0x30...0x39).contains(byte) else { continue }
            hash.take(byte)
        }
        return hash.value
    }
}

/// FNV-1a, which is the same in every process.
struct Fingerprint {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Takes a byte in.
    mutating func take(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }

    /// Takes text in.
    mutating func take(_ text: some StringProtocol) {
        for byte in text.utf8 { take(byte) }
    }

    /// Takes a number in.
    mutating func take(_ number: some FixedWidthInteger) {
        for byte in withUnsafeBytes(of: number, Array.init) { take(byte) }
    }

    /// The fingerprint of a JSON value's structure: kinds, keys and coarse sizes.
    static func structure(of value: JSONValue) -> UInt64 {
        var print = Fingerprint()
        print.note(value, depth: 6)
        return print.value
    }

    private mutating func note(_ value: JSONValue, depth: Int) {
        take(value.kind)
        guard depth > 0 else { return }
        switch value {
        case .array(let elements):
            take(UInt8(truncatingIfNeeded: elements.count.leadingZeroBitCount))
            for element in elements.prefix(3) { note(element, depth: depth - 1) }
        case .object(let object):
            take(UInt8(truncatingIfNeeded: object.pairs.count.leadingZeroBitCount))
            for (_, member) in object.pairs.prefix(4) { note(member, depth: depth - 1) }
        case .string(let text): take(UInt8(truncatingIfNeeded: text.utf8.count.leadingZeroBitCount))
        default: break
        }
    }
}
