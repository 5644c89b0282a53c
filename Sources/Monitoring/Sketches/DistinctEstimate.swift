import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How many different texts there were, in 2 KB.
///
/// HyperLogLog (Flajolet, Fusy, Gandouet and Meunier 2007) with 2,048 registers: a standard error of 1.04 / √2048 = 2.3 %.
package struct DistinctEstimate: Sendable, Equatable {
    /// The standard error of an estimate, as a share of it.
    package static let standardError = 0.023
    private static let bits = 11
    private var registers = [UInt8](repeating: 0, count: 1 << bits)

    /// Nothing seen.
    package init() {}

    /// Takes the hash of a text.
    package mutating func add(_ hash: UInt64) {
        let register = Int(hash >> UInt64(64 - Self.bits))
        let rest = hash << UInt64(Self.bits)
        let rank = UInt8(min(rest.leadingZeroBitCount, 64 - Self.bits) + 1)
        if rank > registers[register] { registers[register] = rank }
    }

    /// The estimate; small numbers are counted by empty registers, which is nearly exact.
    package var value: Double {
        let count = Double(registers.count)
        var sum = 0.0
        var empty = 0
        for register in registers {
            sum += 1 / Double(UInt64(1) << UInt64(min(register, 63)))
            if register == 0 { empty += 1 }
        }
        let raw = 0.7213 / (1 + 1.079 / count) * count * count / sum
        return raw <= 2.5 * count && empty > 0 ? count * log(count / Double(empty)) : raw
    }

    /// A hash whose every bit depends on every byte: FNV-1a, then the finalizer of MurmurHash3.
    package static func hash(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
        hash = (hash ^ (hash >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        return hash ^ (hash >> 33)
    }
}

extension DistinctEstimate {
    func encode(into writer: inout BlobWriter) {
        for register in registers { writer.count(UInt64(register)) }
    }

    init(from reader: inout BlobReader) throws {
        for index in registers.indices { registers[index] = UInt8(try reader.count(upTo: 64)) }
    }
}
