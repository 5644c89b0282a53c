package import Core

/// Rendered objects, and what could not be said in them.
package struct ArgoRendering: Sendable, Equatable {
    /// The objects in the order in which they are to be created.
    package let objects: [JSONValue]
    /// What means something else there, or is left to the cluster, each with its place.
    package let warnings: [String]

    /// The objects as YAML, one document each.
    package var yaml: String {
        objects.map { "---\n" + YAMLText.write($0) }.joined()
    }
}

/// Takes down what cannot be expressed, while a pipeline is rendered.
final class ArgoNotes {
    private(set) var warnings: [String] = []

    func warn(_ text: String) {
        if !warnings.contains(text) { warnings.append(text) }
    }

    func refusal(_ place: String, _ why: String) -> MartletError {
        MartletError(.unimplemented, "'\(place)' cannot be expressed as an Argo workflow: \(why).")
    }
}
