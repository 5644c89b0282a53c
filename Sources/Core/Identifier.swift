import Synchronization

/// Random identifiers: 128 bits from the system's generator, as 32 lower-case hexadecimal digits (MLflow's run-id form).
package enum Identifier {
    private static let digits = Array("0123456789abcdef".utf8)

    /// A fresh identifier; unique for all practical purposes.
    package static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return hexadecimal(generator.next(), generator.next())
    }

    private struct Sequence {
        var counter: UInt16 = 0
        var random: SeededGenerator

        init() {
            var system = SystemRandomNumberGenerator()
            random = SeededGenerator(seed: system.next())
        }
    }

    private static let sequence = Mutex(Sequence())

    /// A fresh identifier that sorts by the time it was made: 48 bits of milliseconds, 16 of a counter, 64 random ones.
    ///
    /// Keys of tables that grow by thousands of rows a second are of this kind: a random key would touch another page
    /// of the index for every row. It costs no system call for randomness; do not use it where it must be a secret.
    package static func timeOrdered(now: Timestamp = Clock.system.now) -> String {
        let (counter, low) = sequence.withLock { sequence -> (UInt16, UInt64) in
            sequence.counter &+= 1
            return (sequence.counter, sequence.random.next())
        }
        return hexadecimal(UInt64(bitPattern: now.milliseconds) << 16 | UInt64(counter), low)
    }

    /// Two 64-bit words as 32 digits, high word first.
    package static func hexadecimal(_ high: UInt64, _ low: UInt64) -> String {
        String(unsafeUninitializedCapacity: 32) { buffer in
            for index in 0..<32 {
                let word = index < 16 ? high : low
                let shift = UInt64(60 - (index % 16) * 4)
                buffer[index] = digits[Int((word >> shift) & 15)]
            }
            return 32
        }
    }

    /// Whether `text` is 32 lower-case hexadecimal digits.
    package static func isValid(_ text: String) -> Bool {
        text.utf8.count == 32 && text.utf8.allSatisfy { ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) }
    }
}
