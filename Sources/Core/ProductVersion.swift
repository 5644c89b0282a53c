/// The version of the product.
package enum ProductVersion {
    /// Semantic version (semver.org).
    package static let text = "0.1.0"
}
