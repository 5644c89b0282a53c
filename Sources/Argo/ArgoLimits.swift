/// The named maxima of Argo Workflows.
package enum ArgoLimits {
    /// Bytes of one rendered object.
    package static let objectBytes = 1024 * 1024
}
