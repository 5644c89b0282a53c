package import Core

/// An access key and what belongs to it; its text never shows the secret parts.
package struct S3Credentials: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The public half, which names the key.
    package let accessKeyID: String
    /// The secret half, which signs.
    package let secretAccessKey: String
    /// The token of temporary credentials; nil for lasting ones.
    package let sessionToken: String?
    /// When temporary credentials end; nil for lasting ones.
    package let expires: Timestamp?

    /// Makes credentials from their parts.
    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expires: Timestamp? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expires = expires
    }

    package var description: String { "S3Credentials(\(accessKeyID.prefix(4))…)" }

    package var debugDescription: String { description }
}
