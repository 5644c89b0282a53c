/// Maxima of the model registry, those of MLflow where clients know them; tested at the limit and one past it.
package enum RegistryLimits {
    /// Characters of a registered model's name.
    package static let nameCharacters = 256
    /// Characters of a tag's key.
    package static let tagKeyCharacters = 250
    /// Characters of a tag's value.
    package static let tagValueCharacters = 100_000
    /// Characters of an alias.
    package static let aliasCharacters = 255
    /// Characters of a description.
    package static let descriptionCharacters = 100_000
    /// Characters of a version's source.
    package static let sourceCharacters = 2048
    /// Tags in one request.
    package static let tags = 1000
    /// Results of one page of a search for models.
    package static let modelResults = 1000
    /// Results of one page of a search for models when nothing is asked for.
    package static let defaultModelResults = 100
    /// Results of one page of a search for versions.
    package static let versionResults = 200_000
    /// Models or versions whose tags and aliases are read at once.
    package static let batchRows = 200
    /// Files of a version whose checksums are recorded.
    package static let files = 2000
    /// Keys that a workspace knows, the revoked ones counted.
    package static let signingKeys = 100
    /// Characters of a key's name.
    package static let keyNameCharacters = 100
    /// Bytes of a key in PEM.
    package static let keyCharacters = 4096
    /// Bytes of a signature in base64.
    package static let signatureCharacters = 256
    /// Signatures that a policy may ask for.
    package static let policySignatures = 10
}
