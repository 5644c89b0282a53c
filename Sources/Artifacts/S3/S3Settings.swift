package import Core

/// Which bucket, where, and how it is addressed: `s3://bucket/prefix` and what the environment says.
package struct S3Settings: Sendable, Equatable {
    /// Where the bucket's name stands in an address.
    package enum Style: String, Sendable, CaseIterable {
        /// `https://host/bucket/key`: what most stores that are not Amazon's expect.
        case path
        /// `https://bucket.host/key`.
        case virtual
    }

    /// The bucket.
    package let bucket: String
    /// What every key begins with; no slash at its ends, empty for the whole bucket.
    package let prefix: String
    /// The region that requests are signed for.
    package let region: String
    /// `http` or `https`.
    package let scheme: String
    /// Host and port of the service, without the bucket.
    package let authority: String
    /// A path that comes before every key, as `/s3`; empty for most.
    package let basePath: String
    /// How the bucket is addressed.
    package let style: Style

    /// The scheme of locations in object stores.
    package static let locationScheme = "s3://"

    /// Reads a location, `s3://bucket` or `s3://bucket/prefix`, and the environment.
    ///
    /// The variables are `AWS_REGION` or `AWS_DEFAULT_REGION`; `MLFLOW_S3_ENDPOINT_URL`, `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`;
    /// `AWS_S3_ADDRESSING_STYLE` or `MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE`.
    ///
    /// `profileRegion` is the region of the profile in use, for when the environment names none.
    ///
    /// - Throws: `invalidArgument` naming the setting.
    package static func resolve(
        location: String,
        environment: [String: String],
        profileRegion: String? = nil
    ) throws(MartletError) -> S3Settings {
        func first(_ names: String...) -> (name: String, value: String)? {
            for name in names {
                if let value = environment[name], !value.isEmpty { return (name, value) }
            }
            return nil
        }
        let (bucket, prefix) = try parts(of: location)
        let region = first("AWS_REGION", "AWS_DEFAULT_REGION")?.value ?? profileRegion ?? "us-east-1"
        guard isName(region) else {
            throw MartletError(
                .invalidArgument,
                "The region '\(shown(region))' is not one: set AWS_REGION, as us-east-1."
            )
        }
        let wanted = try style(first("AWS_S3_ADDRESSING_STYLE", "MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE"))
        guard let endpoint = first("MLFLOW_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL") else {
            let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
            // A dot in the bucket's name would not match Amazon's certificate.
            return S3Settings(
                bucket: bucket,
                prefix: prefix,
                region: region,
                scheme: "https",
                authority: "s3.\(region).\(domain)",
                basePath: "",
                style: wanted ?? (bucket.contains(".") ? .path : .virtual)
            )
        }
        let address = try address(endpoint)
        return S3Settings(
            bucket: bucket,
            prefix: prefix,
            region: region,
            scheme: address.scheme,
            authority: address.authority,
            basePath: address.path,
            style: wanted ?? .path
        )
    }

    /// The host that answers for the bucket, as `Host` says it.
    package var host: String {
        style == .virtual ? "\(bucket).\(authority)" : authority
    }

    /// The path of a key, percent-encoded; nil is the bucket itself.
    package func path(_ key: String?) -> String {
        let bucketPath = style == .virtual ? basePath : "\(basePath)/\(bucket)"
        guard let key else { return bucketPath.isEmpty ? "/" : bucketPath }
        return "\(bucketPath)/\(S3Encoding.path(key))"
    }

    // MARK: - Reading

    private static func parts(of location: String) throws(MartletError) -> (bucket: String, prefix: String) {
        guard location.hasPrefix(locationScheme) else {
            throw MartletError(.invalidArgument, "The artifact location must be s3://bucket/prefix.")
        }
        let rest = location.dropFirst(locationScheme.count).split(separator: "/", omittingEmptySubsequences: false)
        let bucket = String(rest.first ?? "")
        guard (3...63).contains(bucket.utf8.count), isName(bucket) else {
            throw MartletError(
                .invalidArgument,
                "'\(shown(bucket))' is not the name of a bucket: 3 to 63 letters, digits, '-', '.' or '_'."
            )
        }
        let names = rest.dropFirst().filter { !$0.isEmpty }.map(String.init)
        guard !names.isEmpty else { return (bucket, "") }
        do {
            return (bucket, try ArtifactPath(validating: names.joined(separator: "/")).description)
        } catch {
            throw MartletError(.invalidArgument, "The prefix in '\(shown(location))' is not acceptable.", cause: error)
        }
    }

    private static func style(_ setting: (name: String, value: String)?) throws(MartletError) -> Style? {
        guard let setting, setting.value.lowercased() != "auto" else { return nil }
        guard let style = Style(rawValue: setting.value.lowercased()) else {
            throw MartletError(
                .invalidArgument,
                "\(setting.name) must be path, virtual or auto, not '\(shown(setting.value))'."
            )
        }
        return style
    }

    private static func address(
        _ setting: (name: String, value: String)
    ) throws(MartletError) -> (scheme: String, authority: String, path: String) {
        let refusal = MartletError(
            .invalidArgument,
            "\(setting.name) must be http://host:port or https://host, without user, query or fragment."
        )
        let halves = setting.value.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, ["http", "https"].contains(halves[0].lowercased()) else { throw refusal }
        let authority = halves[1].prefix { $0 != "/" }
        let path = halves[1].dropFirst(authority.count)
        let allowed = authority.utf8.allSatisfy { byte in
            isPlain(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "]")
        }
        guard !authority.isEmpty, allowed, path.utf8.allSatisfy({ isPlain($0) || $0 == UInt8(ascii: "/") }) else {
            throw refusal
        }
        let trimmed = path.split(separator: "/").joined(separator: "/")
        return (halves[0].lowercased(), authority.lowercased(), trimmed.isEmpty ? "" : "/" + trimmed)
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text != "." && text != ".." && text.utf8.allSatisfy(isPlain)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func shown(_ text: String) -> String {
        String(text.prefix(80).filter { $0.isASCII && !$0.isNewline })
    }
}
