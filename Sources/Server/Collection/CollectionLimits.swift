import Core

/// The named bounds of collecting what was deleted.
package enum CollectionLimits {
    /// How long deleted things are kept when nothing is said.
    package static let defaultAge: Duration = .seconds(30 * 24 * 3600)
    /// Files without an owner that are younger are left alone whatever is said: somebody may be uploading them.
    package static let youngestFile: Duration = .seconds(3600)
    /// Longest age that can be asked for, in milliseconds: a hundred years.
    package static let longestAgeMilliseconds: Int64 = 100 * 366 * 24 * 3600 * 1000
    /// Bytes of a request to collect.
    package static let requestBytes = 4096
    /// Versions that a deployment served and whose files are kept should it go back.
    package static let keptRevisions = 3
    /// Things that a report names.
    package static let namedThings = 200
}
