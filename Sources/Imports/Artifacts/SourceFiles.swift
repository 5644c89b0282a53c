package import Artifacts
import Core

/// Reads the files of runs and logged models from wherever a source keeps them.
package struct SourceFiles: Sendable {
    /// The server that hands them out, if there is one.
    let server: RESTClient?

    /// The files at a place, and the names that are there but are no files that could be taken.
    ///
    /// - Throws: `failedPrecondition` for an unreachable place.
    package func list(_ place: SourcePlace) async throws -> (files: [SourceFile], refused: [String]) {
        switch place {
        case .nothing, .elsewhere: return ([], [])
        case .folder(let path):
            return try await BlockingWork.run { try LocalFolder.files(path, shown: "artifacts") }
        case .run, .loggedModel, .proxied:
            let files = try await RESTFiles(client: client()).list(place)
            return (files, [])
        case .unreachable(let reason): throw MartletError(.failedPrecondition, reason)
        }
    }

    /// Copies a file into a store.
    ///
    /// - Throws: `dataLoss` if it is not as long as the source said.
    package func copy(
        _ file: SourceFile,
        of place: SourcePlace,
        to store: any ArtifactStore,
        at path: ArtifactPath
    ) async throws -> ArtifactDigest {
        let digest: ArtifactDigest
        switch place {
        case .folder(let folder):
            let local = try LocalFile(path: folder + "/" + file.path, shown: file.path)
            digest = try await store.write(path, chunks: local.chunks)
        case .run, .loggedModel, .proxied:
            digest = try await RESTFiles(client: client()).copy(file, of: place, to: store, at: path)
        case .nothing, .elsewhere, .unreachable:
            throw MartletError(.notFound, "'\(file.path)' is not at the source.")
        }
        if let size = file.size, size != digest.size {
            throw MartletError(
                .dataLoss,
                "'\(file.path)' arrived with \(digest.size) bytes, but the source says \(size)."
            )
        }
        return digest
    }

    private func client() throws(MartletError) -> RESTClient {
        guard let server else { throw MartletError(.internal, "A file of a server is asked for without a server.") }
        return server
    }
}
