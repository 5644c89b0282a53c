import Core
import Crypto
import CryptoExtras
import Foundation

/// What hashing a password costs (RFC 7914): memory 128·N·r bytes, time N·r·p.
package struct ScryptParameters: Sendable, Equatable {
    /// The binary logarithm of N.
    package let logN: Int
    /// The size of a block.
    package let r: Int
    /// How often the memory is filled.
    package let p: Int

    /// Makes parameters.
    package init(logN: Int, r: Int, p: Int) {
        self.logN = logN
        self.r = r
        self.p = p
    }

    /// 32 MiB and three passes, as OWASP's cheat sheet for password storage asks.
    package static let standard = ScryptParameters(logN: 15, r: 8, p: 3)

    /// Whether they are within what this server is willing to compute, whatever stands in the database.
    var isAcceptable: Bool {
        (4...20).contains(logN) && (1...32).contains(r) && (1...16).contains(p)
    }
}

/// A password's hash as it is stored: `$scrypt$ln=15,r=8,p=3$<salt>$<hash>`, in base64 without padding.
///
/// The parameters stand in it, so that they can be raised later without locking anybody out.
package struct PasswordHash: Sendable, Equatable {
    /// What it cost.
    package let parameters: ScryptParameters
    let salt: [UInt8]
    let hash: [UInt8]

    private static let saltBytes = 16
    private static let hashBytes = 32

    /// Hashes a password under a fresh salt; takes about a tenth of a second and 32 MiB.
    package init(of password: String, parameters: ScryptParameters) throws {
        let salt = SymmetricKey(size: SymmetricKeySize(bitCount: Self.saltBytes * 8)).withUnsafeBytes { Array($0) }
        self.parameters = parameters
        self.salt = salt
        hash = try Self.derive(password, salt, parameters)
    }

    /// Reads a stored hash; nil for anything else.
    package init?(stored: String) {
        let parts = stored.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { return nil }
        var numbers: [String: Int] = [:]
        for pair in parts[2].split(separator: ",", omittingEmptySubsequences: false) {
            let sides = pair.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2, numbers[String(sides[0])] == nil, let number = Int(sides[1]) else { return nil }
            numbers[String(sides[0])] = number
        }
        guard numbers.count == 3, let logN = numbers["ln"], let r = numbers["r"], let p = numbers["p"],
            let salt = Self.bytes(parts[3]), let hash = Self.bytes(parts[4]), salt.count == Self.saltBytes,
            hash.count == Self.hashBytes
        else { return nil }
        parameters = ScryptParameters(logN: logN, r: r, p: p)
        guard parameters.isAcceptable else { return nil }
        self.salt = salt
        self.hash = hash
    }

    /// What is stored.
    package var stored: String {
        "$scrypt$ln=\(parameters.logN),r=\(parameters.r),p=\(parameters.p)$\(Self.text(salt))$\(Self.text(hash))"
    }

    /// Whether a password is the one that was hashed; takes the same time for every wrong one.
    package func matches(_ password: String) throws -> Bool {
        let derived = try Self.derive(password, salt, parameters)
        // No early exit: where the two begin to differ must not be told by time.
        var difference: UInt8 = 0
        for (left, right) in zip(derived, hash) { difference |= left ^ right }
        return derived.count == hash.count && difference == 0
    }

    /// A hash that no password has, to be compared with when there is none: it takes as long as a real one.
    static func decoy(_ parameters: ScryptParameters) -> PasswordHash {
        PasswordHash(parameters: parameters)
    }

    private init(parameters: ScryptParameters) {
        self.parameters = parameters
        salt = [UInt8](repeating: 0x5A, count: Self.saltBytes)
        hash = []
    }

    private static func derive(_ password: String, _ salt: [UInt8], _ cost: ScryptParameters) throws -> [UInt8] {
        // The library traps on an empty password.
        guard !password.isEmpty else { throw MartletError(.invalidArgument, "The password is empty.") }
        let key = try KDF.Scrypt.deriveKey(
            from: Array(password.utf8),
            salt: salt,
            outputByteCount: hashBytes,
            rounds: 1 << cost.logN,
            blockSize: cost.r,
            parallelism: cost.p
        )
        return key.withUnsafeBytes { Array($0) }
    }

    private static func text(_ bytes: [UInt8]) -> String {
        String(Data(bytes).base64EncodedString().prefix { $0 != "=" })
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        let padding = String(repeating: "=", count: (4 - text.count % 4) % 4)
        return Data(base64Encoded: text + padding).map { Array($0) }
    }
}
