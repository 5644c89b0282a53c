import Artifacts
import Core
import Datasets
import HTTPSupport
import HTTPTypes
import Hummingbird
import Learning
import Registry
import Runtimes
import Synchronization

/// `POST /api/martlet/v1/models/{name}/versions/{version}/explain`: why a version answers as it does.
struct ExplanationRoutes {
    private let desk: ExplanationDesk

    init(stores: Stores) {
        desk = ExplanationDesk(stores: stores)
    }

    func register(in routes: RouteTable) {
        let desk = desk
        routes.post(
            "/api/martlet/v1/models/{name}/versions/{version}/explain",
            permission: .read,
            errors: .martlet
        ) { request, context in
            let name = try context.parameters.require("name")
            let version = try context.parameters.require("version")
            let wantsPicture = request.headers[.accept]?.contains("image/svg+xml") ?? false
            let fields = try JSONFields(try await request.readJSON(limit: ExplanationLimits.requestBytes))
            let answer = try await desk.answer(name, version, fields)
            guard wantsPicture else {
                var json = answer.json
                if let svg = answer.svg { json["svg"] = .string(String(decoding: svg, as: UTF8.self)) }
                return .json(.object(json))
            }
            guard let svg = answer.svg else {
                throw MartletError(.invalidArgument, "A picture needs 'plot', such as beeswarm, bar or pdp.")
            }
            return .bytes(svg, contentType: "image/svg+xml")
        }
    }
}

/// Explains versions of registered models, a few at a time.
private final class ExplanationDesk: Sendable {
    private static let keys = ["rows", "dataset", "split", "target", "limit"]
    private let stores: Stores
    private let running = Mutex(0)

    init(stores: Stores) {
        self.stores = stores
    }

    func answer(_ name: String, _ version: String, _ fields: JSONFields) async throws -> ExplanationAnswer {
        try fields.rejectUnknown(ExplanationQuery.keys + Self.keys)
        let query = try ExplanationQuery(fields)
        let limit = Int(try fields.optionalInt("limit", in: 1...Int64(ExplanationLimits.rows)) ?? .max)
        let number = try await self.version(name, version)
        let isFree = running.withLock { running in
            guard running < ExplanationLimits.concurrent else { return false }
            running += 1
            return true
        }
        guard isFree else {
            throw MartletError(
                .resourceExhausted,
                "\(ExplanationLimits.concurrent) explanations are being computed already; try again when one is done."
            )
        }
        defer { running.withLock { $0 -= 1 } }
        let rows = try await self.rows(fields)
        let record = try await stores.registry.version(name, number)
        _ = try await stores.registry.admit(name, number)
        let path = try await stores.artifacts.localURL(record.artifactPath)
        let model = try await ExplainedModel.open(path)
        do {
            let explainer = ModelExplainer(model)
            let taken = try explainer.rows(
                rows.table,
                target: rows.target,
                classes: rows.classes,
                limit: min(limit, ModelExplainer.rowLimit(query.kind))
            )
            let answer = try await explainer.answer(query, taken)
            await model.close()
            var json: JSONObject = ["model": .string(name), "version": .int(number)]
            for (key, value) in answer.json.pairs { json[key] = value }
            return ExplanationAnswer(json: json, svg: answer.svg)
        } catch {
            await model.close()
            throw error
        }
    }

    /// A version by its number, or the one that an alias points to.
    private func version(_ name: String, _ text: String) async throws -> Int {
        if let number = Int(text), number > 0 { return number }
        return try await stores.registry.resolve(alias: text, of: name)
    }

    private func rows(_ fields: JSONFields) async throws -> (table: Table, target: String?, classes: [String]) {
        let target = try fields.optionalString("target")
        guard let dataset = try fields.optionalString("dataset") else {
            return (try Self.table(try fields.fields("rows")), target, [])
        }
        guard fields.value("rows") == nil else { throw fields.invalid("rows", "cannot be given beside 'dataset'") }
        let set = try await stores.datasets.rowSet(dataset, split: try fields.optionalString("split"))
        return (set.table, target ?? set.target?.column, target == nil ? set.target?.classes ?? [] : [])
    }

    /// Rows as `{"columns": […], "data": [[…], …]}`; null is missing.
    private static func table(_ fields: JSONFields) throws(MartletError) -> Table {
        try fields.rejectUnknown(["columns", "data"])
        let names = try fields.strings("columns")
        let data = try fields.array("data")
        var columns: [[JSONValue]] = names.map { _ in [] }
        for (index, row) in data.enumerated() {
            guard let cells = row.arrayValue, cells.count == names.count else {
                throw fields.invalid("data", "must hold rows of \(names.count) values; row \(index + 1) does not")
            }
            for (column, cell) in cells.enumerated() { columns[column].append(cell) }
        }
        var made: [Column] = []
        for (name, cells) in zip(names, columns) {
            if cells.contains(where: { $0.stringValue != nil }) {
                made.append(
                    Column(
                        name: name,
                        values: .strings(cells.map { $0 == .null ? nil : $0.stringValue ?? $0.description })
                    )
                )
                continue
            }
            let numbers = cells.map { cell -> Double? in
                if case .bool(let value) = cell { return value ? 1 : 0 }
                return cell == .null ? .nan : cell.doubleValue
            }
            guard numbers.allSatisfy({ $0 != nil }) else {
                throw fields.invalid("data", "holds something else than numbers and text in the column '\(name)'")
            }
            made.append(Column(name: name, values: .numbers(numbers.map { $0 ?? .nan })))
        }
        return try Table(columns: made)
    }
}
