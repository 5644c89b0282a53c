import Core
import Runtimes

/// The answer of KServe V1's `:predict`.
enum V1Answer {
    /// `{"predictions":[…]}`, one element for each row.
    ///
    /// A model's own object with `predictions` in it is the answer as it stands.
    ///
    /// - Throws: `invalidArgument` for texts that are not UTF-8.
    static func write(_ response: InferenceResponse) throws(MartletError) -> [UInt8] {
        var writer = JSONWriter(capacity: 32 + response.outputs.count * 12)
        if case .json(let value) = response.content, value["predictions"] != nil {
            writer.value(value)
            return writer.bytes
        }
        writer.raw(#"{"predictions":"#)
        try PredictionsJSON.write(response, rowWise: true, to: &writer)
        writer.raw(0x7D)
        return writer.bytes
    }
}

extension JSONWriter {
    /// One element for each row: a number, or an array when a row has several outputs.
    mutating func rows(_ response: InferenceResponse) {
        let outputs = response.outputs
        let width = response.count == 0 ? 1 : outputs.count / response.count
        raw(0x5B)
        for row in 0..<response.count {
            if row > 0 { raw(0x2C) }
            if width == 1 {
                number(outputs[row])
                continue
            }
            raw(0x5B)
            for column in 0..<width {
                if column > 0 { raw(0x2C) }
                number(outputs[row * width + column])
            }
            raw(0x5D)
        }
        raw(0x5D)
    }
}
