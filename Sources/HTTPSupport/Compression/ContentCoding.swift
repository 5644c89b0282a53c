package import Core

/// How a body is compressed on its way (RFC 9110, section 8.4.1).
package enum ContentCoding: String, Sendable, CaseIterable {
    case gzip
    case deflate

    /// The codings that `Content-Encoding` names, in the order in which they were applied.
    ///
    /// - Throws: `unsupportedMediaType` for one that is not known, or for more than `HTTPLimits.contentCodings`.
    package static func applied(_ header: String?) throws(MartletError) -> [ContentCoding] {
        guard let header else { return [] }
        var codings: [ContentCoding] = []
        for part in header.split(separator: ",") {
            let name = part.filter { $0 != " " && $0 != "\t" }.lowercased()
            if name.isEmpty || name == "identity" { continue }
            guard let coding = ContentCoding(rawValue: name == "x-gzip" ? "gzip" : name),
                codings.count < HTTPLimits.contentCodings
            else {
                throw MartletError(
                    .unsupportedMediaType,
                    "Content-Encoding '\(header.prefix(40))' is not supported; send gzip, deflate or nothing."
                )
            }
            codings.append(coding)
        }
        return codings
    }

    /// The coding that `Accept-Encoding` likes best of those there are; nil for none.
    ///
    /// Without the header, or when only `*` is named, an answer stays as it is: not every client that sends the star
    /// can unpack what it gets.
    package static func preferred(_ header: String?) -> ContentCoding? {
        guard let header else { return nil }
        var best: (coding: ContentCoding, quality: Double)?
        for part in header.split(separator: ",") {
            let pieces = part.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let name = pieces.first, let coding = ContentCoding(rawValue: name) else { continue }
            let weight = pieces.dropFirst().first { $0.hasPrefix("q=") }
            let quality = weight.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            if quality > 0, quality > best?.quality ?? 0 { best = (coding, quality) }
        }
        return best?.coding
    }

    /// Unpacks a body.
    ///
    /// - Throws: `invalidArgument` when it is not in the format, `payloadTooLarge` past `limit` bytes.
    package func decode(_ bytes: [UInt8], limit: Int) throws(MartletError) -> [UInt8] {
        do throws(Inflater.Failure) {
            switch self {
            case .gzip: return try Inflater.gunzip(bytes, limit: limit)
            case .deflate: return try Inflater.deflated(bytes, limit: limit)
            }
        } catch .tooLarge {
            throw MartletError(.payloadTooLarge, "The request body is larger than \(limit) bytes once unpacked.")
        } catch {
            throw MartletError(.invalidArgument, "The request body is not \(rawValue), as Content-Encoding says.")
        }
    }

    /// Packs a body; nil when zlib cannot.
    package func encode(_ bytes: [UInt8]) -> [UInt8]? {
        Deflater.compress(bytes, self == .gzip ? .gzip : .zlib)
    }
}
