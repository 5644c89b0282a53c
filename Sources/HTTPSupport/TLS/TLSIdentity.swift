package import Core
package import NIOSSL

/// A server's certificate with its chain and its key, checked to belong together.
package struct TLSIdentity: Sendable {
    /// For HTTP/1.1.
    package let http: NIOSSLContext
    /// For HTTP/2, which gRPC asks for by ALPN.
    package let http2: NIOSSLContext
    /// The names and addresses that the certificate is for, in lower case; a name may begin with `*.`.
    package let names: [String]
    /// When the certificate begins to hold.
    package let begins: Timestamp
    /// When the certificate ends.
    package let ends: Timestamp

    /// Reads PEM text: the chain with the server's certificate first, and its key.
    ///
    /// - Throws: `invalidArgument`, which says what is wrong but nothing of the key.
    package init(certificate: [UInt8], key: [UInt8]) throws(MartletError) {
        let chain: [NIOSSLCertificate]
        do { chain = try NIOSSLCertificate.fromPEMBytes(certificate) } catch {
            throw MartletError(.invalidArgument, "The certificate file is not PEM text of certificates.", cause: error)
        }
        guard let leaf = chain.first else {
            throw MartletError(.invalidArgument, "The certificate file has no certificate.")
        }
        guard chain.count <= TLSLimits.chain else {
            throw MartletError(.invalidArgument, "The certificate file has more than \(TLSLimits.chain) certificates.")
        }
        let secret: NIOSSLPrivateKey
        do {
            // Without a passphrase of ours the library would ask for one at the terminal.
            secret = try NIOSSLPrivateKey(bytes: key, format: .pem) { setter in setter([UInt8]()) }
        } catch {
            throw MartletError(
                .invalidArgument,
                "The key file is not an unencrypted private key in PEM text.",
                cause: error
            )
        }
        http = try Self.context(chain, secret, ["http/1.1"])
        http2 = try Self.context(chain, secret, ["h2"])
        names = Self.names(of: leaf)
        begins = Timestamp(milliseconds: Int64(leaf.notValidBefore) &* 1000)
        ends = Timestamp(milliseconds: Int64(leaf.notValidAfter) &* 1000)
    }

    private static func context(
        _ chain: [NIOSSLCertificate],
        _ key: NIOSSLPrivateKey,
        _ protocols: [String]
    ) throws(MartletError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = protocols
        do { return try NIOSSLContext(configuration: configuration) } catch {
            throw MartletError(.invalidArgument, "The key is not the certificate's key.", cause: error)
        }
    }

    private static func names(of certificate: NIOSSLCertificate) -> [String] {
        certificate._subjectAlternativeNames().compactMap { name in
            name.contents.withUnsafeBufferPointer { bytes in
                switch name.nameType {
                case .dnsName: String(decoding: bytes, as: UTF8.self).lowercased()
                case .ipAddress: PeerAddress(bytes)?.text
                default: nil
                }
            }
        }
    }

    /// What an operator should know of the certificate at a moment; nil when it is well.
    package func complaint(at now: Timestamp) -> String? {
        if now < begins { return "The TLS certificate is not valid before \(begins.iso8601)." }
        if now > ends { return "The TLS certificate ended at \(ends.iso8601): clients refuse it." }
        guard ends - now < .seconds(TLSLimits.warningDays * 86_400) else { return nil }
        return "The TLS certificate ends at \(ends.iso8601)."
    }
}
