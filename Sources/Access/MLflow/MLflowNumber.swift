import Crypto

/// The whole numbers by which MLflow's clients name users, roles and their permissions.
///
/// Here these have names; a number is made from the names and so is the same on every server and after every restart. It
/// has 53 bits, which JavaScript reads exactly.
enum MLflowNumber {
    /// The number of something.
    static func of(_ parts: String...) -> Int64 {
        // Lengths keep ("a", "bc") and ("ab", "c") apart.
        let text = parts.map { "\($0.utf8.count):\($0)" }.joined()
        let bytes = SHA256.hash(data: Array(text.utf8)).prefix(8)
        let word = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int64(word >> 11)
    }
}
