/// The named maxima of Argo Workflows.
package enum ArgoLimits {
    /// Bytes of one rendered object: what a Kubernetes API server stores of one.
    package static let objectBytes = 1024 * 1024
    /// Characters of a name of Kubernetes, with room for what Argo appends.
    package static let nameCharacters = 50
    /// Characters of the name of a task or template.
    package static let taskCharacters = 100
    /// Bytes of an answer of an API server.
    package static let answerBytes = 32 * 1024 * 1024
    /// Bytes of one event of a watch.
    package static let eventBytes = 8 * 1024 * 1024
    /// Lines that are taken of one pod's log.
    package static let logLines = 10_000
    /// Bytes that are taken of one pod's log.
    package static let logBytes = 1024 * 1024
    /// Bytes of a kubeconfig, a token or a certificate.
    package static let credentialBytes = 1024 * 1024
    /// Questions in a row that may fail for a passing reason before a run is given up.
    package static let failures = 30
    /// Longest pause between two of them, in seconds.
    package static let longestPause: Int64 = 30
    /// How long one watch lasts before it is taken up again, in seconds.
    package static let watchSeconds: Int64 = 300
    /// Steps that pods may have the server do at once.
    package static let stepCalls = 16
    /// How often a pod that waits for a step is shown that the server lives, in seconds.
    package static let keepAliveSeconds: Int64 = 15
}
