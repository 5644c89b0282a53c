/// The named maxima of writing back to Git.
package enum GitOpsLimits {
    /// Largest YAML file that is edited, in bytes.
    package static let fileBytes = 1024 * 1024
}
