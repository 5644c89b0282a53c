import Core
import Crypto
import Storage

/// The version of a dataset: a SHA-256 over its columns and the digests of its clean rows in order.
enum ContentVersion {
    static func compute(_ record: DatasetRecord, on connection: Connection) throws -> String {
        var digest = SHA256()
        for column in record.columns {
            digest.update(data: Array("\(column.column.name)\t\(column.column.kind.rawValue)\n".utf8))
        }
        try connection.forEach("SELECT row_hash FROM \(record.cleanTable) ORDER BY row_id") { row in
            var bytes = Array(try row.text(0).utf8)
            bytes.append(0x0A)
            digest.update(data: bytes)
        }
        return digest.finalize().hexadecimal
    }
}
