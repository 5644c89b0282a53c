package import Core
import Foundation
import Yams

/// How an API server is reached: its address, who trusts whom, and the namespace.
package struct KubernetesAccess: Sendable, Equatable {
    /// Who asks.
    package enum Identity: Sendable, Equatable {
        /// Nobody in particular.
        case anonymous
        /// A token.
        case token(String)
        /// A file with a token, read again for each request: a cluster changes it while the server runs.
        case tokenFile(String)
        /// A certificate and its key, PEM.
        case certificate(chain: String, key: String)
    }

    /// `https://host:port`, without a slash at the end.
    package var server: String
    /// The certificates that are trusted, PEM; nil for the system's.
    package var authority: String?
    /// Who asks.
    package var identity: Identity
    /// The namespace of workflows.
    package var namespace: String

    /// Describes how an API server is reached.
    package init(server: String, authority: String? = nil, identity: Identity = .anonymous, namespace: String) {
        self.server = server.hasSuffix("/") ? String(server.dropLast()) : server
        self.authority = authority
        self.identity = identity
        self.namespace = namespace
    }

    /// Where a pod finds its service account.
    package static let accountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// The service account of the pod that the server runs in.
    ///
    /// - Parameters:
    ///   - environment: the process's environment.
    ///   - directory: where the account's files are.
    /// - Returns: nil outside a cluster.
    /// - Throws: `failedPrecondition` for files that are not what they should be.
    package static func inCluster(
        environment: [String: String],
        directory: String = accountDirectory
    ) throws(MartletError) -> KubernetesAccess? {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], let port = environment["KUBERNETES_SERVICE_PORT"],
            FileManager.default.fileExists(atPath: "\(directory)/token")
        else { return nil }
        let namespace = try text(of: "\(directory)/namespace", "the namespace of the service account")
        return KubernetesAccess(
            server: "https://\(host.contains(":") ? "[\(host)]" : host):\(port)",
            authority: try text(of: "\(directory)/ca.crt", "the certificate of the cluster"),
            identity: .tokenFile("\(directory)/token"),
            namespace: namespace.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? "default"
        )
    }

    /// Reads a kubeconfig: the named context, or the current one.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - context: a context's name; nil for the current one.
    /// - Returns: the access, in the context's namespace or `default`.
    /// - Throws: `failedPrecondition` naming what is missing; programs that make credentials (`exec`) are not run.
    package static func kubeconfig(_ path: String, context: String? = nil) throws(MartletError) -> KubernetesAccess {
        let config = try document(try text(of: path, "the kubeconfig"))
        let current = try context == nil ? config.string("current-context", "the kubeconfig") : ""
        let name = context ?? current
        let chosen = try config.named("contexts", name, "context")
        let cluster = try config.named("clusters", try chosen.string("cluster", "the context '\(name)'"), "cluster")
        guard cluster.node["insecure-skip-tls-verify"]?.bool != true else {
            throw invalid("the cluster is marked insecure-skip-tls-verify; give its certificate instead")
        }
        var found = Identity.anonymous
        if let user = chosen.node["user"]?.string {
            found = try identity(try config.named("users", user, "user"), folder(of: path))
        }
        return KubernetesAccess(
            server: try cluster.string("server", "the cluster"),
            authority: try cluster.pem("certificate-authority", folder(of: path)),
            identity: found,
            namespace: chosen.node["namespace"]?.string ?? "default"
        )
    }

    private static func folder(of path: String) -> String {
        URL(fileURLWithPath: path).deletingLastPathComponent().path
    }

    private static func identity(_ user: KubeconfigPart, _ folder: String) throws(MartletError) -> Identity {
        for key in ["exec", "auth-provider", "username"] where user.node[key] != nil {
            throw invalid("the user has '\(key)', which Martlet does not use; give it a token or a certificate")
        }
        if let file = user.node["tokenFile"]?.string { return .tokenFile(KubeconfigPart.place(file, folder)) }
        if let token = user.node["token"]?.string { return .token(token) }
        let chain = try user.pem("client-certificate", folder)
        let key = try user.pem("client-key", folder)
        switch (chain, key) {
        case (let chain?, let key?): return .certificate(chain: chain, key: key)
        case (nil, nil): return .anonymous
        default: throw invalid("the user needs both client-certificate and client-key")
        }
    }

    private static func document(_ text: String) throws(MartletError) -> KubeconfigPart {
        do {
            if let node = try Yams.compose(yaml: text), node.mapping != nil { return KubeconfigPart(node: node) }
        } catch {
            throw MartletError(.failedPrecondition, "The kubeconfig is no YAML.", cause: error)
        }
        throw invalid("it holds no mapping")
    }

    static func invalid(_ what: String) -> MartletError {
        MartletError(.failedPrecondition, "The kubeconfig cannot be used: \(what).")
    }

    /// The text of a file of credentials.
    static func text(of path: String, _ what: String) throws(MartletError) -> String {
        guard let data = FileManager.default.contents(atPath: path), data.count <= ArgoLimits.credentialBytes,
            let text = String(validating: data, as: UTF8.self)
        else {
            throw MartletError(
                .failedPrecondition,
                "The file with \(what) cannot be read, or is larger than \(ArgoLimits.credentialBytes) bytes."
            )
        }
        return text
    }
}

/// A mapping of a kubeconfig.
struct KubeconfigPart {
    let node: Node

    func string(_ key: String, _ place: String) throws(MartletError) -> String {
        guard let text = node[key]?.string, !text.isEmpty else {
            throw KubernetesAccess.invalid("\(place) has no '\(key)'")
        }
        return text
    }

    /// The inner mapping of an entry of a list of names.
    func named(_ list: String, _ name: String, _ noun: String) throws(MartletError) -> KubeconfigPart {
        for entry in node[list]?.sequence ?? [] where entry["name"]?.string == name {
            if let inner = entry[noun], inner.mapping != nil { return KubeconfigPart(node: inner) }
        }
        throw KubernetesAccess.invalid("it has no \(noun) '\(name)'")
    }

    /// PEM that stands there as Base64, or lies in a file.
    func pem(_ key: String, _ folder: String) throws(MartletError) -> String? {
        if let data = node["\(key)-data"]?.string {
            guard let bytes = Data(base64Encoded: data), let text = String(validating: bytes, as: UTF8.self) else {
                throw KubernetesAccess.invalid("'\(key)-data' is no Base64 of PEM")
            }
            return text
        }
        guard let file = node[key]?.string else { return nil }
        return try KubernetesAccess.text(of: Self.place(file, folder), "'\(key)'")
    }

    static func place(_ file: String, _ folder: String) -> String {
        file.hasPrefix("/") ? file : "\(folder)/\(file)"
    }
}
