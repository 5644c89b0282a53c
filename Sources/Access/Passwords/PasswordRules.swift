package import Core

/// What a password may be (NIST SP 800-63B: length counts, composition does not).
package enum PasswordRules {
    /// Checks a new password.
    ///
    /// - Throws: `invalidArgument`, which never repeats it.
    package static func check(_ password: String, name: String) throws(MartletError) {
        let count = password.count
        guard count >= IdentityLimits.passwordMinimum, count <= IdentityLimits.passwordMaximum,
            password.utf8.count <= IdentityLimits.passwordBytes
        else {
            throw MartletError(
                .invalidArgument,
                "A password must have \(IdentityLimits.passwordMinimum) to \(IdentityLimits.passwordMaximum) characters."
            )
        }
        guard !password.utf8.contains(0) else {
            throw MartletError(.invalidArgument, "A password must not have NUL characters.")
        }
        let folded = password.lowercased()
        guard folded != name.lowercased(), Set(folded).count > 3 else {
            throw MartletError(
                .invalidArgument,
                "A password must not be the account's name, nor a few characters over and over."
            )
        }
        guard !password.hasPrefix(TokenSecret.prefix) else {
            throw MartletError(
                .invalidArgument,
                "A password must not begin with '\(TokenSecret.prefix)', as tokens do."
            )
        }
    }
}
