import Core
import Runtimes

/// The answer of `POST /predict`.
enum PredictAnswer {
    /// One row: `{"prediction":1,"label":"benign","probability":0.98,"drift_detected":false,"drift":{…},"model":…}`; several rows:
    /// `{"predictions":[{"prediction":…},…],"drift_detected":…}`.
    ///
    /// - Parameters:
    ///   - response: what the model answered.
    ///   - id: the request's id.
    ///   - isSingle: whether one row was sent as such.
    /// - Returns: the body.
    /// - Throws: `invalidArgument` for texts that are not UTF-8.
    static func write(
        _ response: InferenceResponse,
        id: String,
        isSingle: Bool = true
    ) throws(MartletError) -> [UInt8] {
        var writer = JSONWriter(capacity: 256 + response.count * 48)
        writer.raw(0x7B)
        if case .rows(let outputs, let count) = response.content {
            if isSingle, count == 1 {
                one(outputs, 0, response.loaded, &writer)
            } else {
                writer.raw(#""predictions":["#)
                for row in 0..<count {
                    if row > 0 { writer.raw(0x2C) }
                    writer.raw(0x7B)
                    one(outputs, row, response.loaded, &writer)
                    writer.raw(0x7D)
                }
                writer.raw(0x5D)
            }
        } else {
            writer.raw(#""predictions":"#)
            try PredictionsJSON.write(response, rowWise: true, to: &writer)
        }
        writer.raw(#","drift_detected":"#)
        writer.bool(response.driftDetected)
        if let finding = response.drift?.finding {
            writer.raw(#","drift":"#)
            writer.raw(finding.object)
        }
        writer.raw(#","model":"#)
        writer.string(response.loaded.model)
        writer.raw(#","model_version":""#)
        writer.raw(response.served.versionText.utf8)
        writer.raw(#"","deployment":"#)
        writer.string(response.served.deployment)
        writer.raw(#","request_id":"#)
        writer.string(id)
        writer.raw(0x7D)
        return writer.bytes
    }

    private static func one(_ outputs: [Float], _ row: Int, _ model: LoadedModel, _ writer: inout JSONWriter) {
        let answer = model.answer(outputs, row: row)
        writer.raw(#""prediction":"#)
        if let index = answer.classIndex {
            writer.integer(Int64(index))
            writer.raw(#","label":"#)
            writer.string(model.label(of: answer) ?? "")
            writer.raw(#","probability":"#)
        }
        writer.number(answer.score)
    }
}
