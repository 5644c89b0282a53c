import Core

/// What an API server, or the way to it, answered instead of an object.
struct KubernetesFailure: Error, Equatable {
    /// The status; nil when there was no answer.
    let status: Int?
    /// What the server said.
    let message: String
    /// How long the server asks to wait, in seconds.
    var retryAfter: Int64?

    /// Whether asking again may help.
    var isPassing: Bool {
        guard let status else { return true }
        return status == 408 || status == 429 || status >= 500
    }

    /// The failure as it is reported.
    var error: MartletError {
        switch status {
        case nil: MartletError(.unavailable, "The Kubernetes API server cannot be reached: \(message)")
        case 401: MartletError(.unauthenticated, "The Kubernetes API server does not know this server: \(message)")
        case 403: MartletError(.permissionDenied, "The Kubernetes API server refuses: \(message)")
        case 404: MartletError(.notFound, "The Kubernetes API server does not find it: \(message)")
        case 409: MartletError(.alreadyExists, "The Kubernetes API server has it already: \(message)")
        case .some(let status) where status >= 500 || status == 429:
            MartletError(.unavailable, "The Kubernetes API server answers \(status): \(message)")
        case .some(let status):
            MartletError(.failedPrecondition, "The Kubernetes API server answers \(status): \(message)")
        }
    }
}
