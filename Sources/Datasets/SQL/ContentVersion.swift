import Core
import Crypto
import Storage

/// The version of a dataset: a SHA-256 over its columns and the digests of its clean rows in order.
enum ContentVersion {
    private static let page: Int64 = 5000

    static func compute(_ record: DatasetRecord, on connection: Connection) throws(MartletError) -> String {
        var digest = SHA256()
        for column in record.columns {
            digest.update(data: Array("\(column.column.name)\t\(column.column.kind.rawValue)\n".utf8))
        }
        var last: Int64 = 0
        while true {
            let rows = try connection.query(
                "SELECT row_id, row_hash FROM \(record.cleanTable) WHERE row_id > ? ORDER BY row_id LIMIT ?",
                [.integer(last), .integer(page)]
            )
            for row in rows {
                digest.update(data: Array("\(try row.text("row_hash"))\n".utf8))
                last = try row.int("row_id")
            }
            if rows.count < page { break }
        }
        return digest.finalize().hexadecimal
    }
}
