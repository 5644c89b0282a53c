import Core
import Datasets
import Egress
import Foundation
import Synchronization

/// An API in memory: answers by a closure and remembers what it was asked.
final class PagedAPI: Sendable {
    typealias Answer = @Sendable (_ query: [String: String], _ asked: Int) throws -> DatasetSources.Reply

    private let answer: Answer
    private let asked = Mutex<[String]>([])
    private let headers = Mutex<[[String: String]]>([])

    init(_ answer: @escaping Answer) {
        self.answer = answer
    }

    /// The paths with their queries, in order.
    var requests: [String] { asked.withLock { $0 } }
    /// The headers of each request.
    var sentHeaders: [[String: String]] { headers.withLock { $0 } }

    /// Sources that reach this API, with one secret.
    var sources: DatasetSources {
        DatasetSources(
            fetch: { [self] request in
                let count = asked.withLock { asked in
                    asked.append(request.url.path)
                    return asked.count
                }
                headers.withLock { $0.append(Dictionary(request.headers.map { ($0.name, $0.value) }) { $1 }) }
                let items = URLComponents(string: request.url.text)?.queryItems ?? []
                var query = Dictionary(items.map { ($0.name, $0.value ?? "") }) { $1 }
                query[":path"] = String(request.url.path.prefix { $0 != "?" })
                return try answer(query, count)
            },
            secrets: { names in Dictionary(uniqueKeysWithValues: names.map { ($0, "s3cret-\($0)") }) },
            object: { _ in throw MartletError(.unimplemented, "no bucket") },
            address: { _, _ in throw MartletError(.permissionDenied, "no database") }
        )
    }

    static func json(_ value: JSONValue, status: Int = 200, _ headers: [(String, String)] = []) -> DatasetSources.Reply
    {
        DatasetSources.Reply(
            status: status,
            headers: [("Content-Type", "application/json")] + headers,
            body: value.serialized()
        )
    }

    /// `count` rows from a number on.
    static func rows(_ first: Int, _ count: Int) -> JSONValue {
        .array(
            (first..<first + max(0, count)).map {
                ["id": .int($0), "value": .number(Double($0) / 2), "ok": .bool($0 % 2 == 0)]
            }
        )
    }
}
