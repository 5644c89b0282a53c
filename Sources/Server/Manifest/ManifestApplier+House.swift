import Core
import Foundation
import Registry

extension ManifestApplier {
    /// The applier of a house.
    init(house: House, settings: ServerSettings) {
        let registry = house.stores.registry
        self.init(
            files: settings.files,
            steps: house.steps,
            datasets: house.stores.datasets,
            pipelines: house.pipelines,
            deployments: house.deployments,
            monitors: house.monitors,
            loops: house.loops,
            forecast: RolloutForecast(
                resolve: { model, alias in
                    try await Self.absent { try await registry.resolve(alias: alias, of: model) }
                },
                exists: { model, version in
                    try await Self.absent { try await registry.version(model, version) } != nil
                }
            ),
            enrolment: ModelEnrolment(
                registry: registry,
                tracking: house.stores.tracking,
                artifacts: house.stores.artifacts,
                files: settings.files,
                scratch: "\(settings.data)/scratch",
                environment: ProcessInfo.processInfo.environment,
                clock: house.clock
            )
        )
    }

    /// Nil for what is not there (yet).
    private static func absent<T>(_ body: () async throws -> T) async throws -> T? {
        do {
            return try await body()
        } catch let error as MartletError where error.code == .notFound || error.code == .invalidArgument {
            return nil
        }
    }
}
