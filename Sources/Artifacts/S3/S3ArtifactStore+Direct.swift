import Core
import NIOHTTP1

extension S3ArtifactStore: DirectTransfers {
    /// The transfers that bypass the server.
    package var direct: (any DirectTransfers)? { self }

    /// Begins an upload in parts and signs an address for each of them.
    ///
    /// - Throws: as the protocol says.
    package func beginUpload(_ path: ArtifactPath, parts: Int) async throws -> DirectUpload {
        guard (1...S3Limits.parts).contains(parts) else {
            throw MartletError(.invalidArgument, "An upload has 1 to \(S3Limits.parts) parts, not \(parts).")
        }
        let key = try key(path)
        try await refuseWhatIsInTheWay(of: path)
        let request = S3Request(method: .POST, key: key, query: [(name: "uploads", value: "")])
        let answer = try await client.explaining(path) { try await client.answer(request) }
        guard let id = answer.text("UploadId"), !id.isEmpty else {
            throw MartletError(.dataLoss, "The object store began an upload without naming it.")
        }
        var addresses: [String] = []
        for number in 1...parts {
            addresses.append(
                try await client.presigned(
                    .PUT,
                    key: key,
                    query: [(name: "partNumber", value: String(number)), (name: "uploadId", value: id)]
                )
            )
        }
        return DirectUpload(id: id, addresses: addresses)
    }

    /// Makes a file of the parts that arrived.
    ///
    /// - Throws: as the protocol says.
    package func completeUpload(_ path: ArtifactPath, id: String, parts: [DirectPart]) async throws {
        guard !parts.isEmpty, parts.count <= S3Limits.parts,
            parts.allSatisfy({ (1...S3Limits.parts).contains($0.number) && (1...256).contains($0.tag.utf8.count) })
        else {
            throw MartletError(.invalidArgument, "The parts of an upload need a part_number from 1 on and their etag.")
        }
        let list = parts.sorted { $0.number < $1.number }.map {
            "<Part><PartNumber>\($0.number)</PartNumber><ETag>\(S3XML.escaped($0.tag))</ETag></Part>"
        }
        let key = try key(path)
        do {
            _ = try await S3Completion.run(client, key: key, id: id, parts: list)
        } catch let failure as S3Failure where failure.code == "NoSuchUpload" {
            throw MartletError(.notFound, "No upload of '\(path)' is under way by this upload_id.", cause: failure)
        } catch let failure as S3Failure where failure.status == 400 || failure.code.hasPrefix("InvalidPart") {
            throw MartletError(
                .invalidArgument,
                "The object store refuses the parts of '\(path)' (\(failure.code)): send them again.",
                cause: failure
            )
        } catch {
            throw client.explained(error, path)
        }
    }

    /// Drops an upload and its parts; nothing happens if it is not under way.
    ///
    /// - Throws: as the protocol says.
    package func abortUpload(_ path: ArtifactPath, id: String) async throws {
        let request = S3Request(
            method: .DELETE,
            key: try key(path),
            query: [(name: "uploadId", value: id)],
            expected: [404]
        )
        _ = try await client.explaining(path) { try await client.exchange(request) }
    }

    /// Signs an address for downloading a file under its own name.
    ///
    /// - Throws: as the protocol says.
    package func download(_ path: ArtifactPath) async throws -> DirectDownload {
        let status = try await status(path)
        let disposition = "attachment; filename*=UTF-8''\(S3Encoding.component(path.name))"
        let address = try await client.presigned(
            .GET,
            key: try key(path),
            query: [(name: "response-content-disposition", value: disposition)],
            seconds: S3Limits.presignedDownloadSeconds
        )
        return DirectDownload(address: address, size: status.size)
    }
}
