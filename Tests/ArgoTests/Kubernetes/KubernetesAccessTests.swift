import Argo
import Core
import Foundation
import Testing

/// Where the way to an API server is read from.
struct KubernetesAccessTests {
    private func withFile(_ name: String, _ text: String, _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/martlet-argo-\(Identifier.random())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        try body(folder)
    }

    private static func config(_ user: String, cluster: String = "server: https://10.0.0.1:6443/") -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: dev
        contexts: [{name: dev, context: {cluster: c, user: u, namespace: ml}}, {name: bare, context: {cluster: c}}]
        clusters: [{name: c, cluster: {\(cluster)}}]
        users: [{name: u, user: {\(user)}}]
        """
    }

    @Test func kubeconfigs() throws {
        let pem = Data("PEM".utf8).base64EncodedString()
        try withFile(
            "config",
            Self.config("token: abc", cluster: "server: https://k, certificate-authority-data: \(pem)")
        ) {
            let access = try KubernetesAccess.kubeconfig("\($0)/config")
            #expect(
                access
                    == KubernetesAccess(server: "https://k", authority: "PEM", identity: .token("abc"), namespace: "ml")
            )
            let bare = try KubernetesAccess.kubeconfig("\($0)/config", context: "bare")
            #expect(bare.identity == .anonymous && bare.namespace == "default")
        }
        try withFile("config", Self.config("client-certificate-data: \(pem), client-key-data: \(pem)")) {
            let access = try KubernetesAccess.kubeconfig("\($0)/config")
            #expect(access.identity == .certificate(chain: "PEM", key: "PEM"))
            #expect(access.server == "https://10.0.0.1:6443")
        }
        try withFile("config", Self.config("tokenFile: here/token")) {
            let access = try KubernetesAccess.kubeconfig("\($0)/config")
            #expect(access.identity == .tokenFile("\($0)/here/token"))
        }
    }

    @Test func refusals() throws {
        let cases = [
            (Self.config("exec: {command: aws}"), "'exec'"),
            (Self.config("client-certificate-data: UEVN"), "client-key"),
            (Self.config("token: x", cluster: "server: https://k, insecure-skip-tls-verify: true"), "insecure"),
            ("current-context: nobody", "'nobody'"), ("[1]", "mapping"), ("a: [", "YAML"),
        ]
        for (text, words) in cases {
            try withFile("config", text) { folder in
                do throws(MartletError) {
                    _ = try KubernetesAccess.kubeconfig("\(folder)/config")
                    Issue.record("It was taken: \(text)")
                } catch {
                    #expect(error.message.contains(words), "\(error.message)")
                }
            }
        }
        #expect(throws: MartletError.self) { try KubernetesAccess.kubeconfig("/nowhere/config") }
    }

    @Test func pods() throws {
        let outside = try KubernetesAccess.inCluster(environment: [:])
        #expect(outside == nil)
        let environment = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"]
        try withFile("token", "abc\n") { folder in
            #expect(throws: MartletError.self) {
                try KubernetesAccess.inCluster(environment: environment, directory: folder)
            }
            try "ml\n".write(toFile: "\(folder)/namespace", atomically: true, encoding: .utf8)
            try "PEM".write(toFile: "\(folder)/ca.crt", atomically: true, encoding: .utf8)
            let access = try KubernetesAccess.inCluster(environment: environment, directory: folder)
            #expect(
                access
                    == KubernetesAccess(
                        server: "https://[fd00::1]:443",
                        authority: "PEM",
                        identity: .tokenFile("\(folder)/token"),
                        namespace: "ml"
                    )
            )
        }
    }
}
