package import Core

/// How a pipeline becomes objects of Argo Workflows.
package struct ArgoOptions: Sendable, Equatable {
    /// Which object is wanted.
    package enum Kind: String, Sendable, CaseIterable {
        /// A run: `kubectl create` starts it.
        case workflow
        /// A pipeline to be run by name.
        case template
        /// The pipeline at its times.
        case cron
    }

    /// Where artifacts are kept.
    package struct Storage: Sendable, Equatable {
        /// The bucket.
        package var bucket: String
        /// `host:port` of the store; nil for AWS.
        package var endpoint: String?
        /// The region.
        package var region: String?
        /// The Kubernetes Secret with the keys `accesskey` and `secretkey`; nil for the pod's own rights.
        package var secret: String?
        /// Whether the store speaks plain HTTP.
        package var isInsecure = false

        /// A bucket of AWS.
        package init(bucket: String) {
            self.bucket = bucket
        }
    }

    /// Which object is wanted.
    package var kind = Kind.workflow
    /// The namespace; nil leaves it to the client.
    package var namespace: String?
    /// The image of tasks that run commands and of steps, which need `martlet` in it.
    package var image = "martlet:\(ProductVersion.text)"
    /// Where steps find the server.
    package var server = "http://martlet:5000"
    /// The Kubernetes Secret with the token for it, under the key `token`; nil for a server that asks for none.
    package var tokenSecret: String?
    /// The Kubernetes Secret with the secrets that tasks name.
    package var secrets = "martlet-secrets"
    /// Where the pipeline's files lie in the image; nil when tasks need none.
    package var directory: String?
    /// Whom pods run as; nil for the namespace's default.
    package var serviceAccount: String?
    /// Where artifacts are kept; nil for the artifact repository that the cluster has.
    package var storage: Storage?
    /// The run that the workflow stands for, with its parameters: its name is made of it and starting twice makes one.
    package var run: Run?

    /// A run of Martlet that is handed over.
    package struct Run: Sendable, Equatable {
        /// Its id.
        package let id: String
        /// The values of its parameters.
        package let parameters: JSONObject
        /// The time that it is for.
        package let time: Timestamp

        /// Describes a run.
        package init(id: String, parameters: JSONObject, time: Timestamp) {
            self.id = id
            self.parameters = parameters
            self.time = time
        }
    }

    /// A workflow in the client's namespace.
    package init() {}
}
