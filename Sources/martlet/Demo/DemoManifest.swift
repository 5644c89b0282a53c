import Core
import Foundation

/// The manifest that the demo applies and the names in it that the storyline follows.
struct DemoManifest: Sendable {
    /// The directory of the manifest.
    let directory: String
    /// Its text.
    let text: String

    let dataset = "breast-cancer"
    let training = "cancer-training"
    let wrong = "cancer-wrong"
    let model = "cancer"
    let alias = "production"
    let deployment = "cancer"
    let monitor = "cancer-drift"

    /// Reads `martlet.yaml` in a directory.
    ///
    /// - Throws: `notFound` naming the remedy.
    init(directory: String) throws(MartletError) {
        guard let bytes = FileManager.default.contents(atPath: "\(directory)/martlet.yaml") else {
            throw MartletError(
                .notFound,
                "There is no '\(directory)/martlet.yaml'; run 'martlet demo' where the examples folder lies, "
                    + "or name its place with --example."
            )
        }
        self.directory = directory
        text = String(decoding: bytes, as: UTF8.self)
    }
}
