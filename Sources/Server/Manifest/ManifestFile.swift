/// A manifest as a client sends it.
struct ManifestFile: Sendable {
    /// The text.
    let text: String
    /// The directory it lies in, from which its data files are named.
    var directory = "."
    /// What people call it; errors begin with it.
    var name = "martlet.yaml"
}
