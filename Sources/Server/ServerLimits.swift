/// The named maxima of the composition root.
package enum ServerLimits {
    /// Longest drain after SIGTERM before what is left is cut off, in seconds.
    package static let drainSeconds = 30
    /// Largest manifest, in bytes.
    package static let manifestBytes = 1024 * 1024
    /// Most documents of one manifest file.
    package static let manifestDocuments = 100
    /// Longest name of a manifest's file, in bytes.
    package static let manifestNameBytes = 1024
    /// Most files of a model that an InferenceService names in a bucket or a folder.
    package static let enrolledFiles = 10_000
    /// Bytes from which a freed block of memory goes back to the system at once.
    package static let keptBlockBytes = 1024 * 1024
    /// Longest address of a model, in bytes.
    package static let modelLocationBytes = 4096
    /// Most datasets of a workspace whose quality is tested at a time.
    package static let qualityRuns = 4
    /// How often a server looks for new and deleted workspaces, in seconds.
    package static let stewardSeconds: Int64 = 1
}
