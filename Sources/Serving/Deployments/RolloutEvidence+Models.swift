import Rollouts
import Runtimes

extension AnswerScale {
    /// How a model's answers are compared: by class where it tells classes apart, else as numbers.
    init(_ model: LoadedModel) {
        if model.classes.count > 1 {
            self = .classes(model.classes.count)
        } else {
            self = model.outputWidth > 1 ? .classes(model.outputWidth) : .numbers
        }
    }
}

extension RolloutSpec {
    /// The latency check whose threshold is fixed when the rollout begins: the rollout's own, or the first of a stage.
    var latency: LatencyCheck? { allChecks.lazy.compactMap(\.latency).first }
}

extension RolloutEvidence {
    /// Adds the answers that one side of the rollout gave to a request: class indexes, or numbers.
    func recordAnswers(_ side: TrafficArm, step: Int, _ content: ModelResult.Content, _ model: LoadedModel) {
        guard case .rows(let outputs, let count) = content, model.outputWidth > 0,
            outputs.count >= count * model.outputWidth
        else { return }
        recordAnswers(
            side,
            step: step,
            (0..<count).lazy.map { row in
                let answer = model.answer(outputs, row: row)
                return answer.classIndex.map { Double($0) } ?? Double(answer.score)
            }
        )
    }
}
