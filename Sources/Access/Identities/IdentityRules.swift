package import Core
package import HTTPSupport

/// What names, texts and numbers of accounts, tokens and workspaces may be.
package enum IdentityRules {
    /// Checks the name of an account: letters, digits and `. _ @ + -`, the first a letter or digit.
    ///
    /// A colon would end the name in HTTP's Basic scheme, and a slash in a path.
    package static func checkAccountName(_ name: String) throws(MartletError) {
        let bytes = Array(name.utf8)
        let isGood =
            !bytes.isEmpty && bytes.count <= IdentityLimits.accountNameLength && isAlphanumeric(bytes[0])
            && bytes.allSatisfy { isAlphanumeric($0) || accountMarks.contains($0) }
        guard isGood else {
            throw MartletError(
                .invalidArgument,
                "'\(shown(name))' cannot be the name of an account: it must have 1 to "
                    + "\(IdentityLimits.accountNameLength) letters, digits and . _ @ + -, and begin with a letter or digit."
            )
        }
    }

    /// Checks the name of a workspace: lower-case letters, digits and inner hyphens.
    package static func checkWorkspaceName(_ name: String) throws(MartletError) {
        let bytes = Array(name.utf8)
        let lengths = IdentityLimits.workspaceNameMinimum...IdentityLimits.workspaceNameLength
        let isGood =
            lengths.contains(bytes.count) && bytes.first != 0x2D && bytes.last != 0x2D
            && bytes.allSatisfy { $0 == 0x2D || (isAlphanumeric($0) && !(0x41...0x5A).contains($0)) }
        guard isGood else {
            throw MartletError(
                .invalidArgument,
                "'\(shown(name))' cannot be the name of a workspace: it must have \(lengths.lowerBound) to "
                    + "\(lengths.upperBound) lower-case letters, digits and hyphens, with no hyphen at either end."
            )
        }
    }

    /// Checks a free text such as a description or the name of a token.
    package static func checkText(_ text: String, _ field: String, isRequired: Bool = true) throws(MartletError) {
        guard !isRequired || !text.isEmpty else {
            throw MartletError(.invalidArgument, "'\(field)' must not be empty.")
        }
        guard text.count <= IdentityLimits.textLength else {
            throw MartletError(
                .invalidArgument,
                "'\(field)' has \(text.count) characters; at most \(IdentityLimits.textLength) are allowed."
            )
        }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw MartletError(.invalidArgument, "'\(field)' must not have control characters.")
        }
    }

    /// Checks a rate in requests a second.
    package static func checkRate(_ rate: Double?, _ field: String) throws(MartletError) {
        guard let rate else { return }
        guard rate > 0, rate <= IdentityLimits.ratePerSecond else {
            throw MartletError(
                .invalidArgument,
                "'\(field)' must be more than 0 and at most \(IdentityLimits.ratePerSecond), but is \(rate)."
            )
        }
    }

    /// Checks the quota of a workspace.
    package static func check(_ quota: WorkspaceQuota) throws(MartletError) {
        try checkRate(quota.requestsPerSecond, "quota.requests_per_second")
        let counts = [
            ("storage_bytes", quota.storageBytes), ("concurrent_tasks", quota.concurrentTasks),
            ("model_memory_bytes", quota.modelMemoryBytes),
        ]
        for (field, count) in counts {
            guard count.map({ $0 >= 0 }) ?? true else {
                throw MartletError(.invalidArgument, "'quota.\(field)' must not be negative.")
            }
        }
    }

    /// The rights that can be given to a single thing.
    package static let grantable = PermissionSet([.read, .predict, .write, .operate, .admin])

    /// Checks a right to a single thing.
    package static func check(_ grant: ResourceGrant) throws(MartletError) {
        try checkText(grant.id, "id")
        guard !grant.id.dropLast().contains("*") else {
            throw MartletError(
                .invalidArgument,
                "'id' may have an asterisk at its end only, but is '\(shown(grant.id))'."
            )
        }
        guard !grant.permissions.isEmpty, grant.permissions.isSubset(of: grantable) else {
            let names = grantable.permissions.map(\.rawValue).joined(separator: ", ")
            throw MartletError(.invalidArgument, "'permissions' must name at least one of \(names), and nothing else.")
        }
    }

    /// What two names that differ in case only have in common.
    package static func key(_ name: String) -> String {
        name.lowercased()
    }

    /// A text as a message repeats it: without control characters, and cut.
    package static func shown(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.prefix(100).filter { $0.value >= 0x20 && $0.value != 0x7F })
        )
    }

    /// Whether a character may stand in the name of an account.
    static func isNameCharacter(_ scalar: Unicode.Scalar) -> Bool {
        guard let byte = UInt8(exactly: scalar.value) else { return false }
        return isAlphanumeric(byte) || accountMarks.contains(byte)
    }

    private static let accountMarks = Array("._@+-".utf8)

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
