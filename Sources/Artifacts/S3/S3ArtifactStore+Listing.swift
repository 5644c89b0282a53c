import Core
import NIOHTTP1

/// One line of a bucket's listing.
struct S3Object: Sendable {
    let key: String
    let size: Int64
    let modified: Timestamp?
    let tag: String
}

/// One page of a bucket's listing.
struct S3Page: Sendable {
    var objects: [S3Object] = []
    var prefixes: [String] = []
    var next: String?
}

extension S3ArtifactStore {
    /// The entries of a directory, sorted by name; empty if it is missing or a file.
    ///
    /// - Throws: as the protocol says.
    package func list(_ path: ArtifactPath) async throws -> [ArtifactEntry] {
        let prefix = try prefix(path)
        var entries: [ArtifactEntry] = []
        var token: String?
        repeat {
            let page = try await page(path, prefix: prefix, delimited: true, token: token)
            for object in page.objects {
                guard let child = Self.child(of: path, object.key.dropFirst(prefix.count)) else { continue }
                entries.append(
                    ArtifactEntry(path: child, isDirectory: false, size: object.size, modified: object.modified)
                )
            }
            for directory in page.prefixes where directory.hasSuffix("/") {
                guard let child = Self.child(of: path, directory.dropFirst(prefix.count).dropLast()) else { continue }
                entries.append(ArtifactEntry(path: child, isDirectory: true, size: nil))
            }
            guard entries.count <= ArtifactsLimits.entries else { throw DiskArtifactStore.tooMany(path) }
            token = page.next
        } while token != nil
        return entries.sorted { $0.path.name < $1.path.name }
    }

    /// Every file beneath a directory, in the order of their paths.
    ///
    /// - Throws: as the protocol says.
    package func files(beneath path: ArtifactPath) async throws -> [ArtifactEntry] {
        var files: [ArtifactEntry] = []
        for (file, object) in try await objects(beneath: path) {
            files.append(ArtifactEntry(path: file, isDirectory: false, size: object.size, modified: object.modified))
        }
        return files.sorted { $0.path.description < $1.path.description }
    }

    /// What lies at a path, or nil.
    ///
    /// - Throws: as the protocol says.
    package func entry(_ path: ArtifactPath) async throws -> ArtifactEntry? {
        if path.isRoot { return ArtifactEntry(path: path, isDirectory: true, size: nil) }
        if let head = try await head(path) {
            return ArtifactEntry(path: path, isDirectory: false, size: head.size, modified: head.modified)
        }
        guard try await isDirectory(path) else { return nil }
        return ArtifactEntry(path: path, isDirectory: true, size: nil)
    }

    /// What the object at a path is.
    ///
    /// - Throws: as the protocol says.
    package func status(_ path: ArtifactPath) async throws -> ArtifactStatus {
        guard !path.isRoot, let head = try await head(path) else { throw try await absence(of: path) }
        return head
    }

    /// The files beneath a directory with what the listing says of them.
    func objects(beneath path: ArtifactPath) async throws -> [(path: ArtifactPath, object: S3Object)] {
        let prefix = try prefix(path)
        var found: [(path: ArtifactPath, object: S3Object)] = []
        var token: String?
        repeat {
            let page = try await page(path, prefix: prefix, delimited: false, token: token)
            for object in page.objects {
                guard let file = Self.descendant(of: path, object.key.dropFirst(prefix.count)) else { continue }
                found.append((file, object))
            }
            guard found.count <= ArtifactsLimits.entries else { throw DiskArtifactStore.tooMany(path) }
            token = page.next
        } while token != nil
        return found
    }

    /// Whether anything lies beneath a path.
    func isDirectory(_ path: ArtifactPath) async throws -> Bool {
        let page = try await page(path, prefix: prefix(path), delimited: false, token: nil, limit: 1)
        return !page.objects.isEmpty
    }

    /// What the object at a path is, or nil.
    func head(_ path: ArtifactPath) async throws -> ArtifactStatus? {
        let request = S3Request(method: .HEAD, key: try key(path), expected: [404])
        let answer = try await client.explaining(path) { try await client.exchange(request) }
        if answer.status == 404 { return nil }
        return try Self.status(answer.headers, path)
    }

    /// The error for a path at which there is no object.
    func absence(of path: ArtifactPath) async throws -> MartletError {
        var isDirectory = path.isRoot
        if !isDirectory { isDirectory = try await self.isDirectory(path) }
        guard !isDirectory else {
            return MartletError(.invalidArgument, "Artifact path refers to a directory, not a file: '\(path)'")
        }
        return MartletError(.notFound, "No such artifact: '\(path)'")
    }

    /// What the headers of an answer say about the object.
    static func status(_ headers: HTTPHeaders, _ path: ArtifactPath) throws(MartletError) -> ArtifactStatus {
        let whole = headers.first(name: "content-range").flatMap { $0.split(separator: "/").last }.flatMap { Int64($0) }
        let length = headers.first(name: "content-length").flatMap { Int64($0) }
        guard let size = whole ?? length, size >= 0 else {
            throw MartletError(.dataLoss, "The object store does not say how long artifact '\(path)' is.")
        }
        let tag = headers.first(name: "etag") ?? ""
        return ArtifactStatus(
            size: size,
            modified: headers.first(name: "last-modified").flatMap(S3Time.parse) ?? Timestamp(milliseconds: 0),
            tag: tag.filter { $0 != "\"" }
        )
    }

    /// One page of what begins with `prefix`.
    func page(
        _ path: ArtifactPath,
        prefix: String,
        delimited: Bool,
        token: String?,
        limit: Int = S3Limits.keysPerRequest
    ) async throws -> S3Page {
        var query: [SignatureV4.Field] = [(name: "list-type", value: "2"), (name: "max-keys", value: String(limit))]
        if !prefix.isEmpty { query.append((name: "prefix", value: prefix)) }
        if delimited { query.append((name: "delimiter", value: "/")) }
        if let token { query.append((name: "continuation-token", value: token)) }
        let request = S3Request(method: .GET, key: nil, query: query)
        let answer = try await client.explaining(nil) { try await client.answer(request) }
        guard answer.name == "ListBucketResult" else {
            throw MartletError(.dataLoss, "The object store answered a listing with something else.")
        }
        var page = S3Page()
        for content in answer.all("Contents") {
            guard let key = content.text("Key"), key.hasPrefix(prefix) else { continue }
            page.objects.append(
                S3Object(
                    key: key,
                    size: content.text("Size").flatMap { Int64($0) } ?? 0,
                    modified: content.text("LastModified").flatMap(S3Time.parse),
                    tag: content.text("ETag") ?? ""
                )
            )
        }
        page.prefixes = answer.all("CommonPrefixes").compactMap { $0.text("Prefix") }.filter { $0.hasPrefix(prefix) }
        if answer.text("IsTruncated") == "true" { page.next = answer.text("NextContinuationToken") }
        return page
    }

    private static func child(of path: ArtifactPath, _ name: Substring) -> ArtifactPath? {
        // The object whose key is the directory's own is a marker that some tools make.
        name.isEmpty ? nil : path.child(String(name))
    }

    static func descendant(of path: ArtifactPath, _ rest: Substring) -> ArtifactPath? {
        var result = path
        for name in rest.split(separator: "/", omittingEmptySubsequences: false) {
            guard let child = result.child(String(name)) else { return nil }
            result = child
        }
        return result
    }
}
