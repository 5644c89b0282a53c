package import Core

/// A secret as everyone may see it who manages secrets: everything but its value.
package struct Secret: Sendable, Equatable {
    /// The name, unique in the workspace.
    package let name: String
    /// How often the value was set, from 1.
    package let version: Int64
    /// When it was made.
    package let createdAt: Timestamp
    /// Who made it.
    package let createdBy: String
    /// When the value was last set.
    package let updatedAt: Timestamp
    /// Who set it.
    package let updatedBy: String
    /// The id of the key that the value is encrypted with.
    package let keyID: String

    /// The secret as the API shows it.
    package var json: JSONValue {
        [
            "name": .string(name), "version": .integer(version), "created_at": .integer(createdAt.milliseconds),
            "created_by": .string(createdBy), "updated_at": .integer(updatedAt.milliseconds),
            "updated_by": .string(updatedBy), "key_id": .string(keyID),
        ]
    }
}
