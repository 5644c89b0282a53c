import Core
import Sampling

/// A study for another process: one JSON object a line in, one out.
///
/// `{"do": "study", "space": {…}, "sampler": {…}}`, `{"do": "ask"}`, `{"do": "tell", "number": 0, "values": [1.5]}`.
struct SamplerConversation {
    private var study: Study?

    /// Answers lines until the input ends.
    static func run() {
        var conversation = SamplerConversation()
        while let line = readLine() {
            let answer: JSONObject
            do {
                answer = try conversation.answer(JSONFields(try JSONValue.parse(line)))
            } catch {
                answer = ["error": .string(MartletError.wrapping(error).message)]
            }
            print(JSONValue.object(answer).description)
            flushOutput()
        }
    }

    private mutating func answer(_ fields: JSONFields) throws -> JSONObject {
        switch try fields.string("do") {
        case "study":
            let space = try SearchSpace(json: try fields.optionalObject("space") ?? [:], path: "space")
            let directions = try fields.strings("directions").compactMap(Direction.init)
            let sampler = try SamplerSpec(try fields.fields("sampler"))
            try sampler.check(space, objectives: directions.count)
            study = Study(space: space, directions: directions, sampler: sampler.make())
            return [:]
        case "ask":
            guard let trial = try study?.ask(), let space = study?.history.space else { return ["error": "no study"] }
            return ["number": .int(trial.number), "params": .object(space.json(of: trial.values))]
        default:
            let values = try fields.array("values").map { $0.doubleValue ?? .nan }
            try study?.tell(Int(try fields.int("number")), values)
            return [:]
        }
    }
}
