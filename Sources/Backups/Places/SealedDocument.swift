import Artifacts
import Core

/// A JSON document with the SHA-256 of itself, so that one that was altered or cut is known.
enum SealedDocument {
    /// The document as bytes: what it says, and the hash of that.
    static func bytes(_ content: JSONObject) -> [UInt8] {
        let document = JSONValue.object(content)
        let hash = ArtifactDigest(of: document.serialized()).sha256
        return JSONValue.object(["content": document, "sha256": .string(hash)]).prettyPrinted().utf8 + [10]
    }

    /// What the document says.
    ///
    /// - Throws: `dataLoss` naming the document when it is not what was written.
    static func content(_ bytes: [UInt8], name: String) throws(MartletError) -> JSONFields {
        let document: JSONValue
        do throws(MartletError) {
            document = try JSONValue.parse(bytes)
        } catch {
            throw MartletError(.dataLoss, "'\(name)' of the backups is damaged: it is no JSON document.", cause: error)
        }
        guard let content = document["content"]?.objectValue, let hash = document["sha256"]?.stringValue,
            ArtifactDigest(of: JSONValue.object(content).serialized()).sha256 == hash
        else { throw MartletError(.dataLoss, "'\(name)' of the backups is damaged: its checksum is wrong.") }
        return JSONFields(content)
    }
}
