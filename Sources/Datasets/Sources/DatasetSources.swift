package import Artifacts
import Core
package import Egress
import Storage

/// How sources that are not on this host are reached: the server gives its way out, its secrets and its buckets.
package struct DatasetSources: Sendable {
    /// An answer of an API, read to its end or to the limit.
    package struct Reply: Sendable {
        /// The status.
        package let status: Int
        /// The headers.
        package let headers: [(name: String, value: String)]
        /// The body.
        package let body: [UInt8]
        /// Whether the body is longer than what is here.
        package let isCut: Bool

        /// Makes an answer.
        package init(
            status: Int,
            headers: [(name: String, value: String)],
            body: [UInt8],
            isCut: Bool = false
        ) {
            self.status = status
            self.headers = headers
            self.body = body
            self.isCut = isCut
        }

        /// The first header of that name, whatever its case.
        func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    /// Asks an API.
    package var fetch: @Sendable (EgressRequest) async throws -> Reply
    /// The values of secrets by name.
    package var secrets: @Sendable ([String]) async throws -> [String: String]
    /// Opens an object, `s3://bucket/key`.
    package var object: @Sendable (String) async throws -> ArtifactBody
    /// The address of a database's host to connect to, held against the rules of what may be asked.
    package var address: @Sendable (_ host: String, _ port: Int) async throws -> String

    /// Nothing but files: every other kind of source is refused.
    package static let files = DatasetSources(
        fetch: { _ in throw Self.missing("An API") },
        secrets: { _ in throw Self.missing("A secret") },
        object: { _ in throw Self.missing("A bucket") },
        address: { _, _ in throw Self.missing("A database server") }
    )

    /// Ways that the server gives.
    package init(
        fetch: @escaping @Sendable (EgressRequest) async throws -> Reply,
        secrets: @escaping @Sendable ([String]) async throws -> [String: String],
        object: @escaping @Sendable (String) async throws -> ArtifactBody,
        address: @escaping @Sendable (String, Int) async throws -> String
    ) {
        self.fetch = fetch
        self.secrets = secrets
        self.object = object
        self.address = address
    }

    /// Ways through a client of the server's and a closure for the rest.
    package init(
        egress: EgressClient,
        secrets: @escaping @Sendable ([String]) async throws -> [String: String],
        object: @escaping @Sendable (String) async throws -> ArtifactBody
    ) {
        self.init(
            fetch: { request in
                let reply = try await egress.fetch(request)
                return Reply(
                    status: reply.status,
                    headers: reply.headers,
                    body: reply.body,
                    isCut: reply.isCut
                )
            },
            secrets: secrets,
            object: object,
            address: { host, port in
                let name = host.contains(":") ? "[\(host)]" : host
                let url = try EgressURL.parse("https://\(name):\(port)", what: "The database's address")
                guard let first = try await egress.addresses(of: url, what: "The database").first else {
                    throw MartletError(.unavailable, "The database's host has no address.")
                }
                return first.description
            }
        )
    }

    private static func missing(_ what: String) -> MartletError {
        MartletError(
            .failedPrecondition,
            "\(what) can only be read by the server; only files are read here."
        )
    }

    /// Opens the source of a dataset.
    func open(_ spec: DatasetSpec, _ source: DatasetSource, directory: String, clock: Clock)
        async throws
        -> any BlockSource
    {
        let declared = spec.columns.map(\.name)
        switch source.kind {
        case .file(let name):
            let file = try await BlockingWork.run { try SourceFile(file: name, below: directory) }
            return FileBlocks(
                source.isCompressed ? GzipSource(file) : file,
                source: source,
                declared: declared
            )
        case .object(let location):
            let file = try await download(location)
            return FileBlocks(
                source.isCompressed ? GzipSource(file) : file,
                source: source,
                declared: declared
            )
        case .http(let http):
            return HTTPBlocks(http, source: source, declared: declared, sources: self, clock: clock)
        case .sql(let sql): return try await SQLBlocks(sql, sources: self, directory: directory)
        }
    }

    /// Brings an object to this host, into a file without a name.
    private func download(_ location: String) async throws -> SourceFile {
        let body = try await object(location)
        guard body.size <= DatasetsLimits.objectBytes else {
            throw MartletError(
                .payloadTooLarge,
                "'\(location)' has \(body.size) bytes; at most \(DatasetsLimits.objectBytes) are read."
            )
        }
        let file = try SourceFile.temporary(name: location)
        for try await chunk in body.chunks {
            try Task.checkCancellation()
            try await BlockingWork.run { try file.append(chunk) }
        }
        return file
    }
}
