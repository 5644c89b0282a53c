import Artifacts
import Core
import HTTPSupport
import Hummingbird

/// Uploads in parts and downloads that go from the client to the object store itself, over addresses that we sign.
struct DirectTransferRoutes {
    let artifacts: any ArtifactStore
    /// Such as `/api/2.0/mlflow-artifacts`.
    let prefix: String

    func register(in routes: RouteTable) {
        let artifacts = artifacts
        upload(in: routes, "create") { transfers, fields, path in
            let count = try fields.optionalInt64("num_parts") ?? 1
            guard let parts = Int(exactly: count), parts > 0 else {
                throw fields.invalid("num_parts", .integer(count), "Value must be at least 1.")
            }
            let upload = try await transfers.beginUpload(path, parts: parts)
            let credentials = upload.addresses.enumerated().map { index, address -> JSONValue in
                ["url": .string(address), "part_number": .integer(Int64(index) + 1), "headers": [:]]
            }
            return ["upload_id": .string(upload.id), "credentials": .array(credentials)]
        }
        upload(in: routes, "complete") { transfers, fields, path in
            let id = try fields.string("upload_id")
            let sent = try fields.messages("parts")
            guard !sent.isEmpty else { throw fields.missing("parts") }
            var parts: [DirectPart] = []
            for part in sent {
                let number = try part.int64("part_number")
                parts.append(DirectPart(number: Int(clamping: number), tag: try part.string("etag")))
            }
            try await transfers.completeUpload(path, id: id, parts: parts)
            return [:]
        }
        upload(in: routes, "abort") { transfers, fields, path in
            try await transfers.abortUpload(path, id: fields.string("upload_id"))
            return [:]
        }
        let base = prefix + "/presigned"
        routes.get(base + "/**", permission: .read, errors: .mlflow) { request, _ in
            let path = try ArtifactRequestPath.path(ArtifactRequestPath.rest(request, after: base))
            guard let transfers = artifacts.direct else { throw Self.unsupported("download") }
            let download = try await transfers.download(path)
            return .json(["url": .string(download.address), "headers": [:], "file_size": .integer(download.size)])
        }
    }

    private typealias Step =
        @Sendable (any DirectTransfers, MLflowFields, ArtifactPath) async throws -> JSONObject

    /// Registers a step of an upload: the directory is in the address, the file's name in the body.
    private func upload(in routes: RouteTable, _ step: String, _ handle: @escaping Step) {
        let artifacts = artifacts
        let base = "\(prefix)/mpu/\(step)"
        for address in [base, base + "/**"] {
            routes.post(address, permission: .write, errors: .mlflow) { request, _ in
                let isNested = request.uri.path.hasPrefix(base + "/")
                let text = isNested ? try ArtifactRequestPath.rest(request, after: base) : ""
                let directory = try ArtifactRequestPath.directory(text)
                guard let transfers = artifacts.direct else { throw Self.unsupported("upload") }
                let body = try await request.readJSON(limits: .lenientNumbers)
                guard let object = body.objectValue else {
                    throw MartletError(.invalidArgument, "The request body must be a JSON object, but is \(body.kind).")
                }
                let fields = MLflowFields(object)
                // Clients send the path of the file on their machine; only its name matters.
                let name = try fields.string("path").split { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? ""
                let path = try ArtifactRequestPath.path(name, beneath: directory)
                return .json(.object(try await handle(transfers, fields, path)))
            }
        }
    }

    /// MLflow's words: its client falls back to the proxy when an answer begins with them.
    private static func unsupported(_ what: String) -> MartletError {
        MartletError(.unimplemented, "Multipart \(what) is not supported for the current artifact repository")
    }
}
