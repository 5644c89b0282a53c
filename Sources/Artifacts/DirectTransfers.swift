/// Transfers between a client and the store itself, which bypass the server: of object stores only.
///
/// Whoever has one of the addresses may use it until it ends.
package protocol DirectTransfers: Sendable {
    /// Begins an upload in parts and signs an address for each of them.
    ///
    /// - Throws: `invalidArgument` past the store's number of parts or for a directory.
    func beginUpload(_ path: ArtifactPath, parts: Int) async throws -> DirectUpload

    /// Makes a file of the parts that arrived.
    ///
    /// - Throws: `notFound` for an upload that is not under way, `invalidArgument` for wrong parts.
    func completeUpload(_ path: ArtifactPath, id: String, parts: [DirectPart]) async throws

    /// Drops an upload and its parts; nothing happens if it is not under way.
    func abortUpload(_ path: ArtifactPath, id: String) async throws

    /// Signs an address for downloading a file under its own name.
    ///
    /// - Throws: `notFound` if nothing is there.
    func download(_ path: ArtifactPath) async throws -> DirectDownload
}

/// An upload in parts: its name at the store, and where its parts go, in their order.
package struct DirectUpload: Sendable, Equatable {
    /// The store's name for it.
    package let id: String
    /// Where each part is sent with PUT.
    package let addresses: [String]
}

/// A part that the store has taken.
package struct DirectPart: Sendable, Equatable {
    /// From 1 on.
    package let number: Int
    /// What the store answered as `ETag`.
    package let tag: String

    /// Makes a part.
    package init(number: Int, tag: String) {
        self.number = number
        self.tag = tag
    }
}

/// Where a file can be fetched from.
package struct DirectDownload: Sendable, Equatable {
    /// The signed address.
    package let address: String
    /// Bytes of the file.
    package let size: Int64
}
