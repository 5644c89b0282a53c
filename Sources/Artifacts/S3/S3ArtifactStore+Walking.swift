import Core

extension S3ArtifactStore {
    /// Hands every file beneath a directory to `visit`, however many there are.
    ///
    /// - Throws: as the protocol says.
    package func walk(_ path: ArtifactPath, visit: (ArtifactEntry) async throws -> Void) async throws {
        let prefix = try prefix(path)
        var token: String?
        repeat {
            let page = try await page(path, prefix: prefix, delimited: false, token: token)
            for object in page.objects {
                guard let file = Self.descendant(of: path, object.key.dropFirst(prefix.count)) else { continue }
                try await visit(
                    ArtifactEntry(path: file, isDirectory: false, size: object.size, modified: object.modified)
                )
            }
            token = page.next
        } while token != nil
    }
}
