import Core
import Evaluations
import Tracking

/// Evaluations ask tracking which experiments there are.
enum EvaluationWiring {
    static func sources(tracking: TrackingStore) -> EvaluationSources {
        EvaluationSources(
            requireActive: { id in
                guard try await tracking.experiment(id).lifecycle == .active else {
                    throw MartletError(
                        .failedPrecondition,
                        "The experiment \(id) must be in the 'active' state. Current state is deleted."
                    )
                }
            },
            active: { ids in
                guard let ids else { return try await tracking.experiments().map(\.id) }
                var active: [String] = []
                for id in ids where try await isActive(id, tracking) { active.append(id) }
                return active
            }
        )
    }

    private static func isActive(_ id: String, _ tracking: TrackingStore) async throws -> Bool {
        do {
            return try await tracking.experiment(id).lifecycle == .active
        } catch let error as MartletError where error.code == .notFound {
            return false
        }
    }
}
