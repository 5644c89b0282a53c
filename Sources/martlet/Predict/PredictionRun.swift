package import Core

/// Predicts rows batch by batch; what fails in a batch is asked for again row by row, so that one bad row costs itself.
package struct PredictionRun {
    /// A row that failed.
    package struct Failure: Equatable {
        /// Its number, from 1.
        package let row: Int
        /// The server's reason.
        package let message: String
    }

    let model: String
    let wire: PredictionProtocol
    let batch: Int
    let send: (WireRequest) async throws -> WireAnswer
    let progress: (_ done: Int, _ all: Int) -> Void

    /// A run over any transport.
    package init(
        model: String,
        wire: PredictionProtocol,
        batch: Int,
        send: @escaping (WireRequest) async throws -> WireAnswer,
        progress: @escaping (_ done: Int, _ all: Int) -> Void
    ) {
        self.model = model
        self.wire = wire
        self.batch = batch
        self.send = send
        self.progress = progress
    }

    /// What is wrong with a number of rows in one request, for people; nil when nothing is.
    package static func problem(batch: Int) -> String? {
        (1...CommandLimits.predictedRowsAtOnce).contains(batch)
            ? nil : "must be between 1 and \(CommandLimits.predictedRowsAtOnce)."
    }

    /// Predicts all rows.
    ///
    /// - Throws: `unavailable` and `deadlineExceeded` when the server is away, which no other row would change.
    package func predict(_ rows: PredictionRows) async throws -> (predictions: [JSONValue?], failures: [Failure]) {
        var predictions: [JSONValue?] = []
        var failures: [Failure] = []
        let size = min(batch, wire.mostRows)
        for first in stride(from: 0, to: rows.rows.count, by: size) {
            let range = first..<min(first + size, rows.rows.count)
            do {
                predictions += try await ask(rows.slice(range)).map { $0 }
            } catch let error as MartletError where range.count > 1 && error.code != .unavailable {
                for row in range {
                    do {
                        predictions += try await ask(rows.slice(row..<row + 1)).map { $0 }
                    } catch let error as MartletError where error.code != .unavailable {
                        predictions.append(nil)
                        failures.append(Failure(row: row + 1, message: error.message))
                    }
                }
            } catch let error as MartletError where error.code != .unavailable && error.code != .deadlineExceeded {
                predictions.append(nil)
                failures.append(Failure(row: first + 1, message: error.message))
            }
            progress(range.upperBound, rows.rows.count)
        }
        return (predictions, failures)
    }

    private func ask(_ rows: PredictionRows) async throws -> [JSONValue] {
        let answer = try await send(try wire.request(model, rows))
        return try wire.predictions(answer, count: rows.rows.count)
    }

    /// The rows with their predictions behind them.
    package static func csv(_ rows: PredictionRows, _ predictions: [JSONValue?]) -> String {
        let width = rows.rows.first?.count ?? 0
        let columns = rows.columns.isEmpty ? (0..<width).map { "f\($0)" } : rows.columns
        let longest = predictions.map { $0?.arrayValue?.count ?? 1 }.max() ?? 1
        let added = longest == 1 ? ["prediction"] : (0..<longest).map { "prediction_\($0)" }
        var lines = [(columns + added).map(quoted).joined(separator: ",")]
        for (row, prediction) in zip(rows.rows, predictions) {
            let values = prediction.map { $0.arrayValue ?? [$0] } ?? []
            let cells = (0..<longest).map { $0 < values.count ? text(values[$0]) : "" }
            lines.append((row.map(text) + cells).map(quoted).joined(separator: ","))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A value as a cell.
    static func text(_ value: JSONValue) -> String {
        value == .null ? "" : value.stringValue ?? value.description
    }

    private static func quoted(_ cell: String) -> String {
        guard cell.contains(where: { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r\n" }) else { return cell }
        return "\"\(cell.replacing("\"", with: "\"\""))\""
    }
}
