import Argo
import Core
import Pipelines

/// The cluster that runs pipelines with `executor: kubernetes`, as the environment names it.
enum ArgoWiring {
    /// The executors of whole pipelines.
    ///
    /// - Parameters:
    ///   - environment: `MARTLET_KUBECONFIG` and `MARTLET_KUBECONTEXT` name a cluster; without them it is the one that the
    ///     server runs in. `MARTLET_ARGO_…` say where things are.
    ///   - clock: the pauses.
    /// - Returns: the executor `kubernetes`, or nothing when there is no cluster.
    /// - Throws: `failedPrecondition` for a kubeconfig, certificate or key that cannot be used.
    static func delegates(
        environment: [String: String],
        clock: Clock
    ) throws(MartletError) -> [String: any RunDelegate] {
        guard var access = try access(environment) else { return [:] }
        func value(_ name: String) -> String? { environment["MARTLET_ARGO_\(name)"].flatMap { $0.isEmpty ? nil : $0 } }
        if let namespace = value("NAMESPACE") { access.namespace = namespace }
        var options = ArgoOptions()
        if let image = value("IMAGE") { options.image = image }
        if let server = value("SERVER") { options.server = server }
        options.tokenSecret = value("TOKEN_SECRET")
        if let secrets = value("SECRETS") { options.secrets = secrets }
        options.directory = value("DIRECTORY")
        options.serviceAccount = value("SERVICE_ACCOUNT")
        if let bucket = value("BUCKET") {
            var storage = ArgoOptions.Storage(bucket: bucket)
            storage.endpoint = value("ENDPOINT")
            storage.region = value("REGION")
            storage.secret = value("S3_SECRET")
            storage.isInsecure = value("INSECURE") == "true"
            options.storage = storage
        }
        return ["kubernetes": try ArgoDelegate(access: access, options: options, clock: clock)]
    }

    private static func access(_ environment: [String: String]) throws(MartletError) -> KubernetesAccess? {
        if let path = environment["MARTLET_KUBECONFIG"], !path.isEmpty {
            let context = environment["MARTLET_KUBECONTEXT"].flatMap { $0.isEmpty ? nil : $0 }
            return try KubernetesAccess.kubeconfig(path, context: context)
        }
        return try KubernetesAccess.inCluster(environment: environment)
    }
}
